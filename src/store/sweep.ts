import { isObjectId, type ObjectId, toTimestamp } from '../core/ids.js';
import { isErrno } from '../errors/hs-error.js';
import type { IndexReader } from './index-reader.js';
import { FAN_OUT } from './layout.js';
import type { Mark } from './mark.js';
import type { Store } from './store.js';
import type { Trash, TrashBatch, TrashWindow } from './trash.js';

export interface Swept {
  readonly objects: number;
  readonly size_bytes: number;
}

/** The objects in objects/ that the mark does not reach, in order of name. */
async function unreachable(store: Store, mark: Mark): Promise<ObjectId[]> {
  const found: ObjectId[] = [];
  for (const dir of FAN_OUT) {
    const names: ObjectId[] = [];
    for (const { name, kind } of await store.disk.readdir(`${store.layout.objects}/${dir}`)) {
      if (kind !== 'file' || name === undefined || !isObjectId(name) || !name.startsWith(dir)) continue;
      if (!mark.reachable.has(name)) names.push(name);
    }
    found.push(...names.sort());
  }
  return found;
}

interface OutOfUse {
  /**
   * Whether the last removal of an artifact that names the object gave it no trash window (D7). An earlier
   * one no longer counts: what was put and removed again since can be restored.
   */
  readonly lastRemoval: ReadonlyMap<ObjectId, { readonly seq: number; readonly purge: boolean }>;
  /** Bytes, as the ledger and the indexes say: a look at each file would take as long as moving it. */
  readonly sizes: ReadonlyMap<ObjectId, number>;
}

/** What removed artifacts tell of the objects that are out of use. */
async function tellOf(mark: Mark, indexes: IndexReader, outOfUse: ReadonlySet<ObjectId>): Promise<OutOfUse> {
  const lastRemoval = new Map<ObjectId, { seq: number; purge: boolean }>();
  const sizes = new Map<ObjectId, number>();
  for (const { removed, ...record } of mark.catalog.removed()) {
    const note = (id: ObjectId, size: number) => {
      sizes.set(id, size);
      const last = lastRemoval.get(id);
      if (removed === undefined || (last !== undefined && last.seq > removed.seq)) return;
      // One collection may remove an ordinary artifact and a sensitive one with the same bytes.
      const purge = removed.purge || (last?.seq === removed.seq && last.purge);
      lastRemoval.set(id, { seq: removed.seq, purge });
    };
    for (const { manifest, size_bytes } of record.manifests) {
      if (outOfUse.has(manifest)) note(manifest, size_bytes);
    }
    // Once its index is purged nobody knows its members, and there are none of them left either.
    if (!outOfUse.has(record.content_hash)) continue;
    if (record.payload_type === 'file') note(record.content_hash, record.size_bytes);
    else {
      const found = await indexes.read(record.content_hash);
      for (const { id, size } of found === undefined ? [] : [found.index, ...found.members]) note(id, size);
    }
  }
  return { lastRemoval, sizes };
}

/**
 * Moves everything that is unreachable from objects/ into new batches of the trash, which are not sealed
 * yet: whoever is about to use it again finds it there.
 */
export async function sweep(
  store: Store,
  trash: Trash,
  mark: Mark,
  indexes: IndexReader,
  older: readonly TrashBatch[],
  signal?: AbortSignal,
): Promise<{ batches: TrashBatch[]; swept: Swept }> {
  const ids = await unreachable(store, mark);
  const batches = new Map<TrashWindow, TrashBatch>();
  let objects = 0;
  let bytes = 0;
  if (ids.length > 0) {
    const outOfUse = new Set(ids);
    for (const batch of older) for (const id of await trash.contents(batch)) outOfUse.add(id);
    const { lastRemoval, sizes } = await tellOf(mark, indexes, outOfUse);
    const now = toTimestamp(store.ports.clock.now());
    for (const id of ids) {
      // What was moved until now is an unsealed batch, which the next collection adopts.
      signal?.throwIfAborted();
      const window: TrashWindow = lastRemoval.get(id)?.purge === true ? 'zero' : 'kept';
      let batch = batches.get(window);
      if (batch === undefined) {
        batch = await trash.create(window, now);
        batches.set(window, batch);
      }
      const size = sizes.get(id) ?? (await sizeOf(store, id));
      if (size === undefined || !(await trash.take(batch, id, size))) continue;
      objects += 1;
      bytes += size;
    }
  }
  return { batches: [...batches.values()], swept: { objects, size_bytes: bytes } };
}

async function sizeOf(store: Store, id: ObjectId): Promise<number | undefined> {
  try {
    return (await store.disk.lstat(store.layout.object(id))).size;
  } catch (e) {
    if (isErrno(e, 'ENOENT')) return undefined;
    throw e;
  }
}

/** Puts back, durably, those of `ids` that a mark reaches; the number of objects. */
export async function bringBackReachable(
  store: Store,
  trash: Trash,
  batch: TrashBatch,
  ids: readonly ObjectId[],
  mark: Mark,
): Promise<number> {
  const dirs = new Set<string>();
  let count = 0;
  for (const id of ids) {
    if (!mark.reachable.has(id) || !(await trash.bringBack(batch, id))) continue;
    dirs.add(store.layout.objectDir(id));
    count += 1;
  }
  for (const dir of dirs) await store.disk.syncDir(dir);
  return count;
}
