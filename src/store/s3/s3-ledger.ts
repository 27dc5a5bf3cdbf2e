import { createHash } from 'node:crypto';
import { type LedgerEntry, MAX_ENTRY_BYTES } from '../../core/ledger/entry.js';
import { sha256 } from '../../core/objects/hash.js';
import { HsError } from '../../errors/hs-error.js';
import { brokenLedger } from '../ledger/ledger.js';
import type { LedgerListing, LedgerStore, UnreadableEntry } from '../port/ledger-store.js';
import type { S3Client } from './client/s3-client.js';
import type { FirstLook } from './first-look.js';
import { entryKey, LEDGER, parseEntryKey } from './keys.js';
import { LedgerState, type Seen } from './ledger-state.js';
import type { Mirror } from './mirror.js';
import { MirroredEntries } from './mirrored-entries.js';
import { NewEntries, OVERLAP, overlapped } from './new-entries.js';
import { summarize } from './segments.js';

/**
 * Entry n is one object, put at its key if that is free. Entries are read once and then from the mirror; a listing
 * that is stale only costs a lost race.
 */
export class S3Ledger implements LedgerStore {
  readonly state: LedgerState;
  readonly #client: S3Client;
  protected readonly mirror: Mirror;
  readonly #new: NewEntries;
  readonly #entries: MirroredEntries;
  /** INTEGRITY when another store is at the place of this one. */
  readonly #demandSame: () => Promise<void>;
  /** What was asked while the store was opened; good for one look. */
  #first: FirstLook | undefined;
  /** Undefined: to be looked for. */
  #head: number | undefined;
  /** An entry that was there, and that a listing may not have yet. */
  #expected = -1;
  #looking: Promise<number> | undefined;
  /** The head as long as a look at what came after it is not waited for. */
  #assumed: Seen | undefined;

  constructor(
    client: S3Client,
    mirror: Mirror,
    /** Called with each entry that is read. */
    onEntry: (bytes: Uint8Array) => void,
    demandSame: () => Promise<void>,
    first: FirstLook | undefined,
  ) {
    this.#first = first;
    this.#demandSame = demandSame;
    this.#client = client;
    this.mirror = mirror;
    this.state = new LedgerState(mirror);
    this.#new = new NewEntries(client, mirror, this.state);
    this.#entries = new MirroredEntries(mirror, this.state, (seq) => this.#new.fetch(seq), onEntry);
  }

  async headSeq(): Promise<number> {
    return this.#assumed?.seq ?? this.#lookedFor();
  }

  async #lookedFor(began?: (known: Seen | undefined) => void): Promise<number> {
    if (this.#head !== undefined) return this.#head;
    this.#looking ??= this.#look(began).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  refresh(seen?: number): void {
    this.#head = undefined;
    this.#expected = seen ?? this.#expected;
  }

