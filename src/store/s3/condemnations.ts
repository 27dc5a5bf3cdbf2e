import { parseCanonical } from '../../core/json/canonical.js';
import { checkPayload, decodeEntry, type LedgerEntry } from '../../core/ledger/entry.js';
import type { EntryPayload } from '../../core/ledger/entry-types.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { brokenLedger } from '../ledger/ledger.js';
import { parseContentKey } from './keys.js';
import type { RemoteContents } from './remote-contents.js';
import type { S3Ledger } from './s3-ledger.js';

const MAX_LIST_BYTES = 64 * 1024 * 1024;

/**
 * The keys that the ledger condemned. One is never named again, so that a PUT or DELETE of it may land at any time;
 * and nothing may rely on it once the entry is read.
 */
export class Condemnations {
  readonly #ledger: S3Ledger;
  /** Reads an object that an entry names. */
  readonly #readObject: (id: ObjectId, maxBytes: number) => Promise<Uint8Array>;
  readonly #lists = new Map<number, ReadonlySet<string>>();
  /** What was asked for last. */
  #open:
    | { readonly contents: RemoteContents; readonly epoch: number; readonly open: RemoteContents }
    | undefined;

  constructor(ledger: S3Ledger, readObject: (id: ObjectId, maxBytes: number) => Promise<Uint8Array>) {
    this.#ledger = ledger;
    this.#readObject = readObject;
  }

  /** The number of the newest condemnation up to the head as it is known: new keys are of this epoch. */
  get epoch(): number {
    return this.#ledger.state.epoch;
  }

  /** The keys condemned by an entry. */
  async list(seq: number): Promise<ReadonlySet<string>> {
    const known = this.#lists.get(seq);
    if (known !== undefined) return known;
    const bytes = await this.#ledger.read(seq);
    if (!(bytes instanceof Uint8Array)) throw brokenLedger(`ledger entry ${seq} is missing`);
    const { keys } = await this.#payloadOf(decodeEntry(bytes));
    const found = new Set(keys);
    this.#lists.set(seq, found);
    return found;
  }

  async #payloadOf(entry: LedgerEntry): Promise<EntryPayload<'objects_condemned'>> {
    if (entry.payload !== undefined) return entry.payload as EntryPayload<'objects_condemned'>;
    const bytes = await this.#readObject(entry.payload_object!, MAX_LIST_BYTES);
    return checkPayload('objects_condemned', parseCanonical(bytes, MAX_LIST_BYTES));
  }

  /** What is at keys that are not condemned: the rest is as good as gone. */
  async open(contents: RemoteContents): Promise<RemoteContents> {
    const { epoch } = this;
    if (epoch === 0) return contents;
    if (this.#open?.contents !== contents || this.#open.epoch !== epoch)
      this.#open = { contents, epoch, open: await contents.but((key) => this.has(key)) };
    return this.#open.open;
  }

  /** Whether an entry after `since` condemned the key; by default one after its epoch, before which none could. */
  async has(key: string, since = parseContentKey(key)?.epoch ?? 0): Promise<boolean> {
    for (const seq of this.#ledger.state.seen?.condemnations ?? []) {
      if (seq > since && (await this.list(seq)).has(key)) return true;
    }
    return false;
  }
}
