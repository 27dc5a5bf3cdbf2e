import type { ObjectId, Timestamp } from '../../core/objects/ids.js';
import type { IndexReader } from '../objects/index-reader.js';
import { lookUpAll } from '../objects/known-objects.js';
import type { Inventory, Unlistable } from '../port/inventory.js';
import type {
  GoesWith,
  Reclaimer,
  SweepRules,
  Swept,
  TakenOut,
  TrashBatch,
  UnusedObjects,
  Working,
} from '../port/reclaimer.js';
import { isMadeSince } from './batch-time.js';
import { keptIndexes, type Mark } from './mark.js';
import { NO_OBJECTS, sizesOf, totals } from './object-totals.js';
import { takesAll } from './reclaim-scope.js';
import { worthMoving } from './worth-moving.js';

/** The objects outside the trash that the mark does not reach. */
export async function unreachable(
  inventory: Inventory,
  mark: Mark,
  unlistable?: (what: Unlistable) => void,
): Promise<UnusedObjects[]> {
  const found: UnusedObjects[] = [];
  for await (const group of inventory.groups({ where: 'in use', ...(unlistable && { unlistable }) })) {
    const ids = lookUpAll(group, mark.reachable);
    if (ids.length > 0) found.push({ group, ids });
  }
  return found;
}

interface Removal {
  readonly seq: number;
  readonly at: Timestamp;
  readonly purge: boolean;
}

interface OutOfUse {
  /**
   * Whether the last removal of an artifact that names the object gave it no trash window (D7). An earlier
   * one no longer counts: what was put and removed again since can be restored.
   */
  readonly lastRemoval: ReadonlyMap<ObjectId, Removal>;
  /** Bytes, as stated by the ledger and the indexes. */
  readonly sizes: ReadonlyMap<ObjectId, number>;
  /** What any removal, the last or not, gave no trash window. */
  readonly purged: ReadonlySet<ObjectId>;
  /** By index: what it lists of the unreachable, which nothing knows to belong to its directory without it. */
  readonly members: ReadonlyMap<ObjectId, readonly ObjectId[]>;
}

/** What removed artifacts say about unreachable objects. */
export async function lastRemovals(
  { catalog }: Pick<Mark, 'catalog'>,
  indexes: IndexReader,
  outOfUse: { has(id: ObjectId): boolean },
): Promise<OutOfUse> {
  const lastRemoval = new Map<ObjectId, Removal>();
  const sizes = new Map<ObjectId, number>();
  const purged = new Set<ObjectId>();
  const members = new Map<ObjectId, readonly ObjectId[]>();
  const kept = new Set<ObjectId>();
  for await (const id of keptIndexes(catalog)) kept.add(id);
  for await (const { removed, ...record } of catalog.removed()) {
    const note = (id: ObjectId, size: number) => {
      sizes.set(id, size);
      const last = lastRemoval.get(id);
      if (removed?.purge) purged.add(id);
      if (removed === undefined || (last !== undefined && last.seq > removed.seq)) return;
      // One collection may remove an ordinary and a sensitive artifact with the same bytes.
      const purge = removed.purge || (last?.seq === removed.seq && last.purge);
      lastRemoval.set(id, { ...removed, purge });
    };
    for (const { manifest, size_bytes } of record.manifests) {
      if (outOfUse.has(manifest)) note(manifest, size_bytes);
    }
    // Once its index is purged its members are unknown, and purged as well.
    if (!outOfUse.has(record.content_hash) && !kept.has(record.content_hash)) continue;
    if (record.payload_type === 'file') note(record.content_hash, record.size_bytes);
    else {
      const found = await indexes.read(record.content_hash);
      const listed = (found === undefined ? [] : [found.index, ...found.members]).filter(({ id }) =>
        outOfUse.has(id),
      );
      for (const { id, size } of listed) note(id, size);
      members.set(
        record.content_hash,
        listed.map(({ id }) => id),
      );
    }
  }
  return { lastRemoval, sizes, purged, members };
}

