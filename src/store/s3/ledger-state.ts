import * as z from 'zod/mini';
import { canonicalBytes, parseCanonical } from '../../core/json/canonical.js';
import { natural, objectId } from '../../core/json/schema.js';
import { decodeEntry, type LedgerEntry } from '../../core/ledger/entry.js';
import { sha256 } from '../../core/objects/hash.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { isHsError } from '../../errors/hs-error.js';
import type { Mirror } from './mirror.js';

const NAME = 'ledger-state';
const MAX_BYTES = 16 * 1024 * 1024;
const CONDEMNS = Buffer.from('"type":"objects_condemned"');

const schema = z.strictObject({
  /** The newest entry that was seen, and the hash of its bytes. */
  seq: natural,
  hash: objectId,
  /** The entries up to it that condemn keys, ascending. */
  condemnations: z.array(natural),
  /** The condemnations up to this entry are carried out in the mirror. */
  cleaned: natural,
});
export type Seen = z.output<typeof schema>;

/** The entry, if it condemns keys. Bytes that are no entry condemn nothing: nothing can be appended after them. */
export function condemnationIn(bytes: Uint8Array): LedgerEntry | undefined {
  if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(CONDEMNS)) return undefined;
  try {
    const entry = decodeEntry(bytes);
    return entry.type === 'objects_condemned' ? entry : undefined;
  } catch (e) {
    if (isHsError(e, 'INVALID_RECORD')) return undefined;
    throw e;
  }
}

/** How far this machine has followed the ledger; kept with a checksum, and found again by reading when it is lost. */
export class LedgerState {
  readonly #mirror: Mirror;
  #seen: Seen | undefined;
  #isLoaded = false;
  #isKept = true;

  constructor(mirror: Mirror) {
    this.#mirror = mirror;
  }

  async load(): Promise<Seen | undefined> {
    if (this.#isLoaded) return this.#seen;
    this.#isLoaded = true;
    const bytes = await this.#mirror.sideFile(NAME);
    if (bytes === undefined) return undefined;
    const [text = '', sum] = Buffer.from(bytes).toString().split('\n');
    if (sum !== sha256(Buffer.from(text))) return undefined;
    try {
      const result = z.safeParse(schema, parseCanonical(Buffer.from(text), MAX_BYTES));
      this.#seen = result.success ? result.data : undefined;
    } catch (e) {
      if (!isHsError(e, 'INVALID_RECORD')) throw e;
    }
    return this.#seen;
  }

  /** As loaded and advanced since. */
  get seen(): Seen | undefined {
    return this.#seen;
  }

  /** The newest condemnation that was seen; entry 0 is the store's, so that 0 is none. */
  get epoch(): number {
    return this.#seen?.condemnations.at(-1) ?? 0;
  }

  /** Takes in the entry after the last one. */
  advance(seq: number, bytes: Uint8Array): void {
    const { condemnations = [], cleaned = 0 } = this.#seen ?? {};
    const condemns = condemnationIn(bytes) !== undefined;
    this.#seen = {
      seq,
      hash: sha256(bytes) as ObjectId,
      condemnations: condemns ? [...condemnations, seq] : condemnations,
      cleaned,
    };
    this.#isKept = false;
  }

  cleaned(seq: number): void {
    this.#seen = { ...this.#seen!, cleaned: seq };
    this.#isKept = false;
  }

  /** Takes an entry that is proven otherwise for the newest; nothing that follows from it is kept. */
  showUpTo(seq: number, hash: string): void {
    this.#seen = { seq, hash: hash as ObjectId, condemnations: [], cleaned: 0 };
  }

  /** The ledger is not the one that was seen: everything is read again. */
  reset(): void {
    this.#seen = undefined;
  }

  async keep(): Promise<void> {
    if (this.#isKept || this.#seen === undefined) return;
    this.#isKept = true;
    const text = canonicalBytes({ ...this.#seen });
    await this.#mirror.keepSideFile(NAME, Buffer.concat([text, Buffer.from(`\n${sha256(text)}`)]));
  }
}
