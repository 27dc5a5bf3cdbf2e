import { setTimeout } from 'node:timers/promises';
import { noProgress, type ProgressSink } from '../../core/effects.js';
import { type Timestamp, timestampMs, toTimestamp } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import type { DiskFile } from '../../fsx/disk.js';
import { LedgerFold } from '../catalog/ledger-fold.js';
import type { Lease } from '../local/leases.js';
import { IndexReader } from '../objects/index-reader.js';
import type { Store } from '../store.js';
import { type Mark, mark } from './mark.js';
import { awaitLeases, isDue, type Patience, type PendingPurge, type Purged, purge } from './purge.js';
import { bringBackReachable, sweep } from './sweep.js';
import { Trash, type TrashBatch } from './trash.js';
import type { Swept } from './trash-unreachable.js';

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
const SHORT: Patience = { ms: 2000, wait: async (ms) => void (await setTimeout(ms)) };

/** D10: removal and purging go by the system's clock, which a reset would make wrong. */
export function checkClock(nowMs: number, lastAt: Timestamp): void {
  if (nowMs >= timestampMs(lastAt)) return;
  throw new HsError(
    'REFUSED',
    `the system's clock says ${toTimestamp(nowMs)}, which is before the newest ledger entry, ${lastAt}`,
    { hint: 'set the clock right, then collect again' },
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
  fold = new LedgerFold(store),
  indexes = new IndexReader(store.objects),
): Promise<Reclaimed> {
  const lock: DiskFile = await store.collectorLock();
  try {
    // Another collector, or a command that makes few packs of many and frees nothing.
    const { patience = SHORT, progress = noProgress } = request;
    progress.start('waiting for another collection', undefined, 'looks');
    for (let waited = 0; !(await lock.tryLock()); waited += LOCK_POLL_MS) {
      if (waited >= patience.ms) return { ...NOTHING, sweep: 'busy' };
      progress.advance(1);
      await patience.wait(LOCK_POLL_MS);
    }
    return await collect(store, request, fold, indexes);
  } finally {
    await lock.close();
  }
}

async function collect(
  store: Store,
  request: ReclaimRequest,
  fold: LedgerFold,
  indexes: IndexReader,
): Promise<Reclaimed> {
  const collection = new Collection(store, request, fold, indexes);
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
  readonly #fold: LedgerFold;
  readonly #indexes: IndexReader;
  readonly #trash: Trash;
  #mark: Mark | undefined;
  /** Every batch that lies in the trash, all of them sealed. */
  #batches: TrashBatch[] = [];
  /** Names of those that this collection filled. */
  #filled: ReadonlySet<string> = new Set();
  /** What it stages while it takes packs apart goes with this, should it die. */
  #lease: Lease | undefined;

  constructor(store: Store, request: ReclaimRequest, fold: LedgerFold, indexes: IndexReader) {
    this.#store = store;
    this.#request = request;
    this.#fold = fold;
    this.#indexes = indexes;
    this.#trash = new Trash(store.disk, store.layout, store.ports.random);
  }

  readonly #staging = async (): Promise<string> => {
    this.#lease ??= await this.#store.leases.take();
    return this.#lease.token;
  };

  async end(): Promise<void> {
    await this.#lease?.release();
  }

  #now(): number {
    return this.#store.ports.clock.now();
  }

  /** The mark at the head, or undefined: it cannot be known what is reachable. */
  async #marked(): Promise<Mark | undefined> {
    const found = await mark(this.#store.ledger, this.#fold, this.#indexes, this.#mark);
    this.#mark = found;
    if (found.unknown.length === 0) return found;
    this.reclaimed = { ...this.reclaimed, sweep: 'skipped', unknown: found.unknown };
    return undefined;
  }

  /** Moves what is unreachable to the trash, and seals what lies there with the leases alive after that. */
  async takeOutOfUse(): Promise<boolean> {
    this.#request.progress?.start('sweeping');
    const found = await this.#marked();
    checkClock(this.#now(), this.#fold.lastAt);
    if (found === undefined) return false;
    const older = await this.#trash.list();
    const { batches, swept, left } = await sweep(
      this.#store,
      this.#trash,
      found,
      this.#indexes,
      older,
      this.#staging,
      this.#request,
    );
    this.#filled = new Set(batches.map((b) => b.name));
    // What a crash left unsealed is adopted: sealed now, it waits for everyone who is at work now.
    const open = [...older.filter((b) => b.seal === undefined), ...batches];
    // Its own names nothing that lies there: it would wait for itself.
    const leases =
      open.length === 0 ? [] : (await this.#store.leases.list()).filter((t) => t !== this.#lease?.token);
    this.#batches = older.filter((b) => b.seal !== undefined);
    for (const batch of open) {
      this.#batches.push(await this.#trash.seal(batch, leases, toTimestamp(this.#now())));
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
      count += await bringBackReachable(this.#store, this.#trash, batch, found, this.#staging);
    }
    this.reclaimed = { ...this.reclaimed, brought_back: count };
    return true;
  }

  /** Unlinks what was out of use long enough and no command at work can need, and tells the ledger. */
  async purgeDue(): Promise<void> {
    const { trashDays, emptyTrash, patience = SHORT, progress = noProgress, signal, record } = this.#request;
    const finished: TrashBatch[] = [];
    const due: TrashBatch[] = [];
    for (const batch of this.#batches) {
      // The entry says it is purged: what a death in between left is only the directory.
      const isEmpty = async () => (await this.#trash.contents(batch)).length === 0;
      if (this.#fold.isPurged(batch.name) && (await isEmpty())) finished.push(batch);
      else if (isDue(batch, trashDays, this.#now(), emptyTrash)) due.push(batch);
    }
    const { ready, pending } = await awaitLeases(this.#store, this.#trash, due, {
      patience,
      progress,
      signal,
    });
    if (ready.length > 0) {
      signal?.throwIfAborted();
      const found = await this.#marked();
      if (found === undefined) return;
      const purged = await purge(this.#store, this.#trash, ready, found, this.#staging, progress);
      if (purged.objects > 0) await record(purged);
      const brought_back = this.reclaimed.brought_back + purged.brought_back;
      this.reclaimed = { ...this.reclaimed, purged, brought_back };
    }
    const left = [...this.reclaimed.left];
    for (const batch of [...finished, ...ready]) {
      // What it holds nobody can tell: it may be what was to go, or what somebody needs (D8).
      const unreadable = await this.#trash.unreadable(batch);
      for (const name of unreadable) left.push(`pack ${name} in the trash cannot be read`);
      if (unreadable.length === 0) await this.#trash.drop(batch);
    }
    this.reclaimed = { ...this.reclaimed, left, purge_pending: pending };
  }
}
