import type { Head } from '../../core/catalog/catalog.js';
import { OperationSequence } from '../../core/catalog/operation-sequence.js';
import type { ProgressSink } from '../../core/effects.js';
import { compact } from '../../core/json/omit-undefined.js';
import { decodeEntry, type LedgerEntry } from '../../core/ledger/entry.js';
import type { EntryPayload } from '../../core/ledger/entry-types.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { sha256 } from '../../core/objects/hash.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { UuidTable } from '../../core/objects/uuid-table.js';
import { decodePolicy, MAX_POLICY_BYTES } from '../../core/policy/policy.js';
import { isHsError } from '../../errors/hs-error.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';
import { encodeFormat } from '../port/format.js';
import type { Store } from '../store.js';
import { unreadable } from './ledger.js';
import type { LedgerProblem, LedgerProblemKind, LedgerVerdict } from './ledger-verdict.js';

/** One link of the chain; format.json comes before entry 0. */
interface Link {
  readonly seq: number;
  readonly hash: ObjectId;
  /** Undefined when the bytes are not an entry, or are one of another number. */
  readonly entry: LedgerEntry | undefined;
}

/** An object that is lost, an event that occurs twice and the anchor are no part of the chain. */
const LEAVES_THE_CHAIN_WHOLE: ReadonlySet<LedgerProblemKind> = new Set([
  'stray',
  'object',
  'duplicate',
  'rolled_back',
]);

class Verifier {
  readonly problems: LedgerProblem[] = [];
  readonly #store: Store;
  readonly #anchor: Head | undefined;
  readonly #signal: AbortSignal;
  readonly #events = new UuidTable();
  /** Entry of each event. */
  readonly #eventSeq: number[] = [];
  readonly #policies = new Set<ObjectId>();
  readonly #blamed = new Set<number>();
  /** Dropped at the first entry that cannot be folded. */
  #operations: OperationSequence | undefined;
  /** Two neighbours that do not fit; the next entry decides which of them changed. */
  #open: readonly [Link, Link] | undefined;
  #before: Link;

  constructor(store: Store, anchor: Head | undefined, operations: OperationSequence, signal: AbortSignal) {
    this.#store = store;
    this.#operations = operations;
    this.#signal = signal;
    this.#anchor = anchor;
    this.#before = { seq: -1, hash: sha256(encodeFormat(store.format)), entry: undefined };
  }

  /** Whether every entry could follow from those before it, so far. */
  get isFoldable(): boolean {
    return (
      this.#operations !== undefined && !this.problems.some(({ kind }) => !LEAVES_THE_CHAIN_WHOLE.has(kind))
    );
  }

