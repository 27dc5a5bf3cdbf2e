import { setTimeout } from 'node:timers/promises';
import { noProgress, type ProgressSink } from '../../core/effects.js';
import { type ObjectId, type Timestamp, timestampMs, toTimestamp } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import { IndexReader } from '../objects/index-reader.js';
import type { Exclusive, Lease } from '../port/lease-table.js';
import type { Swept, TrashBatch, Working } from '../port/reclaimer.js';
import type { Store } from '../store.js';
import { goingWith, takeUnreachable } from './condemn.js';
import { type Mark, mark } from './mark.js';
import { awaitLeases, isDue, type Patience, type PendingPurge, type Purged, purge } from './purge.js';
import { removedSince } from './removed-since.js';

export interface ReclaimRequest {
  /** Also purge objects that are still within their trash window: all, or those in the batches of these names. */
  readonly emptyTrash: boolean | ReadonlySet<string>;
  readonly trashDays: number;
  /** How long a purge waits for the leases named in the seals. */
  readonly patience?: Patience;
  /** Stops the collection at the next consistent point, by throwing the signal's reason. */
  readonly signal?: AbortSignal;
  /** Receives progress. */
  readonly progress?: ProgressSink;
  /**
   * Commits `objects_condemned` with the keys that `keysAtHead` returns; it is called again after each lost race.
   * Without keys nothing is committed.
   */
  condemn(keysAtHead: () => Promise<readonly string[]>): Promise<void>;
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
  readonly brought_back: number;
  readonly purged: Purged;
  readonly purge_pending: readonly PendingPurge[];
}

/** The result of a command that reclaims nothing. */
export const NOTHING: Reclaimed = {
  sweep: 'done',
  unknown: [],
  left: [],
  swept: { objects: 0, size_bytes: 0 },
  brought_back: 0,
  purged: { batches: [], objects: 0, size_bytes: 0, brought_back: 0 },
  purge_pending: [],
};

const LOCK_POLL_MS = 25;
/** Most keys in one entry: every writer reads the list, about 100 bytes a key. */
const MOST_CONDEMNED = 100_000;
const SHORT: Patience = { ms: 2000, wait: async (ms) => void (await setTimeout(ms)) };

/** Removal and purging use the system clock, so a clock that was set back is refused (D10). */
export function checkClock(nowMs: number, lastAt: Timestamp): void {
  if (nowMs >= timestampMs(lastAt)) return;
  throw new HsError(
    'REFUSED',
    `the system's clock says ${toTimestamp(nowMs)}, which is before the newest ledger entry, ${lastAt}`,
    { hint: 'correct the clock, then collect again' },
  );
}

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
    return await collect(store, request, indexes);
  } finally {
    await turn.release();
  }
}

/** Waits for another collector, or for a command that merges packs. */
async function awaitTurn(store: Store, request: ReclaimRequest): Promise<Exclusive | undefined> {
  const { patience = SHORT, progress = noProgress } = request;
  progress.start('waiting for another collection', undefined, 'looks');
  for (let waited = 0; ; waited += LOCK_POLL_MS) {
    const turn = await store.leases.exclusive('collector');
    if (turn !== undefined || waited >= patience.ms) return turn;
    progress.advance(1);
    await patience.wait(LOCK_POLL_MS);
  }
}

async function collect(store: Store, request: ReclaimRequest, indexes: IndexReader): Promise<Reclaimed> {
  const collection = new Collection(store, request, indexes);
  try {
    // The first two return false where reachability cannot be determined.
    if ((await collection.takeOutOfUse()) && (await collection.bringBack())) await collection.purgeDue();
  } finally {
    await collection.end();
  }
  return collection.reclaimed;
}

/** The steps of one collection. Each uses its own mark, which is durable before the step acts on it. */
class Collection {
  reclaimed: Reclaimed = NOTHING;
  readonly #store: Store;
  readonly #request: ReclaimRequest;
  readonly #indexes: IndexReader;
  readonly #working: Working;
  #mark: Mark | undefined;
  /** Removed since the first mark: what of them is in a batch already was live there, and its window begins now. */
  readonly #removed = new Set<ObjectId>();
  /** All batches in the trash, each of them sealed. */
  #batches: TrashBatch[] = [];
  /** Names of the batches that this collection filled. */
  #filled: ReadonlySet<string> = new Set();
  /** Owns what is staged while packs are taken apart, so that it is cleaned up should this process die. */
  #lease: Lease | undefined;

  constructor(store: Store, request: ReclaimRequest, indexes: IndexReader) {
    this.#store = store;
    this.#request = request;
    this.#indexes = indexes;
    const { signal, progress = noProgress } = request;
    this.#working = { signal, progress, staging: () => this.#staging() };
  }

