import { setTimeout } from 'node:timers/promises';
import { type Timestamp, timestampMs, toTimestamp } from '../core/ids.js';
import { HsError } from '../errors/hs-error.js';
import type { DiskFile } from '../fsx/disk.js';
import { IndexReader } from './index-reader.js';
import { LedgerFold } from './ledger-fold.js';
import { type Mark, mark } from './mark.js';
import { awaitLeases, isDue, type Patience, type PendingPurge, type Purged, purge } from './purge.js';
import type { Store } from './store.js';
import { bringBackReachable, type Swept, sweep } from './sweep.js';
import { Trash, type TrashBatch } from './trash.js';

export interface ReclaimRequest {
  /** Purge what is within its trash window too. */
  readonly emptyTrash: boolean;
  readonly trashDays: number;
  /** How long a purge waits for the leases of its seals. */
  readonly patience?: Patience;
  /** Asks to stop: at the next point where nothing is half, with its reason thrown. */
  readonly signal?: AbortSignal;
  /** Commits `objects_purged`, after the bytes are gone and before the batches are. */
  record(purged: Purged): Promise<void>;
}

export interface Reclaimed {
  /** `busy`: another collector is at work; `skipped`: it cannot be known what is reachable (D8). */
  readonly sweep: 'done' | 'busy' | 'skipped';
  /** Why it was skipped. */
  readonly unknown: readonly string[];
  readonly swept: Swept;
  readonly brought_back: number;
  readonly purged: Purged;
  readonly purge_pending: readonly PendingPurge[];
}

/** What a command that frees nothing has reclaimed. */
export const NOTHING: Reclaimed = {
  sweep: 'done',
  unknown: [],
  swept: { objects: 0, size_bytes: 0 },
  brought_back: 0,
  purged: { batches: [], objects: 0, size_bytes: 0, brought_back: 0 },
  purge_pending: [],
};

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
  const lock: DiskFile = await store.disk.open(store.layout.gcLock, { access: 'update' });
  try {
    if (!(await lock.tryLock())) return { ...NOTHING, sweep: 'busy' };
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
  const trash = new Trash(store.disk, store.layout, store.ports.random);
  const now = () => store.ports.clock.now();
  const first = await mark(fold, indexes);
  checkClock(now(), fold.lastAt);
  const skipped = (m: Mark, done: Partial<Reclaimed>): Reclaimed => ({
    ...NOTHING,
    ...done,
    sweep: 'skipped',
    unknown: m.unknown,
  });
  if (first.unknown.length > 0) return skipped(first, {});

  const older = await trash.list();
  const { batches: fresh, swept } = await sweep(store, trash, first, indexes, older, request.signal);
  // What a crash left unsealed is adopted: sealed now, it waits for everyone who is at work now.
  const open = [...older.filter((b) => b.seal === undefined), ...fresh];
  const leases = open.length === 0 ? [] : await store.leases.list();
  const sealed: TrashBatch[] = older.filter((b) => b.seal !== undefined);
  for (const batch of open) sealed.push(await trash.seal(batch, leases, toTimestamp(now())));

  const second = await mark(fold, indexes, first);
  if (second.unknown.length > 0) return skipped(second, { swept });
  let broughtBack = 0;
  for (const batch of sealed) {
    // Nothing was committed since the mark that this batch was filled by.
    if (second === first && fresh.some((f) => f.name === batch.name)) continue;
    broughtBack += await bringBackReachable(store, trash, batch, await trash.contents(batch), second);
  }

  const finished: TrashBatch[] = [];
  const due: TrashBatch[] = [];
  for (const batch of sealed) {
    // The entry says it is purged: what a death in between left is only the directory.
    if (fold.isPurged(batch.name) && (await trash.contents(batch)).length === 0) finished.push(batch);
    else if (isDue(batch, request.trashDays, now(), request.emptyTrash)) due.push(batch);
  }
  const { ready, pending } = await awaitLeases(store, trash, due, request.patience ?? SHORT);
  let purged = NOTHING.purged;
  if (ready.length > 0) {
    request.signal?.throwIfAborted();
    const third = await mark(fold, indexes, second);
    if (third.unknown.length > 0) return skipped(third, { swept, brought_back: broughtBack });
    purged = await purge(store, trash, ready, third);
    if (purged.objects > 0) await request.record(purged);
    broughtBack += purged.brought_back;
  }
  for (const batch of [...finished, ...ready]) await trash.drop(batch);
  return { sweep: 'done', unknown: [], swept, brought_back: broughtBack, purged, purge_pending: pending };
}