  #path(seq: number): string {
    return this.#store.entries.nameOf(seq);
  }

  #report(kind: LedgerProblemKind, seq: number, message: string, object?: ObjectId): void {
    this.problems.push(compact({ kind, seq, path: this.#path(seq), message, object }));
    this.#blamed.add(seq);
  }

  #edited(link: Link, by: string): void {
    if (this.#blamed.has(link.seq)) return;
    if (link.seq >= 0) this.#report('edited', link.seq, `entry ${link.seq} was edited: ${by}`);
    else {
      const message = `format.json was edited: entry 0 follows other bytes`;
      this.problems.push({ kind: 'edited', path: 'format.json', message });
    }
  }

  /** Decides which of two neighbours changed; `vouched`: whether the next entry confirms the second. */
  #settle(vouched: boolean | undefined): void {
    if (this.#open === undefined) return;
    const [first, second] = this.#open;
    this.#open = undefined;
    if (this.#blamed.has(first.seq)) return;
    if (vouched === true) this.#edited(first, `entry ${second.seq} follows other bytes`);
    else if (vouched === undefined) {
      const message = `entry ${second.seq} does not follow entry ${first.seq}: one of the two was edited`;
      this.#report('unlinked', second.seq, message);
    }
  }

  #isAnchored(link: Link): boolean | undefined {
    return this.#anchor?.seq === link.seq ? this.#anchor.hash === link.hash : undefined;
  }

  async take(seq: number, bytes: Uint8Array): Promise<void> {
    const link: Link = { seq, hash: sha256(bytes), entry: await this.#decode(seq, bytes) };
    const before = this.#before;
    this.#before = link;
    if (before.seq !== seq - 1) {
      this.#settle(undefined);
      this.#operations = undefined;
    } else if (link.entry === undefined) this.#settle(this.#isAnchored(before));
    else {
      const fits = link.entry.prev === before.hash;
      this.#settle(fits);
      if (!fits) this.#open = [before, link];
    }
    if (link.entry !== undefined) await this.#checkContent(link.entry, link.hash);
    else this.#operations = undefined;
  }

  async #decode(seq: number, bytes: Uint8Array): Promise<LedgerEntry | undefined> {
    let entry: LedgerEntry;
    try {
      entry = decodeEntry(bytes);
    } catch (e) {
      if (!isHsError(e)) throw e;
      this.#report('invalid', seq, `entry ${seq} is not a valid entry: ${e.message}`);
      return undefined;
    }
    if (entry.seq === seq) return entry;
    const own = await this.#store.entries.read(entry.seq);
    if (typeof own === 'object' && sha256(own) === sha256(bytes)) {
      this.#report('duplicate', seq, `entry ${entry.seq} occurs twice: also as number ${seq}`);
    } else {
      this.#report('misplaced', seq, `number ${seq} contains entry ${entry.seq}: the order was changed`);
    }
    return undefined;
  }

  async #checkContent(entry: LedgerEntry, hash: ObjectId): Promise<void> {
    const { seq, event_id } = entry;
    const event = this.#events.add(event_id);
    const same = this.#eventSeq[event];
    if (same !== undefined) this.#report('duplicate', seq, `entry ${seq} repeats the event of entry ${same}`);
    this.#eventSeq[event] = seq;
    let payload: EntryPayload | undefined;
    try {
      payload = await this.#store.payloadOf(entry);
      if ('materialized_paths_object' in payload && payload.materialized_paths_object !== undefined) {
        const id = payload.materialized_paths_object;
        await this.#named(seq, `the list of paths of entry ${seq}`, id, async () => {
          for await (const _ of this.#store.objects.lend(id));
        });
      }
    } catch (e) {
      if (!isHsError(e)) throw e;
      const message = `cannot read the payload of entry ${seq}: ${e.message}`;
      this.#report('object', seq, message, entry.payload_object);
    }
    try {
      let contradiction: unknown;
      let index = 0;
      const policies: ObjectId[] = [];
      for await (const ops of this.#store.opsParts(entry)) {
        for (const op of ops) {
          if (op.op === 'set_policy') policies.push(op.policy);
          contradiction ??= this.#contradiction(entry, op, index++);
        }
        await yieldToEvents();
        this.#signal.throwIfAborted();
      }
      // Only now are their bytes known to be those that the entry names.
      for (const id of policies) await this.#checkPolicy(seq, id);
      if (contradiction !== undefined) throw contradiction;
      this.#operations?.finish(entry, hash, payload);
    } catch (e) {
      if (!isHsError(e)) throw e;
      this.#operations = undefined;
      if (e.code === 'LEDGER_BROKEN') this.#report('contradiction', seq, e.message);
      else {
        const message = `cannot read the operations of entry ${seq}: ${e.message}`;
        this.#report('object', seq, message, entry.ops_object);
      }
    }
  }

  #contradiction(entry: LedgerEntry, op: LedgerOp, index: number): unknown {
    try {
      this.#operations?.apply(entry, op, index);
      return undefined;
    } catch (e) {
      return e;
    }
  }

  /** The same policy may be set repeatedly. */
  async #checkPolicy(seq: number, id: ObjectId): Promise<void> {
    if (this.#policies.has(id)) return;
    this.#policies.add(id);
    await this.#named(seq, `the policy that entry ${seq} set`, id, async () => {
      decodePolicy(await this.#store.objects.read(id, MAX_POLICY_BYTES));
    });
  }

  /** Reports an object named by an entry that cannot be read. */
  async #named(seq: number, what: string, id: ObjectId, read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (e) {
      if (!isHsError(e)) throw e;
      this.#report('object', seq, `cannot read ${what}: ${e.message}`, id);
    }
  }

  finish(): Head | undefined {
    const last = this.#before;
    this.#settle(this.#isAnchored(last));
    return last.seq < 0 ? undefined : { seq: last.seq, hash: last.hash };
  }

  /** Compares with the anchor. A different hash at that number in an intact chain means that the ledger diverged. */
  async compare(head: Head | undefined): Promise<LedgerVerdict['anchor']> {
    const anchor = this.#anchor;
    if (anchor === undefined) return 'none';
    const now = await this.#store.entries.read(anchor.seq);
    if (typeof now === 'object' && sha256(now) === anchor.hash) return 'matches';
    if (now === undefined) {
      const message = `entry ${anchor.seq} was seen before and is missing: the ledger was truncated or rolled back`;
      this.problems.push({ kind: 'rolled_back', seq: anchor.seq, message });
    } else if (!this.#blamed.has(anchor.seq)) {
      const edited = anchor.seq === head?.seq ? 'it was edited, or ' : '';
      const message = `entry ${anchor.seq} is not the one that was seen before: ${edited}the ledger was rolled back and continued differently`;
      this.#report(edited === '' ? 'rolled_back' : 'edited', anchor.seq, message);
    }
    return 'differs';
  }
}

