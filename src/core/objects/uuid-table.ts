import { BinaryTable } from './binary-table.js';

const ID_BYTES = 16;
const DASH = 0x2d;
const DIGITS = Buffer.from('0123456789abcdef', 'latin1');
const DIGIT_BITS = 16;
/** Sorted by digits; the rest by comparison. */
const RADIX_BYTES = 6;
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

  /** Adds the id that is text at `at`. */
  addAt(text: Uint8Array, at: number): number {
    // The dashes are at 8, 13, 18 and 23.
    this.wantWord(0, text, at, at + 4);
    this.wantWord(1, text, at + 9, at + 14);
    this.wantWord(2, text, at + 19, at + 24);
    this.wantWord(3, text, at + 28, at + 32);
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

  /** Writes the id with this number to `into` at `at`; where it ends. */
  write(row: number, into: Uint8Array, at: number): number {
    const { bytes } = this;
    let end = at;
    for (let i = 0; i < ID_BYTES; i++) {
      if (i === 4 || i === 6 || i === 8 || i === 10) into[end++] = DASH;
      const byte = bytes[row * ID_BYTES + i]!;
      into[end++] = DIGITS[byte >> 4]!;
      into[end++] = DIGITS[byte & 15]!;
    }
    return end;
  }

  /** The numbers in order of id. By radix: comparing a million ids would take seconds. */
  inOrder(): Uint32Array {
    const { bytes, size } = this;
    let order = new Uint32Array(size);
    for (let row = 0; row < size; row++) order[row] = row;
    const end = (row: number) => (row + 1) * ID_BYTES;
    const compare = (a: number, b: number) =>
      bytes.compare(bytes, b * ID_BYTES, end(b), a * ID_BYTES, end(a));
    if (size < LEAST_FOR_RADIX) return order.sort(compare);
    let next = new Uint32Array(size);
    const digits = new Uint16Array(size);
    for (let digit = RADIX_BYTES - 2; digit >= 0; digit -= 2) {
      const starts = new Uint32Array((1 << DIGIT_BITS) + 1);
      for (let row = 0, at = digit; row < size; row++, at += ID_BYTES) {
        digits[row] = (bytes[at]! << 8) | bytes[at + 1]!;
        starts[digits[row]! + 1]!++;
      }
      for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
      for (const row of order) next[starts[digits[row]!]!++] = row;
      [order, next] = [next, order];
    }
    // Random ids differ in these bytes already.
    const isSame = (a: number, b: number) => {
      for (let i = 0; i < RADIX_BYTES; i++) {
        if (bytes[a * ID_BYTES + i] !== bytes[b * ID_BYTES + i]) return false;
      }
      return true;
    };
    for (let from = 0, to = 1; to <= size; to++) {
      if (to < size && isSame(order[from]!, order[to]!)) continue;
      if (to - from > 1) order.subarray(from, to).sort(compare);
      from = to;
    }
    return order;
  }
}
