import { setTimeout } from 'node:timers/promises';
import { noProgress, type ProgressSink } from '../../core/effects.js';
import { type ObjectId, toTimestamp } from '../../core/objects/ids.js';
import { IndexReader } from '../objects/index-reader.js';
import type { Exclusive, Lease, LeaseTable } from '../port/lease-table.js';
import type { Swept, TrashBatch, Working } from '../port/reclaimer.js';
import type { Store } from '../store.js';
import { awaitLeases, type Patience, type PendingPurge, POLL_MS } from './await-leases.js';
import { checkClock } from './check-clock.js';
import { type Mark, mark } from './mark.js';
import { NO_OBJECTS } from './object-totals.js';
import { isDue, type Purged, purge } from './purge.js';
import type { ReclaimScope } from './reclaim-scope.js';
import { removedSince } from './removed-since.js';
import { goingWith, trashUnreachable } from './trash-unreachable.js';

export interface ReclaimRequest extends ReclaimScope {
  readonly trashDays: number;
  /** How long a purge waits for the leases named in the seals. */
  readonly patience?: Patience;
  /** Stops the collection at the next consistent point, by throwing the signal's reason. */
  readonly signal?: AbortSignal;
  /** Receives progress. */
  readonly progress?: ProgressSink;
  /**
   * Commits `objects_condemned` with the keys that `keysAtHead` returns; it is called again after each lost race.
   * False: there were no keys, and nothing was committed.
   */
  condemn(keysAtHead: () => Promise<readonly string[]>): Promise<boolean>;
  /** Commits `objects_purged`, after the bytes are deleted and before the batches are. */
  record(purged: Purged): Promise<void>;
}

export interface Reclaimed {
  /** `busy`: another collector is running; `skipped`: reachability cannot be determined (D8). */
  readonly sweep: 'done' | 'busy' | 'skipped';
  /** Why it was skipped. */
  readonly unknown: readonly string[];
  /** Why an unreachable object was left in place. */
  readonly left: readonly string[];
  readonly swept: Swept;
  /** Unreachable, and left in packs that are not worth rewriting yet. */
  readonly unswept: Swept;
  readonly brought_back: number;
  readonly purged: Purged;
  readonly purge_pending: readonly PendingPurge[];
}

/** The result of a command that reclaims nothing. */
export const NOTHING: Reclaimed = {
  sweep: 'done',
  unknown: [],
  left: [],
  swept: NO_OBJECTS,
  unswept: NO_OBJECTS,
  brought_back: 0,
  purged: { batches: [], objects: 0, size_bytes: 0, brought_back: 0 },
  purge_pending: [],
};

/** Most keys in one entry: every writer reads the list, about 100 bytes a key. */
const MOST_CONDEMNED = 100_000;
const SHORT: Patience = { ms: 2000, wait: async (ms) => void (await setTimeout(ms)) };

/**
 * Moves unreachable objects to the trash and purges those whose trash window has ended. Runs beside writers and
 * readers; the caller holds no lease. Safety does not depend on clocks or ages: an object is deleted only after every
 * command that was running when it was trashed has ended and a second mark shows that the ledger still does not name
 * it.
 */
export async function reclaim(
  store: Store,
  request: ReclaimRequest,
  indexes = new IndexReader(store.objects),
): Promise<Reclaimed> {
  const turn = await awaitTurn(store, request);
  if (turn === undefined) return { ...NOTHING, sweep: 'busy' };
  try {
    return await withStagingLease(store, request, indexes);
  } finally {
    await turn.release();
  }
}

/** Waits for another collector, or for a command that merges packs. */
async function awaitTurn(store: Store, request: ReclaimRequest): Promise<Exclusive | undefined> {
  const { patience = SHORT, progress = noProgress } = request;
  progress.start('waiting for another collection', undefined, 'looks');
  for (let waited = 0; ; waited += POLL_MS) {
    const turn = await store.leases.exclusive('collector');
    if (turn !== undefined || waited >= patience.ms) return turn;
    progress.advance(1);
    await patience.wait(POLL_MS);
  }
}

/** Owns what is staged while packs are taken apart, so that it is cleaned up should this process die. */
class StagingLease {
  readonly #leases: LeaseTable;
  #lease: Lease | undefined;

