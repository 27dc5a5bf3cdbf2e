import type { ObjectId } from '../../../core/objects/ids.js';
import type { TrashBatch, Working } from '../../port/reclaimer.js';
import { FAN_OUT } from '../layout.js';
import type { LocalParts } from '../local-parts.js';
import type { Pack } from '../objects/packs.js';
import { Repack, type Source } from '../objects/repack.js';
import type { Trash } from './trash.js';

/**
 * Puts back, durably, those objects of a batch that are in use; the number of them. What lies there in a
 * pack is written anew, unless it is in use already, as what was restored is.
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
  // Of what was restored nothing is out of use any more: a second copy for a week is of no use.
  const spare = packs.filter((pack) => [...pack.index.entries()].every((e) => isInUse(e.id)));
  if (spare.length > 0) await settleNames(parts);
  for (const pack of spare) {
    if ((await onlyHere(parts, pack, isInUse)).length === 0) await trash.unlinkPack(pack);
  }
  return count + lost.size;
}

/**
 * What is in use may have got there by a command that died before it made the name durable; another copy of it
 * in the trash goes only when that is.
 */
export async function settleNames({ disk, layout }: LocalParts): Promise<void> {
  if (await disk.syncFilesystem(layout.objects)) return;
  for (const dir of [layout.packs, ...FAN_OUT.map((name) => `${layout.objects}/${name}`)]) {
    await disk.syncDir(dir);
  }
}

/** The objects of a pack in the trash that are in use and lie nowhere else. */
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
