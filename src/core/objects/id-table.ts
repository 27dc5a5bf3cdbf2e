import type { ObjectId } from './ids.js';

const ID_BYTES = 32;
const UUID_BYTES = 16;
const LEAST_ROWS = 64;

/**
 * A set of object ids, numbered in insertion order: 40 bytes each, none on the JavaScript heap, where a `Set` of
 * strings takes four times as much. A store has millions.
 */
export class IdTable implements Iterable<ObjectId> {
  readonly #width: number;
  #ids: Buffer;
  /** Open addressing, at most half full: the number of an id plus one, or 0. */
  #slots = new Uint32Array(2 * LEAST_ROWS);
  #size = 0;
  readonly #wanted: Buffer;

  /** Bytes of an id. */
  constructor(width = ID_BYTES) {
    this.#width = width;
    this.#ids = Buffer.allocUnsafeSlow(LEAST_ROWS * width);
    this.#wanted = Buffer.allocUnsafeSlow(width);
  }

  get size(): number {
    return this.#size;
  }

  /**
   * The slot of the id at `at` in `bytes`, or the free slot for it. Ids are uniformly distributed and need no
   * hashing.
   */
  #slotOf(bytes: Buffer, at: number): number {
    const width = this.#width;
    const mask = this.#slots.length - 1;
    for (let slot = bytes.readUInt32LE(at) & mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot]! - 1;
      if (row < 0) return slot;
      const start = row * width;
      if (bytes.compare(this.#ids, start, start + width, at, at + width) === 0) return slot;
    }
  }

  #grow(): void {
    const rows = 2 * (this.#ids.length / this.#width);
    const ids = Buffer.allocUnsafeSlow(rows * this.#width);
    this.#ids.copy(ids);
    this.#ids = ids;
    this.#slots = new Uint32Array(2 * rows);
    for (let row = 0; row < this.#size; row++) this.#slots[this.#slotOf(ids, row * this.#width)] = row + 1;
  }

  /** Adds the id; returns its number, which never changes. */
  add(id: ObjectId): number {
    this.#wanted.write(id, 'hex');
    let slot = this.#slotOf(this.#wanted, 0);
    if (this.#slots[slot] !== 0) return this.#slots[slot]! - 1;
    if (this.#size * this.#width === this.#ids.length) {
      this.#grow();
      slot = this.#slotOf(this.#wanted, 0);
    }
    this.#wanted.copy(this.#ids, this.#size * this.#width);
    this.#size += 1;
    this.#slots[slot] = this.#size;
    return this.#size - 1;
  }

  /** The number of the id; -1 when absent. */
  numberOf(id: ObjectId): number {
    this.#wanted.write(id, 'hex');
    return this.#slots[this.#slotOf(this.#wanted, 0)]! - 1;
  }

  has(id: ObjectId): boolean {
    return this.numberOf(id) >= 0;
  }

  /** The id with this number. */
  at(row: number): ObjectId {
    return this.#ids.toString('hex', row * this.#width, (row + 1) * this.#width) as ObjectId;
  }

  *[Symbol.iterator](): Iterator<ObjectId> {
    for (let row = 0; row < this.#size; row++) yield this.at(row);
  }
}

/** A set of UUIDs, numbered in insertion order: 24 bytes each. */
export class UuidTable {
  readonly #ids = new IdTable(UUID_BYTES);

  get size(): number {
    return this.#ids.size;
  }

  /** Adds the id; returns its number, which never changes. */
  add(id: string): number {
    return this.#ids.add(hexOf(id));
  }

  /** The number of the id; -1 when absent. */
  numberOf(id: string): number {
    return this.#ids.numberOf(hexOf(id));
  }
}

function hexOf(uuid: string): ObjectId {
  return (uuid.slice(0, 8) +
    uuid.slice(9, 13) +
    uuid.slice(14, 18) +
    uuid.slice(19, 23) +
    uuid.slice(24)) as ObjectId;
}
