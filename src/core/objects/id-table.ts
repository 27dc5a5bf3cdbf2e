import { BinaryTable } from './binary-table.js';
import type { ObjectId } from './ids.js';
import type { Digests } from './pack-index.js';

const ID_BYTES = 32;
const ID_WORDS = ID_BYTES / 4;

/**
 * A set of object ids, numbered in insertion order: 40 bytes each, none on the JavaScript heap, where a `Set` of
 * strings takes four times as much. A store has millions.
 */
export class IdTable extends BinaryTable implements Iterable<ObjectId> {
  constructor(expected?: number) {
    super(ID_BYTES, expected);
  }

  /** Adds the id; returns its number, which never changes. */
  add(id: ObjectId): number {
    this.wanted.write(id, 'hex');
    return this.addWanted();
  }

  /** Adds the id that is text at `at`. */
  addAt(text: Uint8Array, at: number): number {
    for (let n = 0, digit = at; n < ID_WORDS; n++, digit += 8) this.wantWord(n, text, digit, digit + 4);
    return this.addWanted();
  }

  /** The number of the id; -1 when absent. */
  numberOf(id: ObjectId): number {
    this.wanted.write(id, 'hex');
    return this.findWanted();
  }

  /** The numbers of ids that are had as bytes; -1 for those that are absent. */
  numbersOf({ bytes, stride, count }: Digests): Int32Array {
    return this.findAll(bytes, stride, count);
  }

  has(id: ObjectId): boolean {
    return this.numberOf(id) >= 0;
  }

  /** The id with this number. */
  at(row: number): ObjectId {
    return this.hexAt(row) as ObjectId;
  }

  *[Symbol.iterator](): Iterator<ObjectId> {
    for (let row = 0; row < this.size; row++) yield this.at(row);
  }
}
