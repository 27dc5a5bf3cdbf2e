import { MAX_ENTRY_BYTES } from '../../core/ledger/entry.js';
import { parallel } from '../../core/parallel.js';
import { brokenLedger } from '../ledger/ledger.js';
import type { S3Client } from './client/s3-client.js';
import type { ListedKey } from './client/s3-xml.js';
import type { FirstLook } from './first-look.js';
import { entryKey, LEDGER, parseEntryKey, SEGMENT_ENTRIES, TAIL } from './keys.js';
import type { LedgerState } from './ledger-state.js';
import type { Mirror } from './mirror.js';
import { listSegments, readSegments, tailLines } from './segments.js';

/** A look lists so many entries that are known, to notice that one of them is lost. */
export const OVERLAP = 64;
export const overlapped = (known: number) => Math.max(-1, known - OVERLAP);
/** They are small: more of them at once than of objects. */
const ENTRIES_AT_ONCE = 32;
const NOTHING = new Uint8Array();

/** What a look begins with. */
export interface Look {
  /** The last entry that is known. */
  readonly known: number;
  /** Keys behind `from`, and some before it. */
  readonly listed: AsyncIterable<ListedKey> | Iterable<ListedKey>;
  readonly from: number;
  /** What may be the entries after the known one, up to `from` at least. */
  readonly offered: readonly Uint8Array[];
}

/** How a machine comes to know entries: from the listing, and for many of them from what summarizes them. */
export class NewEntries {
  readonly #client: S3Client;
  readonly #mirror: Mirror;
  readonly #state: LedgerState;

  constructor(client: S3Client, mirror: Mirror, state: LedgerState) {
    this.#client = client;
    this.#mirror = mirror;
    this.#state = state;
  }

  #listBehind(known: number): AsyncIterable<ListedKey> {
    const last = overlapped(known);
    return this.#client.list(LEDGER, last < 0 ? undefined : entryKey(last));
  }

  lookBehind(known: number): Look {
    return { known, listed: this.#listBehind(known), from: known, offered: [] };
  }

  /**
   * The look of a machine that knows nothing. A ledger that one page lists has no segment; that of a longer one is
   * listed behind its segments and its tail while they are read.
   */
  async lookAnew(first: FirstLook | undefined): Promise<Look> {
    const [page, tail] = await Promise.all([first?.page, first?.tail ?? this.#client.get(TAIL)]);
    if (page?.isAll) return { known: -1, listed: page.keys, from: -1, offered: tailLines(tail, 0) };
    const segments = await (first?.segments ?? listSegments(this.#client));
    const end = segments.length * SEGMENT_ENTRIES - 1;
    const offered = tailLines(tail, end + 1);
    const from = end + offered.length;
    const behind: ListedKey[] = [];
    const list = async () => {
      for await (const found of this.#listBehind(from)) behind.push(found);
    };
    const read = readSegments(this.#client, this.#mirror, this.#state, segments);
    const [known] = await Promise.all([read, list()]);
    const isThere = offered.length === 0 || behind.some(({ key }) => parseEntryKey(key) === from);
    // Less than the end: a segment was not what the entries are.
    return known === end && isThere ? { known, listed: behind, from, offered } : this.lookBehind(known);
  }

  /** An entry as the service has it; it goes into the mirror. */
  async fetch(seq: number): Promise<Uint8Array | undefined> {
    const bytes = await this.#client.get(entryKey(seq));
    if (bytes !== undefined && bytes.length <= MAX_ENTRY_BYTES) await this.#mirror.keepEntry(seq, bytes);
    return bytes;
  }

  /**
   * Reads new entries, many at a time, and takes in what they condemn. `offered` are the first of them, a chain that
   * saves requests if its last one is the service's.
   */
  async follow(first: number, last: number, offered: readonly Uint8Array[]): Promise<void> {
    const bytes = new Map<number, Uint8Array>();
    const read = async (seq: number) => {
      const found = await this.fetch(seq);
      if (found === undefined) throw brokenLedger(`ledger entry ${seq} is missing`);
      bytes.set(seq, found);
    };
    const numbers = Array.from({ length: last - first + 1 }, (_, n) => first + n);
    const proof = first + offered.length - 1;
    const isOffered = (seq: number) => seq < proof && proof <= last;
    await parallel(
      numbers.filter((seq) => !isOffered(seq)),
      read,
      ENTRIES_AT_ONCE,
    );
    const isProven = Buffer.compare(bytes.get(proof) ?? NOTHING, offered.at(-1) ?? NOTHING) === 0;
    const take = async (seq: number) => {
      bytes.set(seq, offered[seq - first]!);
      await this.#mirror.keepEntry(seq, offered[seq - first]!);
    };
    await parallel(numbers.filter(isOffered), isProven ? take : read, ENTRIES_AT_ONCE);
    for (const seq of numbers) this.#state.advance(seq, bytes.get(seq)!);
    await this.#state.keep();
  }
}