  constructor(leases: LeaseTable) {
    this.#leases = leases;
  }

  get token(): string | undefined {
    return this.#lease?.token;
  }

  async take(): Promise<string> {
    this.#lease ??= await this.#leases.take();
    return this.#lease.token;
  }

  async release(): Promise<void> {
    await this.#lease?.release();
  }
}

async function withStagingLease(
  store: Store,
  request: ReclaimRequest,
  indexes: IndexReader,
): Promise<Reclaimed> {
  const lease = new StagingLease(store.leases);
  const { signal, progress = noProgress } = request;
  const working = { signal, progress, staging: () => lease.take() };
  try {
    return await collect({ store, request, indexes, lease, working });
  } finally {
    await lease.release();
  }
}

/** What the steps of one collection share. */
interface Collection {
  readonly store: Store;
  readonly request: ReclaimRequest;
  readonly indexes: IndexReader;
  readonly lease: StagingLease;
  readonly working: Working;
}

/** What is in use at one head of the ledger, which is durable before a step acts on it. */
interface Known {
  readonly mark: Mark;
  /** Removed since the first mark: what of them is in a batch already was live there, and its window begins now. */
  readonly removed: ReadonlySet<ObjectId>;
  readonly unknown?: undefined;
}

/** Reachability cannot be determined at that head. */
interface Unknown {
  readonly mark: Mark;
  readonly unknown: readonly string[];
}

const nowMs = ({ store }: Collection): number => store.effects.clock.now();

/** Marks at the head; returns `before` if nothing was committed since. */
async function look({ store, request, indexes }: Collection, before?: Known): Promise<Known | Unknown> {
  const found = await mark(store, indexes, before?.mark, request.signal);
  if (before?.mark === found) return before;
  if (found.unknown.length > 0) return { mark: found, unknown: found.unknown };
  if (before === undefined) return { mark: found, removed: new Set() };
  const since = await removedSince(store, before.mark.head, found, indexes);
  return { mark: found, removed: new Set([...before.removed, ...since]) };
}

/** What is brought back: the next collection takes out of use what was removed meanwhile, in a new batch. */
function staysBy({ mark: { reachable }, removed }: Known): (id: ObjectId) => boolean {
  return (id) => reachable.has(id) || removed.has(id);
}

const skipped = (reclaimed: Reclaimed, { unknown }: Unknown): Reclaimed => ({
  ...reclaimed,
  sweep: 'skipped',
  unknown,
});

/** The steps of one collection; each looks at the head again. */
async function collect(c: Collection): Promise<Reclaimed> {
  c.request.progress?.start('sweeping');
  let known = await look(c);
  checkClock(nowMs(c), known.mark.catalog.lastAt);
  if (known.unknown !== undefined) return skipped(NOTHING, known);
  const { batches, filled, swept, unswept, left } = await takeOutOfUse(c, known);
  const taken: Reclaimed = { ...NOTHING, swept, unswept, left };

  const { seq } = known.mark.head;
  known = await look(c, known);
  if (known.unknown !== undefined) return skipped(taken, known);
  // Nothing was committed since: the batches that were filled have nothing to bring back.
  const isSame = known.mark.head.seq === seq;
  const older = batches.filter(({ name }) => !(isSame && filled.has(name)));
  return purgeDue(c, known, batches, { ...taken, brought_back: await bringBack(c, known, older) });
}

interface Taken {
  /** All batches in the trash, each of them sealed. */
  readonly batches: readonly TrashBatch[];
  /** Names of the batches that this collection filled. */
  readonly filled: ReadonlySet<string>;
  readonly swept: Swept;
  readonly unswept: Swept;
  readonly left: readonly string[];
}