/** The gaps in the entry numbers from 0 to the highest, as `[first, last]`. */
function holes(numbers: readonly number[]): (readonly [first: number, last: number])[] {
  const found: (readonly [number, number])[] = [];
  let expected = 0;
  for (const n of numbers) {
    if (n > expected) found.push([expected, n - 1]);
    expected = n + 1;
  }
  return found;
}

/**
 * Verifies the whole ledger and reports precisely what is wrong (F3): numbers, chain, the form, payload and
 * operations of each entry, stray names, the fold, and the anchor. Throws only when the disk fails.
 */
export async function verifyLedger(
  store: Store,
  progress: ProgressSink,
  signal: AbortSignal,
): Promise<LedgerVerdict> {
  return (await examineLedger(store, progress, signal)).verdict;
}

/** The same, and whether the ledger can be folded: `operations` were then given all of it. */
export async function examineLedger(
  store: Store,
  progress: ProgressSink,
  signal: AbortSignal,
  operations = new OperationSequence(),
): Promise<{ readonly verdict: LedgerVerdict; readonly isFoldable: boolean }> {
  // Read before the listing: entries appended meanwhile are then beyond both.
  const anchor = await store.anchor.look();
  const { numbers, strays } = await store.entries.list();
  const verifier = new Verifier(store, anchor === 'lost' ? undefined : anchor, operations, signal);
  const { problems } = verifier;
  for (const [first, last] of holes(numbers)) {
    const what = first === last ? `entry ${first} is missing` : `entries ${first} to ${last} are missing`;
    problems.push({ kind: 'missing', seq: first, message: `${what}, but later ones exist` });
  }
  if (numbers.length === 0) problems.push({ kind: 'missing', seq: 0, message: 'the ledger has no entries' });
  progress.start('verifying the ledger', numbers.length, 'entries');
  for (const seq of numbers) {
    signal.throwIfAborted();
    const bytes = (await store.entries.read(seq)) ?? 'not a file';
    if (typeof bytes === 'string') {
      const message = `entry ${seq} is not a valid entry: it is ${unreadable(bytes)}`;
      problems.push({ kind: 'invalid', seq, message });
      continue;
    }
    await verifier.take(seq, bytes);
    progress.advance(1);
  }
  const head = verifier.finish();
  // The anchor is no part of the chain.
  const { isFoldable } = verifier;
  const standing = anchor === 'lost' ? anchor : await verifier.compare(head);
  if (anchor === 'lost') problems.push({ kind: 'rolled_back', message: store.anchor.lost });
  problems.sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
  for (const { path, why } of strays) problems.push({ kind: 'stray', path, message: `${path}: ${why}` });
  progress.done();
  const verdict = { entries: numbers.length, head, anchor: standing, problems };
  return { verdict, isFoldable };
}
