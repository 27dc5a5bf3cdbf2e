import type { ObjectId } from '../../core/objects/ids.js';
import type { UnusedObjects } from '../port/reclaimer.js';

export interface ObjectTotals {
  readonly objects: number;
  readonly size_bytes: number;
}

export const NO_OBJECTS: ObjectTotals = { objects: 0, size_bytes: 0 };

export function totals(sizes: ReadonlyMap<ObjectId, number>): ObjectTotals {
  return { objects: sizes.size, size_bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0) };
}

/** The sizes of listed objects. */
export async function sizesOf(unused: readonly UnusedObjects[]): Promise<Map<ObjectId, number>> {
  const sizes = new Map<ObjectId, number>();
  for (const { group, ids } of unused) {
    for (const id of ids) {
      const size = await group.size(id);
      // A collector may have moved it meanwhile.
      if (size !== undefined) sizes.set(id, size);
    }
  }
  return sizes;
}