  async assumeHead(): Promise<boolean> {
    this.refresh();
    // A look that is under way is waited for by whoever began it, and soon over.
    if (this.#looking !== undefined) return false;
    const seen = await new Promise<Seen | undefined>((resolve, reject) => {
      // Once it began, its error is for whoever waits for its end.
      this.#lookedFor(resolve).catch(reject);
    });
    const mirrored = seen && (await this.mirror.entry(seen.seq));
    if (mirrored === undefined || sha256(mirrored) !== seen?.hash) return false;
    this.#assumed = seen;
    return true;
  }

  async confirm(): Promise<void> {
    if (this.#assumed === undefined) return;
    await this.#lookedFor();
    this.#assumed = undefined;
  }

  get isAssumed(): boolean {
    return this.#assumed !== undefined;
  }

  /** Reads every entry up to one that is said to be there, for its condemnations. */
  async followTo(seq: number): Promise<void> {
    const isBehind = () => (this.state.seen?.seq ?? -1) < seq;
    if (isBehind()) await this.confirm();
    if (!isBehind()) return;
    // A look that was under way may be too old.
    this.refresh(seq);
    await this.#lookedFor();
    if (isBehind()) throw brokenLedger(`entry ${seq} is missing`);
  }

  /** `began` is called with what is known before the newest entries are listed or read. */
  async #look(began?: (known: Seen | undefined) => void): Promise<number> {
    const seen = await this.state.load();
    const first = this.#first;
    this.#first = undefined;
    const { known, listed, offered, from } =
      seen === undefined ? await this.#new.lookAnew(first) : this.#new.lookBehind(seen.seq);
    began?.(this.state.seen);
    let last = overlapped(from);
    for await (const { key, etag } of listed) {
      const seq = parseEntryKey(key);
      if (seq === undefined) continue;
      if (seq === seen?.seq && !(await this.#isStill(seq, etag))) return this.#startOver();
      if (seq <= last) continue;
      await this.#demandAll(last + 1, seq);
      last = seq;
    }
    if (last < this.#expected && (await this.#client.get(entryKey(this.#expected))) !== undefined) {
      await this.#demandAll(last + 1, this.#expected);
      last = this.#expected;
    }
    if (last < known) {
      // A listing may be stale; the entry itself is not.
      if (await this.#isStill(known, '')) last = known;
      else return this.#startOver();
    }
    if (last < 0 && (await this.#client.get(entryKey(0))) !== undefined) last = 0;
    if (last < 0) throw brokenLedger('the ledger has no entries');
    // The first look was taken when the store was opened, which may be long ago.
    const [later] = await Promise.all([
      first && this.#client.get(entryKey(last + 1)),
      this.#new.follow(known + 1, last, offered),
    ]);
    if (later !== undefined) return this.#look();
    this.#head = last;
    return last;
  }

  /** LEDGER_BROKEN unless there are all entries before one that is there. A listing may be stale, an entry is not. */
  async #demandAll(first: number, seq: number): Promise<void> {
    for (let n = first; n < seq; n++) {
      if ((await this.#client.get(entryKey(n))) === undefined) {
        throw brokenLedger(`the ledger has a hole: entry ${n} is missing, and ${seq} is there`);
      }
    }
  }

  /** Whether the newest entry that was seen is there, and the same. */
  async #isStill(seq: number, etag: string): Promise<boolean> {
    const isSeen = (bytes: Uint8Array | undefined) =>
      bytes !== undefined && sha256(bytes) === this.state.seen?.hash;
    const mirrored = await this.mirror.entry(seq);
    // Named by the MD5 of its bytes, as on most services, it need not be read.
    if (isSeen(mirrored) && etag === `"${createHash('md5').update(mirrored!).digest('hex')}"`) return true;
    return isSeen(await this.#client.get(entryKey(seq)));
  }

  /** The ledger is not the one that was seen: it was rolled back, which the anchor shows, or is another store's. */
  async #startOver(): Promise<number> {
    await this.#demandSame();
    const { seq } = this.state.seen!;
    this.state.reset();
    this.#entries.forget();
    for (let n = Math.max(0, seq - OVERLAP); n <= seq; n++)
      await this.mirror.drop(this.mirror.layout.entry(n));
    return this.#look();
  }

  async read(seq: number): Promise<Uint8Array | UnreadableEntry | undefined> {
    if (this.#head !== undefined && seq > this.#head) return undefined;
    return this.#entries.read(seq);
  }

  async append(
    { seq, event_id }: Pick<LedgerEntry, 'seq' | 'event_id'>,
    bytes: Uint8Array,
  ): Promise<'appended' | 'taken'> {
    const own = Uint8Array.from(bytes);
    const outcome = await this.#client.putIfAbsent(entryKey(seq), own);
    if (outcome === 'unknown') {
      throw new HsError('OUTCOME_UNKNOWN', `entry ${seq} was sent, but the service gave no answer`, {
        hint: `later, look for event ${event_id} with: hs ledger cat`,
        details: { event_id, seq },
      });
    }
    if (outcome === 'taken') {
      this.refresh();
      return 'taken';
    }
    try {
      await this.#takeIn(seq, own);
    } catch (e) {
      if (!this.#client.isOutside(e)) throw e;
      // The entry is committed: what is wrong here is met by the next look.
      this.refresh();
    }
    return 'appended';
  }

  /** Follows an entry of this machine's own. */
  async #takeIn(seq: number, bytes: Uint8Array): Promise<void> {
    if (bytes.length <= MAX_ENTRY_BYTES) await this.mirror.keepEntry(seq, bytes);
    if (this.state.seen?.seq === seq - 1) {
      // At once: another call of this process reads what the state names.
      this.state.advance(seq, bytes);
      this.#head = seq;
      await this.state.keep();
    } else this.refresh();
    await summarize(this.#client, this.mirror, seq);
  }

  /** What the service has answered for is durable. */
  async settle(): Promise<void> {}

  async list(): Promise<LedgerListing> {
    const numbers: number[] = [];
    const strays: { path: string; why: string }[] = [];
    for await (const { key } of this.#client.list(LEDGER)) {
      const seq = parseEntryKey(key);
      if (seq === undefined) strays.push({ path: key, why: 'not an entry' });
      else numbers.push(seq);
    }
    return { numbers, strays };
  }

  nameOf(seq: number): string {
    return entryKey(seq);
  }
}