/**
 * Which objects go for good with a batch that has them: none that `stays`. `isThere`: whether an object can be read. By
 * what the ledger says at the mark, and by the record of the batch only as far as the two agree: what was removed again
 * since the batch was made has an undo window that another batch begins, whoever wrote the record last.
 */
export async function goingWith(
  mark: Mark,
  stays: (id: ObjectId) => boolean,
  indexes: IndexReader,
  isThere: (id: ObjectId) => boolean,
): Promise<GoesWith> {
  const has = (id: ObjectId) => !stays(id) && isThere(id);
  const { lastRemoval } = await lastRemovals(mark, indexes, { has });
  return (id, { name }) => {
    if (stays(id)) return false;
    const last = lastRemoval.get(id);
    return last === undefined || last.purge || isMadeSince(name, last.at);
  };
}

export interface Sweep extends TakenOut {
  /** Unreachable, and left in packs that are not worth rewriting yet. */
  readonly unswept: Swept;
}

/**
 * Moves unreachable objects to the trash, each with the trash window of the last removal that released it, and then
 * consolidates the packs. `older` are the existing batches. What has a window stays in packs that are not worth
 * rewriting for it, unless the scope takes all.
 */
export async function trashUnreachable(
  { inventory, reclaimer }: { readonly inventory: Inventory; readonly reclaimer: Reclaimer },
  mark: Mark,
  indexes: IndexReader,
  older: readonly TrashBatch[],
  now: Timestamp,
  scope: Parameters<typeof takesAll>[0],
  working: Working,
): Promise<Sweep> {
  const damaged: string[] = [];
  const unused = await unreachable(inventory, mark, ({ pack, message, cause }) => {
    if (pack === undefined) throw cause;
    damaged.push(message);
  });
  // Not only where something is unused: the last collection may have died before it moved what leaves a batch.
  if (unused.length === 0 && older.length === 0) {
    await reclaimer.consolidate(working);
    return { batches: [], swept: NO_OBJECTS, unswept: NO_OBJECTS, left: damaged };
  }
  /** With the newest batch that has it, of those that are in the trash alone. */
  const outOfUse = new Map<ObjectId, string | undefined>();
  for await (const { objects, batch = '' } of inventory.groups({ where: 'trash' }))
    for (const { id } of objects) if (batch > (outOfUse.get(id) ?? '')) outOfUse.set(id, batch);
  for (const { ids } of unused) for (const id of ids) outOfUse.set(id, undefined);
  const { lastRemoval, sizes, purged, members } = await lastRemovals(mark, indexes, outOfUse);
  const seen = typeof scope.emptyTrash === 'boolean' ? undefined : scope.emptyTrash;
  const isInUse = (id: ObjectId) => mark.reachable.has(id);
  const rules: SweepRules = {
    isInUse,
    windowOf: (id) => {
      const last = lastRemoval.get(id);
      return last !== undefined && (last.purge || last.seq <= (seen?.seq ?? 0)) ? 'zero' : 'kept';
    },
    sizeOf: (id) => sizes.get(id),
    leaves: (id, { name, window }) => {
      const last = lastRemoval.get(id);
      if (last === undefined || isInUse(id)) return false;
      // With the batches that were seen goes what they have.
      if (window === 'kept' && rules.windowOf(id) === 'zero' && !seen?.batches.has(name)) return true;
      // In use meanwhile without being brought back: it was restored while it was moved here, and removed again.
      return !isMadeSince(name, last.at) && outOfUse.get(id) === name;
    },
  };
  // Nothing that was purged once stays, though another artifact with a window was the last to have it.
  const goes = (id: ObjectId) => takesAll(scope) || purged.has(id) || rules.windowOf(id) === 'zero';
  const { moved, unswept } = await worthMoving(unused, goes, (id) => members.get(id) ?? []);
  const taken = await reclaimer.moveToTrash(moved, rules, older, now, working);
  // Last, since it needs free space.
  await reclaimer.consolidate(working);
  return { ...taken, unswept: totals(await sizesOf(unswept)), left: [...damaged, ...taken.left] };
}
