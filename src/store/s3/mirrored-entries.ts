import { MAX_ENTRY_BYTES } from '../../core/ledger/entry.js';
import { sha256 } from '../../core/objects/hash.js';
import type { UnreadableEntry } from '../port/ledger-store.js';
import type { LedgerState } from './ledger-state.js';
import type { Mirror } from './mirror.js';
import { follows } from './segments.js';

/** Entries from the mirror, as far as the chain proves them, and from the service otherwise. */
export class MirroredEntries {
  readonly #mirror: Mirror;
  readonly #state: LedgerState;
  /** An entry as the service has it; it goes into the mirror. */
  readonly #fetch: (seq: number) => Promise<Uint8Array | undefined>;
  /** Called with each entry that is read. */
  readonly #onEntry: (bytes: Uint8Array) => void;
  /** The entry after the one that was read last. */
  #ahead: { readonly seq: number; readonly bytes: Uint8Array } | undefined;

  constructor(
    mirror: Mirror,
    state: LedgerState,
    fetch: (seq: number) => Promise<Uint8Array | undefined>,
    onEntry: (bytes: Uint8Array) => void,
  ) {
    this.#mirror = mirror;
    this.#state = state;
    this.#fetch = fetch;
    this.#onEntry = onEntry;
  }

  /** Keeps nothing in memory: the ledger is not the one that was read. */
  forget(): void {
    this.#ahead = undefined;
  }

  async read(seq: number): Promise<Uint8Array | UnreadableEntry | undefined> {
    const seen = await this.#state.load();
    const isKnown = seen !== undefined && seq <= seen.seq;
    // Nothing proves what is here of entries that were not followed yet.
    let bytes = isKnown ? await this.#entry(seq) : await this.#fetch(seq);
    if (bytes === undefined) return undefined;
    if (bytes.length > MAX_ENTRY_BYTES) return 'too large';
    if (seq === seen?.seq) {
      if (sha256(bytes) !== seen.hash) bytes = await this.#again(seq, bytes);
    } else if (isKnown) {
      // What follows proves it.
      const next = await this.#entry(seq + 1);
      this.#ahead = next && { seq: seq + 1, bytes: next };
      if (next === undefined || !follows(next, sha256(bytes))) bytes = await this.#again(seq, bytes);
    }
    this.#onEntry(bytes);
    return bytes;
  }

  async #entry(seq: number): Promise<Uint8Array | undefined> {
    if (this.#ahead?.seq === seq) return this.#ahead.bytes;
    return (await this.#mirror.entry(seq)) ?? this.#fetch(seq);
  }

  /** The chain breaks here: by a copy in the mirror that was changed, unless the service has the same. */
  async #again(seq: number, mirrored: Uint8Array): Promise<Uint8Array> {
    this.forget();
    const [there] = await Promise.all([this.#fetch(seq), this.#fetch(seq + 1)]);
    return there ?? mirrored;
  }
}
