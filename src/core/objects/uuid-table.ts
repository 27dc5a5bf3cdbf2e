import { BinaryTable } from './binary-table.js';

const ID_BYTES = 16;
const DIGIT_BITS = 16;
/** Fewer are sorted sooner than the digits are counted. */
const LEAST_FOR_RADIX = 20_000;

/** A set of UUIDs, numbered in insertion order: 24 bytes each, none on the JavaScript heap. */
export class UuidTable<Id extends string = string> extends BinaryTable {
  constructor(expected?: number) {
    super(ID_BYTES, expected);
  }

  #want(id: Id): void {
    const [a, b, c, d, e] = [
      id.slice(0, 8),
      id.slice(9, 13),
      id.slice(14, 18),
      id.slice(19, 23),
      id.slice(24),
    ];
    this.wanted.write(a + b + c + d + e, 'hex');
  }

  /** Adds the id; returns its number, which never changes. */
  add(id: Id): number {
    this.#want(id);
    return this.addWanted();
  }

  /** The number of the id; -1 when absent. */
  numberOf(id: Id): number {
    this.#want(id);
    return this.findWanted();
  }

  /** The id with this number. */
  at(row: number): Id {
    const hex = this.hexAt(row);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as Id;
  }

  /** The numbers in order of id. By radix: comparing a million ids would take seconds. */
  inOrder(): Uint32Array {
    const { bytes, size } = this;
    let order = new Uint32Array(size);
    for (let row = 0; row < size; row++) order[row] = row;
    if (size < LEAST_FOR_RADIX) {
      const end = (row: number) => (row + 1) * ID_BYTES;
      return order.sort((a, b) => bytes.compare(bytes, b * ID_BYTES, end(b), a * ID_BYTES, end(a)));
    }
    let next = new Uint32Array(size);
    for (let digit = ID_BYTES - 2; digit >= 0; digit -= 2) {
      const starts = new Uint32Array((1 << DIGIT_BITS) + 1);
      for (let row = 0; row < size; row++) starts[bytes.readUInt16BE(row * ID_BYTES + digit) + 1]!++;
      for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
      for (let i = 0; i < size; i++) {
        const row = order[i]!;
        next[starts[bytes.readUInt16BE(row * ID_BYTES + digit)]!++] = row;
      }
      [order, next] = [next, order];
    }
    return order;
  }
}
