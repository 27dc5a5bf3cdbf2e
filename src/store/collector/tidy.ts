import type { ObjectId } from '../../core/objects/ids.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import type { Store } from '../store.js';

/** Runs what one command at a time does; false when another one is at it. */
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
 * Takes away the damaged copies beside a good one of an object, under the lease with this token. False when
 * there is no good one, or a collector is at work.
 */
export function dropCopies(store: Store, lease: string, id: ObjectId): Promise<boolean> {
  return asCollector(store, () => store.reclaimer.dropCopies(id, lease));
}

/**
 * Puts together what lies in too many small packs, by a command that has just made one, unless a collector is at
 * work, which does it itself. What was asked of the command is done, whatever comes of this.
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
