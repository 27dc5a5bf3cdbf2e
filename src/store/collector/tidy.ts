import type { ObjectId } from '../../core/objects/ids.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import type { LeaseTable } from '../port/lease-table.js';
import type { Store } from '../store.js';

/** Calls `run` unless another command holds the turn; undefined if one does. */
export async function asCollector<T>(leases: LeaseTable, run: () => Promise<T>): Promise<T | undefined> {
  const turn = await leases.exclusive('collector');
  if (turn === undefined) return undefined;
  try {
    return await run();
  } finally {
    await turn.release();
  }
}

/**
 * Deletes the damaged copies of an object that also has a good one, under the lease with this token. False if there
 * is no good one, or a collector is running.
 */
export async function dropCopies(store: Store, lease: string, id: ObjectId): Promise<boolean> {
  return (await asCollector(store.leases, () => store.reclaimer.dropCopies(id, lease))) ?? false;
}

/**
 * Moves the damaged copies of these objects to the quarantine, under the lease with this token. Returns the objects
 * that have none in use any more: nothing if a collector is running, or there is no quarantine.
 */
export async function setAsideDamaged(
  store: Store,
  lease: string,
  ids: ReadonlySet<ObjectId>,
): Promise<ReadonlySet<ObjectId>> {
  return (await asCollector(store.leases, async () => store.reclaimer.setAside?.(ids, lease))) ?? new Set();
}

/**
 * Merges small packs when there are too many, after a command made one; a running collector does this itself. The
 * command's own work is done already, so a failure here does not fail it.
 */
export async function tidyPacks(store: Store, lease: string): Promise<void> {
  try {
    if (!(await store.reclaimer.needsConsolidation())) return;
    await asCollector(store.leases, async () => {
      await store.reclaimer.consolidate({ staging: async () => lease });
    });
  } catch (e) {
    if (!isErrno(e) && !isHsError(e)) throw e;
  }
}
