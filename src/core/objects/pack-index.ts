import { HsError } from '../../errors/hs-error.js';
import { sha256 } from './hash.js';
import type { ObjectId } from './ids.js';
import { encodeBlocks, type PackBlock } from './pack-blocks.js';
import { encodeTrailer, MOST_PACKED_OBJECTS, PackShape, packExtent, RECORD_BYTES } from './pack-shape.js';

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

export const ID_BYTES = 32;
/** Leading bytes of an id that fit exactly in one number. */
export const KEY_BYTES = 6;
const KEY_DIGITS = 2 * KEY_BYTES;

/** The number that the first bytes of an id are; of a shorter prefix, the lowest. */
export function keyOf(prefix: string): number {
  return Number.parseInt(prefix.slice(0, KEY_DIGITS).padEnd(KEY_DIGITS, '0'), 16);
}

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

/** Size in bytes of the index of a pack with this end, of `PACK_TRAILER_BYTES`; undefined when it is not one. */
export function packIndexBytes(end: Buffer): number | undefined {
  return packExtent(end)?.bytes;
}

/** Where an object is, if it is one of these records, which follow one another. */
export function findRecord(records: Buffer, id: ObjectId): PackSlot | undefined {
  const wanted = Buffer.from(id, 'hex');
  for (let at = 0; at + RECORD_BYTES <= records.length; at += RECORD_BYTES) {
    if (wanted.compare(records, at, at + ID_BYTES) !== 0) continue;
    return { offset: records.readUInt32BE(at + ID_BYTES), size: records.readUInt32BE(at + ID_BYTES + 4) };
  }
  return undefined;
}

/** The index of one pack, searched in its encoded form: a store may have millions of packed objects. */
export class PackIndex extends PackShape {
  readonly #bytes: Buffer;
  #order: Uint32Array | undefined;

  /** `bytes` end with the trailer and have the length it states. */
  constructor(bytes: Buffer, dataBytes: number) {
    super(bytes, dataBytes);
    this.#bytes = bytes;
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
    const key = keyOf(prefix);
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
    if (this.blocks !== undefined && !(this.blocks.areSound && this.blocks.storedBytes === this.dataBytes)) {
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
