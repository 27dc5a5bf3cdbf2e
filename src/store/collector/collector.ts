import { setTimeout } from 'node:timers/promises';
import { noProgress, type ProgressSink } from '../../core/effects.js';
import { type ObjectId, type Timestamp, timestampMs, toTimestamp } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import { IndexReader } from '../objects/index-reader.js';
import type { Exclusive, Lease } from '../port/lease-table.js';
import type { Swept, TrashBatch, Working } from '../port/reclaimer.js';
import type { Store } from '../store.js';
import { takeUnreachable } from './condemn.js';
import { type Mark, mark } from './mark.js';
import { awaitLeases, isDue, type Patience, type PendingPurge, type Purged, purge } from './purge.js';

export interface ReclaimRequest {
  /** Purge what is within its trash window too. */
  readonly emptyTrash: boolean;
  readonly trashDays: number;
  /** How long a purge waits for the leases of its seals. */
  readonly patience?: Patience;
  /** Asks to stop: at the next point where nothing is half, with its reason thrown. */
  readonly signal?: AbortSignal;
  /** Where it says how far it is. */
  readonly progress?: ProgressSink;
  /**
   * Commits `objects_condemned` with the keys that `keysAtHead` finds; called again after each lost race. None: nothing
   * is committed.
   */
  condemn(keysAtHead: () => Promise<readonly string[]>): Promise<void>;
  /** Commits `objects_purged`, after the bytes are gone and before the batches are. */
  record(purged: Purged): Promise<void>;
}

export interface Reclaimed {
  /** `busy`: another collector is at work; `skipped`: it cannot be known what is reachable (D8). */
  readonly sweep: 'done' | 'busy' | 'skipped';
  /** Why it was skipped. */
  readonly unknown: readonly string[];
  /** Why something that is out of use was left where it is. */
  readonly left: readonly string[];
  readonly swept: Swept;
  readonly brought_back: number;
  readonly purged: Purged;
  readonly purge_pending: readonly PendingPurge[];
}

/** What a command that frees nothing has reclaimed. */
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
/** Keys of one entry: each writer reads the list, of some 100 bytes a key. */
const MOST_CONDEMNED = 100_000;
const SHORT: Patience = { ms: 2000, wait: async (ms) => void (await setTimeout(ms)) };

/** D10: removal and purging go by the system's clock, which a reset would make wrong. */
export function checkClock(nowMs: number, lastAt: Timestamp): void {
  if (nowMs >= timestampMs(lastAt)) return;
  throw new HsError(
    'REFUSED',
    `the system's clock says ${toTimestamp(nowMs)}, which is before the newest ledger entry, ${lastAt}`,
    { hint: 'correct the clock, then collect again' },
  );
}

/**
 * Takes unreachable objects out of use and purges what was out of use long enough (design: leases,
 * trash, second mark). Runs beside writers and readers; the caller holds no lease. Safety rests on no
 * clock and no age: an object is unlinked only when every command that was at work when it was moved to
 * the trash is gone and the ledger after that does not name it.
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

/** Another collector is at work, or a command that makes few packs of many and frees nothing. */
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
    // The first two say whether it is known what is reachable.
    if ((await collection.takeOutOfUse()) && (await collection.bringBack())) await collection.purgeDue();
  } finally {
    await collection.end();
  }
  return collection.reclaimed;
}

/** The steps of one collection; each goes by a mark of its own, made durable before it is acted upon. */
class Collection {
  reclaimed: Reclaimed = NOTHING;
  readonly #store: Store;
  readonly #request: ReclaimRequest;
  readonly #indexes: IndexReader;
  readonly #working: Working;
  #mark: Mark | undefined;
  /** Every batch that lies in the trash, all of them sealed. */
  #batches: TrashBatch[] = [];
  /** Names of those that this collection filled. */
  #filled: ReadonlySet<string> = new Set();
  /** What it stages while it takes packs apart goes with this, should it die. */
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

  /** The mark at the head, or undefined: it cannot be known what is reachable. */
  async #marked(): Promise<Mark | undefined> {
    const found = await mark(this.#store, this.#indexes, this.#mark);
    this.#mark = found;
    if (found.unknown.length === 0) return found;
    this.reclaimed = { ...this.reclaimed, sweep: 'skipped', unknown: found.unknown };
    return undefined;
  }

  /** Moves what is unreachable to the trash, and seals what lies there with the leases alive after that. */
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
    // What a crash left unsealed is adopted: sealed now, it waits for everyone who is at work now.
    const open = [...older.filter((b) => b.seal === undefined), ...batches];
    // Its own names nothing that lies there: it would wait for itself.
    const others =
      open.length === 0 ? [] : (await leases.list()).filter((token) => token !== this.#lease?.token);
    this.#batches = older.filter((b) => b.seal !== undefined);
    for (const batch of open) {
      const seal = { sealed_at: toTimestamp(this.#now()), leases: others };
      this.#batches.push(await reclaimer.seal(batch, seal));
    }
    this.reclaimed = { ...this.reclaimed, swept, left };
    return true;
  }

  /** Puts back what has become reachable since it was taken out of use. */
  async bringBack(): Promise<boolean> {
    const before = this.#mark;
    const found = await this.#marked();
    if (found === undefined) return false;
    let count = 0;
    for (const batch of this.#batches) {
      // Nothing was committed since the mark that this batch was filled by.
      if (found === before && this.#filled.has(batch.name)) continue;
      const isInUse = (id: ObjectId) => found.reachable.has(id);
      count += await this.#store.reclaimer.rescue(batch, isInUse, this.#working);
    }
    this.reclaimed = { ...this.reclaimed, brought_back: count };
    return true;
  }

  /** Has the ledger condemn what is about to go, where that is needed; false: reachability is unknown. */
  async #condemn(ready: readonly TrashBatch[]): Promise<boolean> {
    let known = true;
    const keysAtHead = async () => {
      const found = await this.#marked();
      known = found !== undefined;
      if (found === undefined) return [];
      const isInUse = (id: ObjectId) => found.reachable.has(id);
      const keys = await this.#store.reclaimer.toCondemn(ready, isInUse, this.#working);
      return [...new Set(keys)].sort().slice(0, MOST_CONDEMNED);
    };
    for (let count = MOST_CONDEMNED; count === MOST_CONDEMNED; ) {
      count = (await keysAtHead()).length;
      if (count > 0) await this.#request.condemn(keysAtHead);
    }
    return known;
  }

  /** Unlinks what was out of use long enough and no command at work can need, and tells the ledger. */
  async purgeDue(): Promise<void> {
    const { trashDays, emptyTrash, patience = SHORT, progress = noProgress, signal, record } = this.#request;
    const { reclaimer } = this.#store;
    const finished: TrashBatch[] = [];
    const due: TrashBatch[] = [];
    for (const batch of this.#batches) {
      // The entry says it is purged: what a death in between left is only the directory.
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
      const purged = await purge(reclaimer, ready, found, this.#working);
      if (purged.objects > 0) await record(purged);
      const brought_back = this.reclaimed.brought_back + purged.brought_back;
      this.reclaimed = { ...this.reclaimed, purged, brought_back };
    }
    const left = [...this.reclaimed.left];
    for (const batch of [...finished, ...ready]) left.push(...(await reclaimer.drop(batch)));
    this.reclaimed = { ...this.reclaimed, left, purge_pending: pending };
  }
}
