import { DAY_MS } from '../../core/duration.js';
import { type ObjectId, timestampMs } from '../../core/objects/ids.js';
import type { PurgeNote, Reclaimer, TrashBatch, Working } from '../port/reclaimer.js';
import type { Mark } from './mark.js';
import type { SeenTrash } from './reclaim-scope.js';

/** The result of a purge. */
export interface Purged {
  readonly batches: readonly string[];
  readonly objects: number;
  readonly size_bytes: number;
  readonly brought_back: number;
}

/** Whether the trash window has ended, by the system clock (D10). */
export function isDue(
  batch: TrashBatch,
  trashDays: number,
  nowMs: number,
  emptyTrash: boolean | SeenTrash,
): boolean {
  if (batch.seal === undefined) return false;
  if (batch.window === 'zero') return true;
  if (typeof emptyTrash === 'boolean' ? emptyTrash : emptyTrash.batches.has(batch.name)) return true;
  return timestampMs(batch.seal.sealed_at) + trashDays * DAY_MS <= nowMs;
}

/**
 * Indexes and manifests of removed artifacts, which mark other bytes as restricted. They are deleted last: the read
 * gate and the guard need them during a purge, and after one that was killed.
 */
async function identifyingObjects({ catalog }: Mark): Promise<ReadonlySet<ObjectId>> {
  const ids = new Set<ObjectId>();
  for await (const { removed, payload_type, content_hash, manifest } of catalog.provenGuarded()) {
    if (removed === undefined || payload_type === 'file') continue;
    ids.add(content_hash).add(manifest);
  }
  return ids;
}

/**
 * Deletes the contents of batches permanently, except what `stays`, which is restored: all that `mark` reaches. The mark
 * must be made after the last lease of their seals ended: it then includes what those commands committed, and every
 * later command finds the objects in the trash and restores them before it commits.
 */
export async function purge(
  reclaimer: Reclaimer,
  ready: readonly TrashBatch[],
  mark: Mark,
  stays: (id: ObjectId) => boolean,
  working: Working,
): Promise<Purged> {
  const identifying = await identifyingObjects(mark);
  const notes: PurgeNote[] = [];
  // A collection that died may have left one object in two batches.
  const counted = new Set<ObjectId>();
  for (const batch of ready) {
    const broughtBack = await reclaimer.rescue(batch, stays, working);
    const isLast = (id: ObjectId) => identifying.has(id);
    notes.push(await reclaimer.erase(batch, { isInUse: stays, isLast, counted, broughtBack }, working));
  }
  const sum = (of: (note: PurgeNote) => number) => notes.reduce((all, note) => all + of(note), 0);
  return {
    batches: ready.map((b) => b.name),
    objects: sum((n) => n.objects),
    size_bytes: sum((n) => n.size_bytes),
    brought_back: sum((n) => n.brought_back),
  };
}