  async #staging(): Promise<string> {
    this.#lease ??= await this.#store.leases.take();
    return this.#lease.token;
  }

  async end(): Promise<void> {
    await this.#lease?.release();
  }

  #now(): number {
    return this.#store.effects.clock.now();
  }

  /** The mark at the ledger's head; undefined where reachability cannot be determined. */
  async #marked(): Promise<Mark | undefined> {
    const before = this.#mark;
    const found = await mark(this.#store, this.#indexes, before);
    this.#mark = found;
    if (before !== undefined && found !== before)
      for (const id of await removedSince(this.#store, before.head, found, this.#indexes))
        this.#removed.add(id);
    if (found.unknown.length === 0) return found;
    this.reclaimed = { ...this.reclaimed, sweep: 'skipped', unknown: found.unknown };
    return undefined;
  }

  /** What is brought back: the next collection takes out of use what was removed meanwhile, in a new batch. */
  #staysBy({ reachable }: Mark): (id: ObjectId) => boolean {
    return (id) => reachable.has(id) || this.#removed.has(id);
  }

  /** Moves unreachable objects to the trash, then seals the batches with the leases that are alive after that. */
  async takeOutOfUse(): Promise<boolean> {
    this.#request.progress?.start('sweeping');
    const found = await this.#marked();
    checkClock(this.#now(), this.#mark!.catalog.lastAt);
    if (found === undefined) return false;
    const { reclaimer, leases } = this.#store;
    const older = await reclaimer.batches();
    const now = toTimestamp(this.#now());
    const { batches, swept, left } = await takeUnreachable(
      this.#store,
      found,
      this.#indexes,
      older,
      now,
      this.#working,
    );
    this.#filled = new Set(batches.map((b) => b.name));
    // What a crash left unsealed is adopted: sealed now, it waits for every command that is running now.
    const open = [...older.filter((batch) => batch.seal === undefined), ...batches];
    // Before the leases are listed: what is removed later may have readers that are not on the list.
    const sealed_at = toTimestamp(this.#now());
    // Not its own lease: it would wait for itself.
    const others =
      open.length === 0 ? [] : (await leases.list()).filter((token) => token !== this.#lease?.token);
    this.#batches = older.filter((batch) => batch.seal !== undefined);
    for (const batch of open) this.#batches.push(await reclaimer.seal(batch, { sealed_at, leases: others }));
    this.reclaimed = { ...this.reclaimed, swept, left };
    return true;
  }

  /** Restores objects that became reachable again after they were trashed. */
  async bringBack(): Promise<boolean> {
    const before = this.#mark;
    const found = await this.#marked();
    if (found === undefined) return false;
    let count = 0;
    for (const batch of this.#batches) {
      // This batch was filled from the same mark, and nothing was committed since.
      if (found === before && this.#filled.has(batch.name)) continue;
      count += await this.#store.reclaimer.rescue(batch, this.#staysBy(found), this.#working);
    }
    this.reclaimed = { ...this.reclaimed, brought_back: count };
    return true;
  }

  /** Records in the ledger what is about to be deleted, where the store needs that; false: reachability is unknown. */
  async #condemn(ready: readonly TrashBatch[]): Promise<boolean> {
    const { reclaimer } = this.#store;
    if (reclaimer.toCondemn === undefined) return true;
    let known = true;
    const keysAtHead = async () => {
      const found = await this.#marked();
      known = found !== undefined;
      if (found === undefined) return [];
      const stays = this.#staysBy(found);
      const goes = (isThere: (id: ObjectId) => boolean) => goingWith(found, stays, this.#indexes, isThere);
      const keys = await reclaimer.toCondemn!(ready, goes, this.#working);
      return [...new Set(keys)].sort().slice(0, MOST_CONDEMNED);
    };
    for (let count = MOST_CONDEMNED; count === MOST_CONDEMNED; ) {
      count = (await keysAtHead()).length;
      if (count > 0) await this.#request.condemn(keysAtHead);
    }
    return known;
  }

  /** Deletes objects whose trash window has ended and that no running command can need, and records it. */
  async purgeDue(): Promise<void> {
    const { trashDays, emptyTrash, patience = SHORT, progress = noProgress, signal, record } = this.#request;
    const { reclaimer } = this.#store;
    const finished: TrashBatch[] = [];
    const due: TrashBatch[] = [];
    for (const batch of this.#batches) {
      // Recorded as purged already: a process that died in between left only the directory.
      const isEmpty = async () => (await reclaimer.contents(batch)).length === 0;
      if ((await this.#mark!.catalog.isPurged(batch.name)) && (await isEmpty())) finished.push(batch);
      else if (isDue(batch, trashDays, this.#now(), emptyTrash)) due.push(batch);
    }
    const { ready, pending } = await awaitLeases(this.#store, due, {
      patience,
      progress,
      signal,
    });
    if (ready.length > 0) {
      signal?.throwIfAborted();
      if (!(await this.#condemn(ready))) return;
      const found = await this.#marked();
      if (found === undefined) return;
      const purged = await purge(reclaimer, ready, found, this.#staysBy(found), this.#working);
      if (purged.objects > 0) await record(purged);
      const brought_back = this.reclaimed.brought_back + purged.brought_back;
      this.reclaimed = { ...this.reclaimed, purged, brought_back };
    }
    const left = [...this.reclaimed.left];
    for (const batch of [...finished, ...ready]) left.push(...(await reclaimer.drop(batch)));
    this.reclaimed = { ...this.reclaimed, left, purge_pending: pending };
  }
}
