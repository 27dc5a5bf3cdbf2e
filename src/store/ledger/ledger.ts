import type { Head } from '../../core/catalog/catalog.js';
import { decodeEntry, type LedgerEntry, MAX_ENTRY_BYTES } from '../../core/ledger/entry.js';
import { sha256 } from '../../core/objects/hash.js';
import { HsError } from '../../errors/hs-error.js';
import type { LedgerStore, UnreadableEntry } from '../port/ledger-store.js';

export interface ReadEntry {
  readonly entry: LedgerEntry;
  /** SHA-256 of the entry's exact bytes, the `prev` of the next entry. */
  readonly hash: Head['hash'];
}

export function brokenLedger(message: string): HsError {
  return new HsError('LEDGER_BROKEN', message, {
    hint: 'run hs ledger verify; restore the store from a copy',
  });
}

/** Message for an entry that exists but has no bytes. */
export function unreadable(why: UnreadableEntry): string {
  return why === 'too large' ? `larger than ${MAX_ENTRY_BYTES} bytes` : 'not a regular file';
}

function demandFollows({ seq, prev }: LedgerEntry, expected: Head['hash']): void {
  if (prev !== expected) {
    throw brokenLedger(`ledger entry ${seq} does not follow entry ${seq - 1}: the chain is broken`);
  }
}

/** The append-only, hash-chained sequence of entries, on any backend. */
export class Ledger {
  readonly #store: LedgerStore;
  /** Hash of format.json, the `prev` of entry 0. */
  readonly #genesis: Head['hash'];

  constructor(store: LedgerStore, genesis: Head['hash']) {
    this.#store = store;
    this.#genesis = genesis;
  }

  /** The highest entry number. LEDGER_BROKEN when one of the newest entries is missing. */
  headSeq(): Promise<number> {
    return this.#store.headSeq();
  }

  /** Makes the next look at the head see what others have appended, such as the entry `seen`. */
  refresh(seen?: number): void {
    this.#store.refresh(seen);
  }

  /** The same beside other work (`LedgerStore.assumeHead`). */
  assumeHead(): Promise<boolean> {
    return this.#store.assumeHead();
  }
  confirm(): Promise<void> {
    return this.#store.confirm();
  }

  async head(): Promise<Head> {
    const seq = await this.headSeq();
    return { seq, hash: sha256(await this.#bytes(seq)) };
  }

  async #bytes(seq: number): Promise<Uint8Array> {
    const found = await this.#store.read(seq);
    if (found === undefined) throw brokenLedger(`ledger entry ${seq} is missing`);
    if (typeof found === 'string') throw brokenLedger(`ledger entry ${seq} is ${unreadable(found)}`);
    return found;
  }

  /** Hash of an entry's bytes, or undefined when there is no entry of that number. */
  async hashAt(seq: number): Promise<Head['hash'] | undefined> {
    const found = await this.#store.read(seq);
    if (typeof found === 'string') throw brokenLedger(`ledger entry ${seq} is ${unreadable(found)}`);
    return found === undefined ? undefined : sha256(found);
  }

  /** Reads one entry and checks its form; `walk` checks its place in the chain. */
  async read(seq: number): Promise<ReadEntry> {
    const bytes = await this.#bytes(seq);
    let entry: LedgerEntry;
    try {
      entry = decodeEntry(bytes);
    } catch (e) {
      throw brokenLedger(`ledger entry ${seq} is not valid: ${(e as Error).message}`);
    }
    if (entry.seq !== seq) throw brokenLedger(`ledger entry ${seq} says that it is number ${entry.seq}`);
    return { entry, hash: sha256(bytes) };
  }

  /** The entries after `from` (by default all) up to the head, each checked against its predecessor. */
  async *walk(from?: Head, to?: number): AsyncGenerator<ReadEntry> {
    const last = to ?? (await this.headSeq());
    let prev = from?.hash ?? this.#genesis;
    for (let seq = (from?.seq ?? -1) + 1; seq <= last; seq++) {
      const read = await this.read(seq);
      demandFollows(read.entry, prev);
      prev = read.hash;
      yield read;
    }
  }

  /**
   * Publishes an entry at its number, under the lease with this token. False: another writer was first and nothing
   * changed. OUTCOME_UNKNOWN when the entry exists but may not be durable.
   */
  async append(entry: LedgerEntry, bytes: Uint8Array, lease: string): Promise<boolean> {
    return (await this.#store.append(entry, bytes, lease)) === 'appended';
  }

  /** Makes entry `seq` and all before it durable; `seq` must exist. */
  settle(seq: number): Promise<void> {
    return this.#store.settle(seq);
  }
}