/** Moves unreachable objects to the trash, then seals the batches with the leases that are alive after that. */
async function takeOutOfUse(c: Collection, known: Known): Promise<Taken> {
  const { reclaimer, leases } = c.store;
  const older = await reclaimer.batches();
  const now = toTimestamp(nowMs(c));
  const taken = await trashUnreachable(c.store, known.mark, c.indexes, older, now, c.request, c.working);
  // What a crash left unsealed is adopted: sealed now, it waits for every command that is running now.
  const open = [...older.filter((batch) => batch.seal === undefined), ...taken.batches];
  // Before the leases are listed: what is removed later may have readers that are not on the list.
  const sealed_at = toTimestamp(nowMs(c));
  // Not its own lease: it would wait for itself.
  const others = open.length === 0 ? [] : (await leases.list()).filter((token) => token !== c.lease.token);
  const batches = older.filter((batch) => batch.seal !== undefined);
  for (const batch of open) batches.push(await reclaimer.seal(batch, { sealed_at, leases: others }));
  const filled = new Set(taken.batches.map((b) => b.name));
  const { swept, unswept, left } = taken;
  return { batches, filled, swept, unswept, left };
}

/** Restores objects that became reachable again after they were trashed; returns their number. */
async function bringBack(c: Collection, known: Known, batches: readonly TrashBatch[]): Promise<number> {
  let count = 0;
  for (const batch of batches) count += await c.store.reclaimer.rescue(batch, staysBy(known), c.working);
  return count;
}

/** Records in the ledger what is about to be deleted, where the store needs that; returns the last look at the head. */
async function condemn(c: Collection, ready: readonly TrashBatch[], before: Known): Promise<Known | Unknown> {
  const { reclaimer } = c.store;
  const toCondemn = reclaimer.toCondemn?.bind(reclaimer);
  if (toCondemn === undefined) return before;
  const keysAt = async (known: Known) => {
    const goes = (isThere: (id: ObjectId) => boolean) =>
      goingWith(known.mark, staysBy(known), c.indexes, isThere);
    const keys = await toCondemn(ready, goes, c.working);
    return [...new Set(keys)].sort().slice(0, MOST_CONDEMNED);
  };
  for (let last = before; ; ) {
    const known = await look(c, last);
    if (known.unknown !== undefined) return known;
    const { length } = await keysAt(known);
    if (length === 0) return known;
    const isCommitted = await c.request.condemn(async () => {
      const head = await look(c, known);
      return head.unknown === undefined ? keysAt(head) : [];
    });
    // Where nothing was committed, the next look tells why.
    if (isCommitted && length < MOST_CONDEMNED) return known;
    last = known;
  }
}

/** Deletes objects whose trash window has ended and that no running command can need, and records it. */
async function purgeDue(
  c: Collection,
  known: Known,
  batches: readonly TrashBatch[],
  reclaimed: Reclaimed,
): Promise<Reclaimed> {
  const { trashDays, emptyTrash, patience = SHORT, progress = noProgress, signal } = c.request;
  const { reclaimer } = c.store;
  const finished: TrashBatch[] = [];
  const due: TrashBatch[] = [];
  for (const batch of batches) {
    // Recorded as purged already: a process that died in between left only the directory.
    const isEmpty = async () => (await reclaimer.contents(batch)).length === 0;
    if ((await known.mark.catalog.isPurged(batch.name)) && (await isEmpty())) finished.push(batch);
    else if (isDue(batch, trashDays, nowMs(c), emptyTrash)) due.push(batch);
  }
  const { ready, pending } = await awaitLeases(c.store, due, { patience, progress, signal });
  const purged = ready.length === 0 ? NOTHING.purged : await purgeReady(c, known, ready);
  if ('unknown' in purged) return skipped(reclaimed, purged);
  const left = [...reclaimed.left];
  for (const batch of [...finished, ...ready]) left.push(...(await reclaimer.drop(batch)));
  const brought_back = reclaimed.brought_back + purged.brought_back;
  return { ...reclaimed, purged, brought_back, left, purge_pending: pending };
}

/** What no lease keeps any more is deleted by what is in use after that. */
async function purgeReady(
  c: Collection,
  before: Known,
  ready: readonly TrashBatch[],
): Promise<Purged | Unknown> {
  c.request.signal?.throwIfAborted();
  const condemned = await condemn(c, ready, before);
  if (condemned.unknown !== undefined) return condemned;
  const known = await look(c, condemned);
  if (known.unknown !== undefined) return known;
  const purged = await purge(c.store.reclaimer, ready, known.mark, staysBy(known), c.working);
  if (purged.objects > 0) await c.request.record(purged);
  return purged;
}
