import { sha256 } from './hash.js';
import { BLOCK_RECORD_BYTES } from './pack-blocks.js';
import { ID_BYTES } from './pack-index.js';
import {
  encodeTrailer,
  MOST_PACKED_BLOCKS,
  MOST_PACKED_OBJECTS,
  PACK_TRAILER_BYTES,
  RECORD_BYTES,
  TRAILER_1_BYTES,
} from './pack-shape.js';

/** No index is longer. */
export const MOST_INDEX_BYTES =
  MOST_PACKED_OBJECTS * RECORD_BYTES + MOST_PACKED_BLOCKS * BLOCK_RECORD_BYTES + PACK_TRAILER_BYTES;

/** Two seconds with the longest index; few lengths fit by chance. */
const MOST_TRIED = 1000;

/** The lengths that an index may have here, each with its trailer, by what its records and blocks say of the rest. */
function* candidates(end: Buffer, size: number): Generator<Buffer> {
  let content = 0;
  for (let records = 1; records <= MOST_PACKED_OBJECTS; records++) {
    const from = end.length - TRAILER_1_BYTES - records * RECORD_BYTES;
    if (from < 0) break;
    const slot = from + ID_BYTES;
    content = Math.max(content, end.readUInt32BE(slot) + end.readUInt32BE(slot + 4));
    if (content !== size - (end.length - from)) continue;
    yield Buffer.concat([end.subarray(from, -TRAILER_1_BYTES), encodeTrailer(records, undefined)]);
  }
  let stored = 0;
  for (let blocks = 1; blocks <= MOST_PACKED_BLOCKS; blocks++) {
    const table = end.length - PACK_TRAILER_BYTES - blocks * BLOCK_RECORD_BYTES;
    if (table < 0) break;
    stored += end.readUInt32BE(table);
    const bytes = size - stored - (end.length - table);
    const from = table - bytes;
    if (bytes <= 0) break;
    if (bytes % RECORD_BYTES !== 0 || bytes > MOST_PACKED_OBJECTS * RECORD_BYTES || from < 0) continue;
    yield Buffer.concat([
      end.subarray(from, -PACK_TRAILER_BYTES),
      encodeTrailer(bytes / RECORD_BYTES, blocks),
    ]);
  }
}

/** The index of the pack of this name and size in bytes that ends so, if nothing of it but the trailer is damaged. */
export function findPackIndex(end: Buffer, size: number, name: string): Buffer | undefined {
  let tried = 0;
  for (const index of candidates(end, size)) {
    if (sha256(index) === name) return index;
    if (++tried === MOST_TRIED) break;
  }
  return undefined;
}
