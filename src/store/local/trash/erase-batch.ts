import type { ObjectId } from '../../../core/objects/ids.js';
import type { Erasure, PurgeNote, TrashBatch, Working } from '../../port/reclaimer.js';
import type { LocalParts } from '../local-parts.js';
import type { WholePack } from '../objects/pack.js';
import { copyIntoUse, onlyHere, onlySoundHere, settleNames } from './rescue-batch.js';
import type { Trash } from './trash.js';

/** Deletes the contents of a batch, except packs with an object in use that could not be rewritten. */
export async function eraseBatch(
  parts: LocalParts,
  trash: Trash,
  batch: TrashBatch,
  { isInUse, isLast, counted, broughtBack }: Erasure,
  { progress, staging }: Pick<Working, 'progress' | 'staging'>,
): Promise<PurgeNote> {
  const sizes = new Map<ObjectId, number>();
  const files = (await trash.files(batch)).filter((id) => !isInUse(id));
  for (const id of files) sizes.set(id, (await trash.size(batch, id)) ?? 0);
  const packs: WholePack[] = [];
  const trashed = await trash.packs(batch);
  await copyIntoUse(parts, trashed, await onlySoundHere(parts, trashed, isInUse), staging);
  for (const pack of trashed) {
    // An object that could not be rewritten is damaged; its pack is kept (D8).
    if ((await onlyHere(parts, pack, isInUse)).length > 0) continue;
    packs.push(pack);
    for (const { id, size } of pack.index.entries()) if (!isInUse(id)) sizes.set(id, size);
  }
  for (const id of sizes.keys()) {
    if (counted.has(id)) sizes.delete(id);
    counted.add(id);
  }
  const note = await trash.notePurge(batch, {
    objects: sizes.size,
    size_bytes: [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0),
    brought_back: broughtBack,
  });
  const ids = (pack: WholePack) => [...pack.index.entries()].map((e) => e.id);
  const last = new Set(packs.filter((pack) => ids(pack).some(isLast)));
  if (packs.some((pack) => ids(pack).some(isInUse))) await settleNames(parts);
  progress.start('purging', files.length, 'objects');
  for (const id of files) {
    progress.advance(1);
    if (!isLast(id)) await trash.unlink(batch, id);
  }
  for (const pack of packs) if (!last.has(pack)) await trash.unlinkPack(pack);
  await trash.sync(batch);
  for (const pack of last) await trash.unlinkPack(pack);
  for (const id of files) if (isLast(id)) await trash.unlink(batch, id);
  await trash.sync(batch);
  return note;
}
