import type { ObjectId } from '../../core/objects/ids.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import type { Store } from '../store.js';

/** Calls `run` unless another command holds the turn; false if one does. */
async function asCollector(store: Store, run: () => Promise<boolean>): Promise<boolean> {
  const turn = await store.leases.exclusive('collector');
  if (turn === undefined) return false;
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
export function dropCopies(store: Store, lease: string, id: ObjectId): Promise<boolean> {
  return asCollector(store, () => store.reclaimer.dropCopies(id, lease));
}

/**
 * Merges small packs when there are too many, after a command made one; a running collector does this itself. The
 * command's own work is done already, so a failure here does not fail it.
 */
export async function tidyPacks(store: Store, lease: string): Promise<void> {
  try {
    if (!(await store.reclaimer.needsConsolidation())) return;
    await asCollector(store, async () => {
      await store.reclaimer.consolidate({ staging: async () => lease });
      return true;
    });
  } catch (e) {
    if (!isErrno(e) && !isHsError(e)) throw e;
  }
}
