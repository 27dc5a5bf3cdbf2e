import { sha256 } from '../../../core/objects/hash.js';
import type { ObjectId } from '../../../core/objects/ids.js';
import type { PackSlot } from '../../../core/objects/pack-index.js';
import { isErrno, isHsError } from '../../../errors/hs-error.js';
import type { TrashBatch, Working } from '../../port/reclaimer.js';
import { FAN_OUT } from '../layout.js';
import type { LocalParts } from '../local-parts.js';
import type { Pack, WholePack } from '../objects/pack.js';
import { type PackMove, Repack } from '../objects/repack.js';
import { isSoundFile } from '../objects/sound-file.js';
import type { Trash } from './trash.js';

/** Packs in use that are open besides those that already were. */
const MOST_REOPENED = 32;

/**
 * Durably puts back the objects of a batch that are in use; returns their number. Objects in a pack are rewritten,
 * unless already in use, as after a restore.
 */
export async function rescueBatch(
  parts: LocalParts,
  trash: Trash,
  batch: TrashBatch,
  isInUse: (id: ObjectId) => boolean,
  { staging }: Pick<Working, 'staging'>,
): Promise<number> {
  const { disk, layout, files } = parts;
  const dirs = new Set<string>();
  let count = 0;
  for (const id of await trash.files(batch)) {
    if (!isInUse(id) || !(await trash.bringBack(batch, id))) continue;
    dirs.add(layout.objectDir(id));
    count += 1;
  }
  for (const dir of dirs) await disk.syncDir(dir);
  await files.packs?.refresh();
  const lost = new Set<ObjectId>();
  const packs = await trash.packs(batch);
  for (const pack of packs) for (const id of await onlyHere(parts, pack, isInUse)) lost.add(id);
  await copyIntoUse(parts, packs, lost, staging);
  // Packs whose objects are all in use again: keeping a second copy for a week is pointless.
  const spare = packs.filter((pack) => [...pack.index.entries()].every((e) => isInUse(e.id)));
  await copyIntoUse(parts, spare, await onlySoundHere(parts, spare, isInUse), staging);
  if (spare.length > 0) await settleNames(parts);
  for (const pack of spare) {
    if ((await onlyHere(parts, pack, isInUse)).length === 0) await trash.unlinkPack(pack);
  }
  return count + lost.size;
}

/** Writes these objects of trashed packs into new packs in use. */
export async function copyIntoUse(
  parts: LocalParts,
  packs: readonly WholePack[],
  ids: ReadonlySet<ObjectId>,
  staging: Working['staging'],
): Promise<void> {
  if (ids.size === 0) return;
  const { layout, files } = parts;
  const sources = packs.map((pack): PackMove => {
    return { pack, after: 'stays', to: ({ id }) => (ids.has(id) ? layout.packs : undefined) };
  });
  await new Repack(parts, await staging()).run(sources);
  await files.packs?.refresh();
}

/**
 * Objects in use whose copies in use are all damaged, unlike that in one of these trashed packs. Reads them: their
 * copies in the trash are about to be removed.
 */
export async function onlySoundHere(
  { disk, layout, files }: LocalParts,
  packs: readonly WholePack[],
  isInUse: (id: ObjectId) => boolean,
): Promise<ReadonlySet<ObjectId>> {
  const found = new Set<ObjectId>();
  const { packs: inUse } = files;
  await inUse?.refresh();
  const reopened = new Set<Pack>();
  const closeReopened = async () => {
    for (const pack of reopened) await pack.close();
    reopened.clear();
  };
  const isSoundInUse = async (pack: Pack, slot: PackSlot, id: ObjectId) => {
    if (!pack.isOpen) {
      if (reopened.size === MOST_REOPENED) await closeReopened();
      reopened.add(pack);
    }
    return isSoundIn(pack, slot, id);
  };
  const hasSoundPacked = async (id: ObjectId) => {
    const first = inUse?.findAgain(id) ?? (await inUse?.find(id));
    if (first === undefined) return false;
    if (await isSoundInUse(first.pack, first, id)) return true;
    for (const other of await inUse!.all()) {
      const slot = other === first.pack ? undefined : other.index.find(id);
      if (slot !== undefined && (await isSoundInUse(other, slot, id))) return true;
    }
    return false;
  };
  for (const pack of packs) {
    for (const n of pack.index.inFileOrder()) {
      const entry = pack.index.entry(n);
      const { id } = entry;
      if (!isInUse(id) || found.has(id) || (await isSoundFile(disk, layout.object(id), id))) continue;
      if (!(await hasSoundPacked(id)) && (await isSoundIn(pack, entry, id))) found.add(id);
    }
    await pack.close();
  }
  await closeReopened();
  return found;
}

async function isSoundIn(pack: Pack, slot: PackSlot, id: ObjectId): Promise<boolean> {
  try {
    return sha256(await pack.read(slot)) === id;
  } catch (e) {
    if (!isHsError(e, 'INTEGRITY') && !isErrno(e, 'ENOENT', 'EIO', 'EACCES', 'EPERM')) throw e;
    return false;
  }
}

/**
 * An object in use may have been placed by a command that died before its name was durable; other copies in the trash
 * may only be removed once it is.
 */
export async function settleNames({ disk, layout }: LocalParts): Promise<void> {
  if (await disk.syncFilesystem(layout.objects)) return;
  for (const dir of [layout.packs, ...FAN_OUT.map((name) => `${layout.objects}/${name}`)]) {
    await disk.syncDir(dir);
  }
}

/** Objects of a trashed pack that are in use and exist nowhere else. */
export async function onlyHere(
  { files }: LocalParts,
  pack: WholePack,
  isInUse: (id: ObjectId) => boolean,
): Promise<ObjectId[]> {
  const found: ObjectId[] = [];
  for (const { id } of pack.index.entries()) {
    if (isInUse(id) && (await files.sizeInUse(id)) === undefined) found.push(id);
  }
  return found;
}
