import { BLOCK_RECORD_BYTES, PackBlocks } from './pack-blocks.js';

/**
 * Limits of one pack in the format (`man hsstore-format`): more is damage, and no memory is allocated for it. The
 * writer decides how large new packs become.
 */
export const MOST_PACKED_OBJECTS = 65_536;
export const MOST_PACKED_BYTES = 32 * 1024 * 1024;
/** The same with blocks: a pack may be of one long list. */
const MOST_CONTENT_BYTES = 512 * 1024 * 1024;
export const MOST_PACKED_BLOCKS = 65_536;

/** A record: the object id as 32 bytes, then offset and size as 4 bytes each, big-endian. */
export const RECORD_BYTES = 40;
const MAGIC_BYTES = 8;
/** Of a pack without blocks, and of one with them. */
const [MAGIC_1, MAGIC_2] = ['hs-pack1', 'hs-pack2'];
export const TRAILER_1_BYTES = 4 + MAGIC_BYTES;
const TRAILER_2_BYTES = 4 + 4 + MAGIC_BYTES;
/** Enough of the end of a pack to know its index by. */
export const PACK_TRAILER_BYTES = TRAILER_2_BYTES;

/** Undefined blocks: the content is not in blocks. */
export function encodeTrailer(records: number, blocks: number | undefined): Buffer {
  const counts = Buffer.alloc(blocks === undefined ? 4 : 8);
  counts.writeUInt32BE(records);
  if (blocks !== undefined) counts.writeUInt32BE(blocks, 4);
  return Buffer.concat([counts, Buffer.from(blocks === undefined ? MAGIC_1 : MAGIC_2)]);
}

/** Of what lengths the index of a pack is. */
export interface PackExtent {
  readonly records: number;
  /** Undefined: the content is not in blocks. */
  readonly blocks: number | undefined;
  /** Of the whole index. */
  readonly bytes: number;
}

/** What a pack that ends so has for an index; undefined when it is no pack, or claims more than one may hold. */
export function packExtent(end: Buffer): PackExtent | undefined {
  const magic = end.toString('latin1', Math.max(0, end.length - MAGIC_BYTES));
  const has = (bytes: number) => end.length >= bytes;
  const number = (fromEnd: number) => end.readUInt32BE(end.length - fromEnd);
  if (magic === MAGIC_1 && has(TRAILER_1_BYTES)) {
    const records = number(TRAILER_1_BYTES);
    if (records > MOST_PACKED_OBJECTS) return undefined;
    return { records, blocks: undefined, bytes: records * RECORD_BYTES + TRAILER_1_BYTES };
  }
  if (magic !== MAGIC_2 || !has(TRAILER_2_BYTES)) return undefined;
  const [records, blocks] = [number(TRAILER_2_BYTES), number(TRAILER_1_BYTES)];
  if (records > MOST_PACKED_OBJECTS || blocks > MOST_PACKED_BLOCKS) return undefined;
  return { records, blocks, bytes: records * RECORD_BYTES + blocks * BLOCK_RECORD_BYTES + TRAILER_2_BYTES };
}

/** Bytes of the index behind its records. */
export function tailBytes({ records, bytes }: PackExtent): number {
  return bytes - records * RECORD_BYTES;
}

/** What of a pack is known without its records: how many they are, and where its content is. */
export class PackShape {
  /** Number of its objects. */
  readonly length: number;
  /** Undefined: the content is in the file as it is. */
  readonly blocks: PackBlocks | undefined;
  /** Bytes of the content of the pack, in which the objects follow one another. */
  readonly contentBytes: number;
  /** Number of bytes before the index. */
  readonly dataBytes: number;

  /** `end` is the end of the pack from its blocks on, or from before them; the extent is that of this end. */
  constructor(end: Buffer, dataBytes: number) {
    const extent = packExtent(end)!;
    this.length = extent.records;
    this.dataBytes = dataBytes;
    const from = end.length - tailBytes(extent);
    this.blocks =
      extent.blocks === undefined
        ? undefined
        : new PackBlocks(end.subarray(from, from + extent.blocks * BLOCK_RECORD_BYTES));
    this.contentBytes = this.blocks?.contentBytes ?? dataBytes;
  }

  /** Size of the whole pack in bytes if its content were not in blocks. */
  get plainBytes(): number {
    return this.contentBytes + this.length * RECORD_BYTES + TRAILER_1_BYTES;
  }

  /** Whether it is no larger than a pack may be. */
  get isOfRightSize(): boolean {
    return this.contentBytes <= (this.blocks === undefined ? MOST_PACKED_BYTES : MOST_CONTENT_BYTES);
  }
}
