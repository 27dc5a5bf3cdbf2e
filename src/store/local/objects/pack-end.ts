import { findPackIndex, MOST_INDEX_BYTES } from '../../../core/objects/find-pack-index.js';
import type { ObjectId } from '../../../core/objects/ids.js';
import { PackIndex } from '../../../core/objects/pack-index.js';
import { PackShape, packExtent, tailBytes } from '../../../core/objects/pack-shape.js';
import type { DiskFile } from '../../../fsx/disk.js';
import { readAt } from './read-at.js';

/** Enough for the whole index of most packs of a small store, and for all but the records of nearly any. */
const END_BYTES = 16 * 1024;

/** The index as the trailer says, or of one that is longer than what is read at once, all but its records. */
export async function statedShape(file: DiskFile, size: number): Promise<PackShape | undefined> {
  const bytes = Math.min(size, END_BYTES);
  const end = await readAt(file, size - bytes, bytes);
  const extent = end && packExtent(end);
  if (extent === undefined || extent.bytes > size) return undefined;
  const dataBytes = size - extent.bytes;
  if (extent.bytes <= bytes)
    return new PackIndex(Buffer.from(end!.subarray(bytes - extent.bytes)), dataBytes);
  const tail = tailBytes(extent);
  const rest = tail <= bytes ? end : await readAt(file, size - tail, tail);
  return rest && new PackShape(rest, dataBytes);
}

/** The bytes of an index of that name that is near the end of the file, whatever the trailer says. */
export async function foundIndex(file: DiskFile, size: number, name: ObjectId): Promise<Buffer | undefined> {
  const bytes = Math.min(size, MOST_INDEX_BYTES);
  const end = await readAt(file, size - bytes, bytes);
  return end && findPackIndex(end, size, name);
}
