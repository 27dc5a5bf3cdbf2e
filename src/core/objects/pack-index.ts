import { HsError } from '../../errors/hs-error.js';
import { sha256 } from './hash.js';
import type { ObjectId } from './ids.js';
import { BLOCK_RECORD_BYTES, encodeBlocks, type PackBlock, PackBlocks } from './pack-blocks.js';

/** Position of one object's bytes in the content of a pack. */
export interface PackSlot {
  readonly offset: number;
  /** Size in bytes. */
  readonly size: number;
}

export interface PackEntry extends PackSlot {
  readonly id: ObjectId;
}

/** Ids as bytes: `count` of them, each `stride` bytes behind the one before. */
export interface Digests {
  readonly bytes: Buffer;
  readonly stride: number;
  readonly count: number;
}

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
export const ID_BYTES = 32;
/** Leading bytes of an id that fit exactly in one number. */
const KEY_BYTES = 6;
const KEY_DIGITS = 2 * KEY_BYTES;
const MAGIC_BYTES = 8;
/** Of a pack without blocks, and of one with them. */
const [MAGIC_1, MAGIC_2] = ['hs-pack1', 'hs-pack2'];
export const TRAILER_1_BYTES = 4 + MAGIC_BYTES;
const TRAILER_2_BYTES = 4 + 4 + MAGIC_BYTES;
/** Enough of the end of a pack to know its index by. */
export const PACK_TRAILER_BYTES = TRAILER_2_BYTES;

/**
 * The last part of a pack: its records in order of id, its blocks if it has any, and the trailer. Its SHA-256 is the
 * pack's name.
 */
export function encodePackIndex(entries: readonly PackEntry[], blocks?: readonly PackBlock[]): Buffer {
  const sorted = [...entries].sort((a, b) => (a.id < b.id ? -1 : 1));
  const records = Buffer.allocUnsafe(sorted.length * RECORD_BYTES);
  let at = 0;
  for (const { id, offset, size } of sorted) {
    records.write(id, at, 'hex');
    records.writeUInt32BE(offset, at + ID_BYTES);
    records.writeUInt32BE(size, at + ID_BYTES + 4);
    at += RECORD_BYTES;
  }
  const trailer = encodeTrailer(sorted.length, blocks?.length);
  return Buffer.concat(blocks === undefined ? [records, trailer] : [records, encodeBlocks(blocks), trailer]);
}

/** Undefined blocks: the content is not in blocks. */
export function encodeTrailer(records: number, blocks: number | undefined): Buffer {
  const counts = Buffer.alloc(blocks === undefined ? 4 : 8);
  counts.writeUInt32BE(records);
  if (blocks !== undefined) counts.writeUInt32BE(blocks, 4);
  return Buffer.concat([counts, Buffer.from(blocks === undefined ? MAGIC_1 : MAGIC_2)]);
}

interface Extent {
  readonly records: number;
  /** Undefined: the content is not in blocks. */
  readonly blocks: number | undefined;
  /** Of the whole index. */
  readonly bytes: number;
}

