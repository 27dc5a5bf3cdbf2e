const LEAST_ROWS = 64;
const WORD_BYTES = 4;
/** The value of each lowercase hexadecimal digit, by its code. */
const DIGITS = new Uint8Array(256);
for (const [value, digit] of [...'0123456789abcdef'].entries()) DIGITS[digit.charCodeAt(0)] = value;

/**
 * A set of binary strings of one width, numbered in insertion order: 8 bytes each besides their own, none on the
 * JavaScript heap. Subclasses write what is looked for to `wanted`.
 */
export class BinaryTable {
  readonly #width: number;
  /** The strings, one after the other; as words, which are compared without a call out of JavaScript. */
  #words: Int32Array;
  /** Open addressing, at most half full: the number of a string plus one, or 0. */
  #slots: Uint32Array;
  #size = 0;
  #bytes: Buffer | undefined;
  protected readonly wanted: Buffer;
  readonly #wantedWords: Int32Array;

  /** `width` in bytes, whole words; `expected` strings take no growing. */
  protected constructor(width: number, expected = 0) {
    const rows = Math.max(LEAST_ROWS, expected);
    this.#width = width / WORD_BYTES;
    this.#words = new Int32Array(rows * this.#width);
    this.#slots = new Uint32Array(slotsFor(rows));
    this.#wantedWords = new Int32Array(this.#width);
    this.wanted = Buffer.from(this.#wantedWords.buffer);
  }

  get size(): number {
    return this.#size;
  }

  /** The strings, one after the other; another buffer once it grows. */
  protected get bytes(): Buffer {
    this.#bytes ??= Buffer.from(this.#words.buffer);
    return this.#bytes;
  }

  /** The slot of the string at `at` in `words`, or the free slot for it. */
  #slotOf(words: Int32Array, at: number): number {
    const width = this.#width;
    const all = this.#words;
    const slots = this.#slots;
    let hash = 0;
    for (let i = 0; i < width; i++) hash = Math.imul(hash ^ words[at + i]!, 0x9e3779b1);
    const mask = slots.length - 1;
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const row = slots[slot]! - 1;
      if (row < 0) return slot;
      const start = row * width;
      let i = 0;
      while (i < width && all[start + i] === words[at + i]) i++;
      if (i === width) return slot;
    }
  }

  #grow(): void {
    const rows = 2 * (this.#words.length / this.#width);
    const words = new Int32Array(rows * this.#width);
    words.set(this.#words);
    this.#words = words;
    this.#bytes = undefined;
    this.#slots = new Uint32Array(slotsFor(rows));
    for (let row = 0; row < this.#size; row++) {
      this.#slots[this.#slotOf(words, row * this.#width)] = row + 1;
    }
  }

  /** Makes a word of `wanted` from four hexadecimal digits at `low` and four at `high`. */
  protected wantWord(n: number, text: Uint8Array, low: number, high: number): void {
    this.#wantedWords[n] = halfWord(text, low) | (halfWord(text, high) << 16);
  }

  /** Adds `wanted`; returns its number, which never changes. */
  protected addWanted(): number {
    let slot = this.#slotOf(this.#wantedWords, 0);
    if (this.#slots[slot] !== 0) return this.#slots[slot]! - 1;
    if (this.#size * this.#width === this.#words.length) {
      this.#grow();
      slot = this.#slotOf(this.#wantedWords, 0);
    }
    const start = this.#size * this.#width;
    for (let i = 0; i < this.#width; i++) this.#words[start + i] = this.#wantedWords[i]!;
    this.#size += 1;
    this.#slots[slot] = this.#size;
    return this.#size - 1;
  }

  /** The number of `wanted`; -1 when absent. */
  protected findWanted(): number {
    return this.#slots[this.#slotOf(this.#wantedWords, 0)]! - 1;
  }

  protected hexAt(row: number): string {
    const width = this.#width * WORD_BYTES;
    return this.bytes.toString('hex', row * width, (row + 1) * width);
  }
}

/** Two bytes, the first one lowest. */
function halfWord(text: Uint8Array, at: number): number {
  const first = (DIGITS[text[at]!]! << 4) | DIGITS[text[at + 1]!]!;
  return first | (DIGITS[text[at + 2]!]! << 12) | (DIGITS[text[at + 3]!]! << 8);
}

/** A power of two, twice the rows. */
function slotsFor(rows: number): number {
  let slots = 2 * LEAST_ROWS;
  while (slots < 2 * rows) slots *= 2;
  return slots;
}
