import type { ObjectId } from '../../../core/objects/ids.js';
import type { PackEntry } from '../../../core/objects/pack-index.js';
import { isErrno, isHsError } from '../../../errors/hs-error.js';
import type { Unlistable } from '../../port/inventory.js';
import type { Working } from '../../port/reclaimer.js';
import type { LocalParts } from '../local-parts.js';
import type { Pack, WholePack } from './pack.js';
import type { PackLimits } from './pack-writer.js';
import type { Packs } from './packs.js';
import { Repack } from './repack.js';
import { isSoundFile } from './sound-file.js';

/** The packs of a directory that have an intact index; reports the others, which are not touched (D8). */
export async function soundPacks(
  packs: Packs | undefined,
  unlistable: (what: Unlistable) => void = () => undefined,
): Promise<WholePack[]> {
  await packs?.refresh();
  const sound: WholePack[] = [];
  for (const pack of (await packs?.all()) ?? []) {
    try {
      pack.index.verify(pack.name);
      sound.push(pack);
    } catch (cause) {
      if (!isHsError(cause, 'INTEGRITY')) throw cause;
      unlistable({ pack: pack.name, message: cause.message, cause });
    }
  }
  for (const pack of packs?.unreadable ?? []) {
    unlistable({ pack, message: `pack ${pack} cannot be read`, cause: undefined });
  }
  return sound;
}

/**
 * Removes the copies in packs, and damaged files in the trash, of an object that has its own file. False when it has none, or a damaged one: it is read
 * again, since much may have happened since it was seen; and when a pack that has a copy cannot be read. One collector
 * at a time.
 */
export async function dropPackedCopies(parts: LocalParts, id: ObjectId, lease: string): Promise<boolean> {
  const { disk, files, layout } = parts;
  if (!(await isSoundFile(disk, layout.object(id), id))) return false;
  const to = (entry: PackEntry) => (entry.id === id ? undefined : layout.packs);
  const packs = await soundPacks(files.packs);
  const sources = packs.filter((p) => p.index.find(id) !== undefined).map((pack) => ({ pack, to }));
  const repack = new Repack(parts, lease);
  await repack.run(sources);
  for (const batch of await files.trashBatches()) {
    const path = layout.trashed(batch, id);
    const isDamaged = (await disk.find(path)) !== undefined && (await isSoundFile(disk, path, id)) === false;
    if (isDamaged) await disk.unlink(path);
  }
  return repack.damaged.length === 0;
}

/** Whether a pack is small enough to be merged with others. One full of tiny objects is not: it would not shrink. */
export function isSmall({ mostBytes, mostObjects }: PackLimits, { shape }: Pick<Pack, 'shape'>): boolean {
  return shape.plainBytes < mostBytes / 8 && shape.length < mostObjects / 2;
}

/** Packs small enough to merge; none while there are few. */
export function smallPacks<P extends Pack>({ limits }: LocalParts, packs: readonly P[]): readonly P[] {
  const small = packs.filter((pack) => isSmall(limits, pack));
  return small.length < limits.mergeFrom ? [] : small;
}

/** Merges small packs, if space allows: a lookup of a missing object searches every pack. */
export async function mergePacks(
  parts: LocalParts,
  packs: readonly WholePack[],
  { staging, signal }: Pick<Working, 'staging' | 'signal'>,
): Promise<void> {
  const sources = smallPacks(parts, packs).map((pack) => ({ pack, to: () => parts.layout.packs }));
  if (sources.length === 0) return;
  try {
    await new Repack(parts, await staging()).run(sources, signal);
  } catch (e) {
    if (!isErrno(e, 'ENOSPC', 'EDQUOT')) throw e;
  }
}
