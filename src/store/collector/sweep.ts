import { noProgress, type ProgressSink } from '../../core/effects.js';
import { isObjectId, type ObjectId, toTimestamp } from '../../core/objects/ids.js';
import { FAN_OUT } from '../local/layout.js';
import type { IndexReader } from '../objects/index-reader.js';
import type { Pack } from '../objects/packs.js';
import type { Store } from '../store.js';
import { keptIndexes, type Mark } from './mark.js';
import { Repack, type Source } from './repack.js';
import { mergePacks, soundPacks } from './tidy-packs.js';
import type { Trash, TrashBatch, TrashWindow } from './trash.js';
import { type Swept, Trasher } from './trash-unreachable.js';

/** The objects in objects/ that the mark does not reach, in order of name. */
export async function unreachable(store: Store, mark: Mark): Promise<ObjectId[]> {
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
  const kept = new Set(keptIndexes(mark.catalog));
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
    if (!outOfUse.has(record.content_hash) && !kept.has(record.content_hash)) continue;
    if (record.payload_type === 'file') note(record.content_hash, record.size_bytes);
    else {
      const found = await indexes.read(record.content_hash);
      for (const { id, size } of found === undefined ? [] : [found.index, ...found.members]) {
        if (outOfUse.has(id)) note(id, size);
      }
    }
  }
  return { lastRemoval, sizes };
}

export interface SweepResult {
  /** Not sealed yet: whoever is about to use again what lies there finds it. */
  readonly batches: readonly TrashBatch[];
  readonly swept: Swept;
  /** Why something that is out of use was left where it is. */
  readonly left: readonly string[];
}

/**
 * Moves everything that is unreachable into new batches of the trash. Of a pack that holds other things too,
 * those are written anew; small packs become one on the way. `staging` gives what staged files begin with.
 */
export async function sweep(
  store: Store,
  trash: Trash,
  mark: Mark,
  indexes: IndexReader,
  older: readonly TrashBatch[],
  staging: () => Promise<string>,
  { signal, progress = noProgress }: { readonly signal?: AbortSignal; readonly progress?: ProgressSink } = {},
): Promise<SweepResult> {
  const ids = await unreachable(store, mark);
  const { packs, damaged } = await soundPacks(store);
  const isDead = (id: ObjectId) => !mark.reachable.has(id);
  const outOfUse = new Set(ids);
  const [holed, whole]: [Pack[], Pack[]] = [[], []];
  for (const pack of packs) {
    const before = outOfUse.size;
    for (const { id } of pack.index.entries()) if (isDead(id)) outOfUse.add(id);
    (outOfUse.size > before ? holed : whole).push(pack);
  }
  if (outOfUse.size === 0) {
    await mergePacks(store, whole, staging, signal);
    return { batches: [], swept: { objects: 0, size_bytes: 0 }, left: damaged };
  }
  for (const batch of older) for (const id of await trash.contents(batch)) outOfUse.add(id);
  const { lastRemoval, sizes } = await tellOf(mark, indexes, outOfUse);
  const windowOf = (id: ObjectId): TrashWindow => (lastRemoval.get(id)?.purge === true ? 'zero' : 'kept');
  const now = toTimestamp(store.ports.clock.now());
  const trasher = new Trasher(store, trash, { isDead, windowOf }, now, signal);
  progress.start('moving to the trash', ids.length, 'objects');
  for (const id of ids) {
    progress.advance(1);
    const size = sizes.get(id) ?? (await store.objects.sizeOfFile(id));
    if (size !== undefined) await trasher.trashFile(id, size);
  }
  for (const pack of holed) await trasher.trashPack(pack);
  for (const batch of older) if (batch.window === 'kept') await trasher.moveFromKept(batch);
  const left = [...damaged, ...(await trasher.splitPacks(staging))];
  // Last, since it needs room.
  await mergePacks(store, whole, staging, signal);
  return { batches: trasher.batches, swept: trasher.swept, left };
}

/**
 * Puts back, durably, those objects of a batch that a mark reaches; the number of them. What lies there in a
 * pack is written anew, unless it is in use already, as what was restored is.
 */
export async function bringBackReachable(
  store: Store,
  trash: Trash,
  batch: TrashBatch,
  mark: Mark,
  staging: () => Promise<string>,
): Promise<number> {
  const dirs = new Set<string>();
  let count = 0;
  for (const id of await trash.files(batch)) {
    if (!mark.reachable.has(id) || !(await trash.bringBack(batch, id))) continue;
    dirs.add(store.layout.objectDir(id));
    count += 1;
  }
  for (const dir of dirs) await store.disk.syncDir(dir);
  await store.objects.packs?.refresh();
  const lost = new Set<ObjectId>();
  const packs = await trash.packs(batch);
  for (const pack of packs) for (const id of await onlyHere(store, pack, mark)) lost.add(id);
  if (lost.size > 0) {
    const sources = packs.map((pack): Source => {
      return { pack, after: 'stays', to: ({ id }) => (lost.has(id) ? store.layout.packs : undefined) };
    });
    await new Repack(store, await staging()).run(sources);
    await store.objects.packs?.refresh();
  }
  // Of what was restored nothing is out of use any more: a second copy for a week is of no use.
  const spare = packs.filter((pack) => [...pack.index.entries()].every((e) => mark.reachable.has(e.id)));
  if (spare.length > 0) await settleNames(store);
  for (const pack of spare) {
    if ((await onlyHere(store, pack, mark)).length === 0) await trash.unlinkPack(pack);
  }
  return count + lost.size;
}

/**
 * What is in use may have got there by a command that died before it made the name durable; another copy of it
 * in the trash goes only when that is.
 */
export async function settleNames({ disk, layout }: Store): Promise<void> {
  if (await disk.syncFilesystem(layout.objects)) return;
  for (const dir of [layout.packs, ...FAN_OUT.map((name) => `${layout.objects}/${name}`)]) {
    await disk.syncDir(dir);
  }
}

/** The objects of a pack in the trash that a mark reaches and that are not in use. */
export async function onlyHere(store: Store, pack: Pack, mark: Mark): Promise<ObjectId[]> {
  const found: ObjectId[] = [];
  for (const { id } of pack.index.entries()) {
    if (mark.reachable.has(id) && (await store.objects.sizeInUse(id)) === undefined) found.push(id);
  }
  return found;
}
