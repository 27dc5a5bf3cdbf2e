import type { ObjectId } from '../../core/objects/ids.js';
import { IndexReader } from '../objects/index-reader.js';
import type { UnusedObjects } from '../port/reclaimer.js';
import type { Store } from '../store.js';
import { markFor } from './mark.js';
import { type ObjectTotals, sizesOf, totals } from './object-totals.js';
import { isDue } from './purge.js';
import { takesAll } from './reclaim-scope.js';
import { lastRemovals, unreachable } from './trash-unreachable.js';
import { worthMoving } from './worth-moving.js';

/** Disk space used by objects that nothing references. */
export interface Reclaimable {
  /** Unreachable and not in the trash yet. */
  readonly unreferenced: ObjectTotals;
  /** The part of it that the next sweep leaves in packs that are not worth rewriting yet; it moves the rest to the trash. */
  readonly unswept: ObjectTotals;
  /** In the trash. */
  readonly trash: ObjectTotals;
  /** The part of the trash that the next collection purges; all of it with `emptyTrash`. */
  readonly due: ObjectTotals;
  /** Why reachability cannot be determined, so that nothing would be swept or purged (D8). */
  readonly unknown: readonly string[];
}

export interface ReclaimableRequest {
  readonly trashDays: number;
  readonly emptyTrash: boolean;
  /** Also take apart packs of which little is unused. */
  readonly repack?: boolean | undefined;
}

/** A mark, and the objects outside the trash that it does not reach. */
export interface Unreferenced {
  readonly unused: readonly UnusedObjects[];
  readonly unknown: readonly string[];
}

async function unreferencedNow(store: Store): Promise<Unreferenced> {
  const mark = await store.withProvenCatalog((catalog) =>
    markFor(store, catalog, new IndexReader(store.objects)),
  );
  return { unused: await unreachable(store.inventory, mark), unknown: mark.unknown };
}

/**
 * What a sweep and a purge would find now. Read-only: takes no lease and no lock, and changes nothing (D5). `found` are
 * the unreachable objects, for callers that have them already.
 */
export async function reclaimable(
  store: Store,
  request: ReclaimableRequest,
  found?: Unreferenced,
): Promise<Reclaimable> {
  const { unused, unknown } = found ?? (await unreferencedNow(store));
  const { all: trash, due } = await trashTotals(store, request);
  return {
    unreferenced: totals(await sizesOf(unused)),
    unswept: totals(await sizesOf(takesAll(request) ? [] : await staying(store, unused))),
    trash,
    due,
    unknown,
  };
}

/** What the next sweep leaves where it is. */
async function staying(store: Store, unused: readonly UnusedObjects[]): Promise<readonly UnusedObjects[]> {
  const { unswept } = await worthMoving(unused);
  if (unswept.length === 0) return [];
  const out = new Set<ObjectId>();
  for (const { ids } of unused) for (const id of ids) out.add(id);
  const { purged, members } = await store.withProvenCatalog(async (catalog) => {
    for await (const _ of catalog.provenRemoved().blocks());
    return lastRemovals({ catalog }, new IndexReader(store.objects), out);
  });
  const goes = (id: ObjectId) => purged.has(id);
  return (await worthMoving(unused, goes, (id) => members.get(id) ?? [])).unswept;
}

/** The size of the trash, and of the part that the next collection purges. */
async function trashTotals(
  store: Store,
  request: ReclaimableRequest,
): Promise<{ readonly all: ObjectTotals; readonly due: ObjectTotals }> {
  const now = store.effects.clock.now();
  const all = new Map<ObjectId, number>();
  const due = new Map<ObjectId, number>();
  const batches = await store.reclaimer.batches();
  const over = batches.filter((b) => request.emptyTrash || isDue(b, request.trashDays, now, false));
  const names = new Set(over.map((b) => b.name));
  for await (const { batch, objects } of store.inventory.groups({ where: 'trash', sizes: true })) {
    for (const { id, size = 0 } of objects) {
      all.set(id, size);
      if (names.has(batch!)) due.set(id, size);
    }
  }
  return { all: totals(all), due: totals(due) };
}
