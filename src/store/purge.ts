import { type ObjectId, timestampMs } from '../core/ids.js';
import { noProgress, type ProgressSink } from '../core/ports.js';
import type { Leases } from './leases.js';
import type { Mark } from './mark.js';
import type { Pack } from './packs.js';
import type { Store } from './store.js';
import { bringBackReachable, onlyHere, settleNames } from './sweep.js';
import type { Trash, TrashBatch } from './trash.js';

const DAY = 86_400_000;
/** How often a purge without a window looks whether the leases it waits for are gone. */
const POLL_MS = 25;

/** What was unlinked for good. */
export interface Purged {
  readonly batches: readonly string[];
  readonly objects: number;
  readonly size_bytes: number;
  readonly brought_back: number;
}

/** A batch that is due, but that a command which was at work when it was sealed may still need. */
export interface PendingPurge {
  readonly batch: string;
  readonly objects: number;
  readonly leases: readonly string[];
}

/** Whether the time to undo is over, by the system's clock (D10). */
export function isDue(batch: TrashBatch, trashDays: number, nowMs: number, emptyTrash: boolean): boolean {
  if (batch.seal === undefined) return false;
  if (emptyTrash || batch.window === 'zero') return true;
  return timestampMs(batch.seal.sealed_at) + trashDays * DAY <= nowMs;
}

/** The leases of a seal whose owners may live. A dead one is left for the next writing command to finish. */
async function alive(leases: Leases, batch: TrashBatch): Promise<string[]> {
  const living: string[] = [];
  for (const token of batch.seal?.leases ?? []) {
    if (!(await leases.exists(token))) continue;
    const dead = await leases.judge(token);
    if (dead !== undefined) await dead.leave();
    // Gone between the two looks is gone too.
    else if (await leases.exists(token)) living.push(token);
  }
  return living;
}

export interface Patience {
  readonly ms: number;
  /** Resolves after `ms`. */
  wait(ms: number): Promise<void>;
}

/** Splits due batches into those that nobody can need and those that wait for a lease. */
export async function awaitLeases(
  store: Store,
  trash: Trash,
  due: readonly TrashBatch[],
  patience: Patience,
): Promise<{ ready: TrashBatch[]; pending: PendingPurge[] }> {
  for (let waited = 0; ; waited += POLL_MS) {
    const ready: TrashBatch[] = [];
    const waiting: { batch: TrashBatch; leases: string[] }[] = [];
    for (const batch of due) {
      const leases = await alive(store.leases, batch);
      if (leases.length === 0) ready.push(batch);
      else waiting.push({ batch, leases });
    }
    if (waiting.length === 0 || waited >= patience.ms) {
      const pending: PendingPurge[] = [];
      for (const { batch, leases } of waiting) {
        pending.push({ batch: batch.name, objects: (await trash.contents(batch)).length, leases });
      }
      return { ready, pending };
    }
    await patience.wait(POLL_MS);
  }
}

/**
 * What says of other bytes that they are restricted: indexes and manifests of what was removed. They go last,
 * since the read gate and the guard go by them, also while a purge is under way and when one was killed.
 */
function tellingOf({ catalog }: Mark): ReadonlySet<ObjectId> {
  const ids = new Set<ObjectId>();
  for (const { removed, payload_type, content_hash, manifest } of catalog.guarded()) {
    if (removed === undefined || payload_type === 'file') continue;
    ids.add(content_hash).add(manifest);
  }
  return ids;
}

/**
 * Unlinks what batches hold, but for what `mark` reaches, which goes back. The mark must be made after
 * the last lease of their seals was gone: what those commands committed is in it, and every later
 * command finds the objects in the trash and takes them back before it commits.
 */
export async function purge(
  store: Store,
  trash: Trash,
  ready: readonly TrashBatch[],
  mark: Mark,
  staging: () => Promise<string>,
  progress: ProgressSink = noProgress,
): Promise<Purged> {
  let objects = 0;
  let bytes = 0;
  let back = 0;
  // A collection that died may have left an object in two batches.
  const told = new Set<ObjectId>();
  const telling = tellingOf(mark);
  for (const batch of ready) {
    const returned = await bringBackReachable(store, trash, batch, mark, staging);
    const sizes = new Map<ObjectId, number>();
    const files = (await trash.files(batch)).filter((id) => !mark.reachable.has(id));
    for (const id of files) sizes.set(id, (await trash.size(batch, id)) ?? 0);
    const packs: Pack[] = [];
    for (const pack of await trash.packs(batch)) {
      // What could not be written anew is damaged, and stays (D8).
      if ((await onlyHere(store, pack, mark)).length > 0) continue;
      packs.push(pack);
      for (const { id, size } of pack.index.entries()) if (!mark.reachable.has(id)) sizes.set(id, size);
    }
    for (const id of sizes.keys()) {
      if (told.has(id)) sizes.delete(id);
      told.add(id);
    }
    const size = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
    // A purge that was begun before it died decided the figures then.
    const { purge: note } =
      batch.purge === undefined
        ? await trash.notePurge(batch, { objects: sizes.size, size_bytes: size, brought_back: returned })
        : batch;
    const isShared = (pack: Pack) => [...pack.index.entries()].some((e) => mark.reachable.has(e.id));
    if (packs.some(isShared)) await settleNames(store);
    const isLast = (pack: Pack) => [...telling].some((id) => pack.index.find(id) !== undefined);
    progress.start('purging', files.length, 'objects');
    for (const id of files) {
      progress.advance(1);
      if (!telling.has(id)) await trash.unlink(batch, id);
    }
    for (const pack of packs) if (!isLast(pack)) await trash.unlinkPack(pack);
    await trash.sync(batch);
    for (const pack of packs) if (isLast(pack)) await trash.unlinkPack(pack);
    for (const id of files) if (telling.has(id)) await trash.unlink(batch, id);
    await trash.sync(batch);
    objects += note!.objects;
    bytes += note!.size_bytes;
    back += note!.brought_back;
  }
  return { batches: ready.map((b) => b.name), objects, size_bytes: bytes, brought_back: back };
}
