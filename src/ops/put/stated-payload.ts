import { type BundleIndex, decodeBundleIndex, MAX_INDEX_BYTES } from '../../core/objects/bundle-index.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { HsError, isHsError, prefixed } from '../../errors/hs-error.js';
import type { ObjectStore } from '../../store/objects/object-store.js';

/** Size in bytes of the file that a manifest states as its payload; OBJECT_MISSING. */
export async function statedSize(
  objects: ObjectStore,
  id: ObjectId,
  hint = 'hs hash-object -w FILE',
): Promise<number> {
  const size = await objects.size(id);
  if (size !== undefined) return size;
  throw new HsError('OBJECT_MISSING', `the payload ${id} is not in the store`, {
    hint: `store it first: ${hint}`,
  });
}

/** The index of the directory that a manifest states as its payload; OBJECT_MISSING, or INVALID_RECORD if it is none. */
export async function statedIndex(objects: ObjectStore, id: ObjectId): Promise<BundleIndex> {
  const hint = 'hs write-index DIR';
  await statedSize(objects, id, hint);
  try {
    return decodeBundleIndex(await objects.read(id, MAX_INDEX_BYTES));
  } catch (e) {
    if (!isHsError(e, 'INVALID_RECORD', 'UNSAFE_PATH')) throw e;
    throw prefixed(e, `the payload ${id} is not the index of a directory: `, `${hint} stores one`);
  }
}