/** What a pack that ends so has for an index; undefined when it is no pack, or claims more than one may hold. */
function extentOf(end: Buffer): Extent | undefined {
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

/** Size in bytes of the index of a pack with this end, of `PACK_TRAILER_BYTES`; undefined when it is not one. */
export function packIndexBytes(end: Buffer): number | undefined {
  return extentOf(end)?.bytes;
}

/** The index of one pack, searched in its encoded form: a store may have millions of packed objects. */
export class PackIndex {
  readonly length: number;
  /** Undefined: the content is in the file as it is. */
  readonly blocks: PackBlocks | undefined;
  /** Bytes of the content of the pack, in which the objects follow one another. */
  readonly contentBytes: number;
  readonly #bytes: Buffer;
  /** Number of bytes before the index. */
  readonly #dataBytes: number;
  #order: Uint32Array | undefined;

  /** `bytes` end with the trailer and have the length it states. */
  constructor(bytes: Buffer, dataBytes: number) {
    const { records, blocks } = extentOf(bytes)!;
    this.#bytes = bytes;
    this.#dataBytes = dataBytes;
    this.length = records;
    const from = records * RECORD_BYTES;
    this.blocks =
      blocks === undefined
        ? undefined
        : new PackBlocks(bytes.subarray(from, from + blocks * BLOCK_RECORD_BYTES));
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

  #id(n: number): ObjectId {
    const at = n * RECORD_BYTES;
    return this.#bytes.toString('hex', at, at + ID_BYTES) as ObjectId;
  }

  #slot(n: number): PackSlot {
    const at = n * RECORD_BYTES + ID_BYTES;
    return { offset: this.#bytes.readUInt32BE(at), size: this.#bytes.readUInt32BE(at + 4) };
  }

  /** The first record whose id is not below `prefix`, as far as its first digits tell. */
  #lowerBound(prefix: string): number {
    const key = Number.parseInt(prefix.slice(0, KEY_DIGITS).padEnd(KEY_DIGITS, '0'), 16);
    let low = 0;
    for (let high = this.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.#bytes.readUIntBE(middle * RECORD_BYTES, KEY_BYTES) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  find(id: ObjectId): PackSlot | undefined {
    for (let n = this.#lowerBound(id); n < this.length; n++) {
      const found = this.#id(n);
      if (found === id) return this.#slot(n);
      if (found > id) break;
    }
    return undefined;
  }

  /** Its ids as they are stored, for a look at all of them. */
  get digests(): Digests {
    return { bytes: this.#bytes, stride: RECORD_BYTES, count: this.length };
  }

  /** The entries whose id starts with `prefix` (hexadecimal digits), in order of id. */
  *entries(prefix = ''): Iterable<PackEntry> {
    for (let n = prefix === '' ? 0 : this.#lowerBound(prefix); n < this.length; n++) {
      const id = this.#id(n);
      if (id.startsWith(prefix)) yield { id, ...this.#slot(n) };
      else if (id > prefix) break;
    }
  }

  /**
   * The numbers of the records in order of their bytes in the pack, an empty object first of those at one offset.
   * Sorted as numbers, in an eighth of the time of sorting the records.
   */
  inFileOrder(): Uint32Array {
    this.#order ??= this.#sorted();
    return this.#order;
  }

  #sorted(): Uint32Array {
    const keys = new Float64Array(this.length);
    for (let n = 0; n < this.length; n++) {
      const { offset, size } = this.#slot(n);
      keys[n] = (offset * 2 + Math.min(size, 1)) * MOST_PACKED_OBJECTS + n;
    }
    return Uint32Array.from(keys.sort(), (key) => key % MOST_PACKED_OBJECTS);
  }

  /** The record of this number. */
  entry(n: number): PackEntry {
    return { id: this.#id(n), ...this.#slot(n) };
  }

  /** Whether this is the index of that name once these ids are in the records of these numbers. */
  isNamed(name: string, ids: ReadonlyMap<number, ObjectId>): boolean {
    const bytes = Buffer.from(this.#bytes);
    for (const [n, id] of ids) bytes.write(id, n * RECORD_BYTES, 'hex');
    return sha256(bytes) === name;
  }

  /**
   * Throws INTEGRITY unless the index matches the pack's name, is strictly ordered, and its objects fill the pack
   * without gap or overlap. A lookup of one object does not need this: its own hash proves it.
   */
  verify(name: string): void {
    const damaged = (why: string) => new HsError('INTEGRITY', `pack ${name} is damaged: ${why}`);
    if (sha256(this.#bytes) !== name) throw damaged('its index does not match its name');
    for (let at = RECORD_BYTES; at < this.length * RECORD_BYTES; at += RECORD_BYTES) {
      const before = at - RECORD_BYTES;
      if (this.#bytes.compare(this.#bytes, at, at + ID_BYTES, before, before + ID_BYTES) >= 0) {
        throw damaged('its index is not sorted');
      }
    }
    if (this.blocks !== undefined && !(this.blocks.areSound && this.blocks.storedBytes === this.#dataBytes)) {
      throw damaged('its blocks do not fill it');
    }
    let end = 0;
    for (const n of this.inFileOrder()) {
      const { offset, size } = this.#slot(n);
      if (offset !== end) throw damaged('its objects do not follow one another');
      end += size;
    }
    if (end !== this.contentBytes) throw damaged('its objects do not fill it');
  }
}
