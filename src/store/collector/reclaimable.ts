import type { ObjectId } from '../../core/objects/ids.js';
import { LedgerFold } from '../catalog/ledger-fold.js';
import { IndexReader } from '../objects/index-reader.js';
import type { Store } from '../store.js';
import { markFor } from './mark.js';
import { isDue } from './purge.js';
import { unreachable } from './sweep.js';
import { Trash } from './trash.js';

export interface ObjectTotals {
  readonly objects: number;
  readonly size_bytes: number;
}

/** What takes room and is in use by nothing. */
export interface Reclaimable {
  /** In use by nothing and not in the trash: the next sweep moves it there. */
  readonly unreferenced: ObjectTotals;
  /** Taken out of use and not purged yet. */
  readonly trash: ObjectTotals;
  /** Of the trash, what the next collection purges; with `emptyTrash` all of it. */
  readonly due: ObjectTotals;
  /** Why it cannot be known what is in use, so that nothing would be swept or purged (D8). */
  readonly unknown: readonly string[];
}

export interface ReclaimableRequest {
  readonly trashDays: number;
  readonly emptyTrash: boolean;
}

function totals(sizes: ReadonlyMap<ObjectId, number>): ObjectTotals {
  return { objects: sizes.size, size_bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0) };
}

async function unreferencedSizes(store: Store, fold: LedgerFold) {
  const mark = await markFor(await fold.advance(), fold, new IndexReader(store.objects));
  const sizes = new Map<ObjectId, number>();
  for (const id of await unreachable(store, mark)) {
    const size = await store.objects.sizeOfFile(id);
    // A collector may have taken it meanwhile.
    if (size !== undefined) sizes.set(id, size);
  }
  await store.objects.packs?.refresh();
  for (const { index } of (await store.objects.packs?.all()) ?? []) {
    for (const { id, size } of index.entries()) if (!mark.reachable.has(id)) sizes.set(id, size);
  }
  return { sizes, unknown: mark.unknown };
}

/** What a sweep and a purge would find now, by looking only: no lease, no lock and no change (D5). */
export async function reclaimable(store: Store, request: ReclaimableRequest): Promise<Reclaimable> {
  const { sizes, unknown } = await unreferencedSizes(store, new LedgerFold(store));
  const { all: trash, due } = await trashTotals(store, request);
  return { unreferenced: totals(sizes), trash, due, unknown };
}

/** All that lies in the trash, and what of it the next collection purges. */
export async function trashTotals(
  store: Store,
  request: ReclaimableRequest = { trashDays: 0, emptyTrash: true },
): Promise<{ readonly all: ObjectTotals; readonly due: ObjectTotals }> {
  const trash = new Trash(store.disk, store.layout, store.ports.random);
  const now = store.ports.clock.now();
  const all = new Map<ObjectId, number>();
  const due = new Map<ObjectId, number>();
  for (const batch of await trash.list()) {
    const isOver = request.emptyTrash || isDue(batch, request.trashDays, now, false);
    for (const [id, size] of await trash.sizes(batch)) {
      all.set(id, size);
      if (isOver) due.set(id, size);
    }
  }
  return { all: totals(all), due: totals(due) };
}
