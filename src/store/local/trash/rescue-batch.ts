import type { ObjectId } from '../../../core/objects/ids.js';
import type { TrashBatch, Working } from '../../port/reclaimer.js';
import { FAN_OUT } from '../layout.js';
import type { LocalParts } from '../local-parts.js';
import type { Pack } from '../objects/pack.js';
import { Repack, type Source } from '../objects/repack.js';
import type { Trash } from './trash.js';

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
  if (lost.size > 0) {
    const sources = packs.map((pack): Source => {
      return { pack, after: 'stays', to: ({ id }) => (lost.has(id) ? layout.packs : undefined) };
    });
    await new Repack(parts, await staging()).run(sources);
    await files.packs?.refresh();
  }
  // Packs whose objects are all in use again: keeping a second copy for a week is pointless.
  const spare = packs.filter((pack) => [...pack.index.entries()].every((e) => isInUse(e.id)));
  if (spare.length > 0) await settleNames(parts);
  for (const pack of spare) {
    if ((await onlyHere(parts, pack, isInUse)).length === 0) await trash.unlinkPack(pack);
  }
  return count + lost.size;
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
  pack: Pack,
  isInUse: (id: ObjectId) => boolean,
): Promise<ObjectId[]> {
  const found: ObjectId[] = [];
  for (const { id } of pack.index.entries()) {
    if (isInUse(id) && (await files.sizeInUse(id)) === undefined) found.push(id);
  }
  return found;
}
