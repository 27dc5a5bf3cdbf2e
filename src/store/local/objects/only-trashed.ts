import { sha256 } from '../../../core/objects/hash.js';
import type { ObjectId } from '../../../core/objects/ids.js';
import { isErrno, isHsError } from '../../../errors/hs-error.js';
import type { LocalParts } from '../local-parts.js';
import { AbsentObjects } from './absent-objects.js';
import type { Packed } from './packs.js';

/**
 * Those of many objects that are only in packs of the trash, with their bytes, which match the name and are valid until
 * the next is asked for. Found by one listing of what there is: a lookup of each fails in objects/, and lists the
 * trash, before it comes to them. What cannot be read so must be looked up.
 */
export async function* onlyTrashed(
  ids: Iterable<ObjectId>,
  parts: LocalParts,
): AsyncGenerator<readonly [id: ObjectId, bytes: Buffer], void> {
  for (const [id, packed] of await placesOf(ids, parts)) {
    const bytes = await bytesOf(id, packed);
    if (bytes !== undefined) yield [id, bytes];
  }
}

/** In the order of the files, so that each block is decompressed once. */
async function placesOf(ids: Iterable<ObjectId>, { disk, layout, files }: LocalParts) {
  const absent = new AbsentObjects(disk, layout);
  await files.packs?.refresh();
  const trashed = await files.trashedFiles();
  const batches = (await files.trashBatches()).map((batch) => files.packsOf(batch));
  for (const packs of batches) await packs?.refresh();
  const places: [ObjectId, Packed][] = [];
  for (const id of ids) {
    if (trashed.has(id) || (await files.packs?.findQuickly(id)) !== undefined) continue;
    if (!(await absent.includes(id)) && (await files.sizeOfFile(id)) !== undefined) continue;
    for (const packs of batches) {
      const packed = await packs?.find(id);
      if (packed === undefined) continue;
      places.push([id, packed]);
      break;
    }
  }
  return places.sort(([, a], [, b]) =>
    a.pack.name < b.pack.name ? -1 : a.pack.name > b.pack.name ? 1 : a.offset - b.offset,
  );
}

async function bytesOf(id: ObjectId, packed: Packed): Promise<Buffer | undefined> {
  try {
    const bytes = await packed.pack.read(packed);
    return sha256(bytes) === id ? bytes : undefined;
  } catch (e) {
    if (!isErrno(e, 'ENOENT', 'EIO') && !isHsError(e, 'INTEGRITY')) throw e;
    return undefined;
  }
}
