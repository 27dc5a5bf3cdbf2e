const LEAST_ROWS = 64;
const WORD_BYTES = 4;
const FACTOR = 0x9e3779b1;
/** Growing by half leaves less unused than doubling, and needs less room besides the old rows. */
const GROWTH = 1.5;
/** Looked up together, so that the processor waits for the memory of many at once. */
const MOST_TOGETHER = 128;
/** The value of each lowercase hexadecimal digit, by its code. */
const DIGITS = new Uint8Array(256);
for (const [value, digit] of [...'0123456789abcdef'].entries()) DIGITS[digit.charCodeAt(0)] = value;

/**
 * A set of binary strings of one width, numbered in insertion order: 8 to 16 bytes each besides their own, none on the
 * JavaScript heap. Subclasses write what is looked for to `wanted`.
 */
export class BinaryTable {
  readonly #width: number;
  /** The strings, one after the other; as words, which are compared without a call out of JavaScript. */
  #words: Int32Array;
  /**
   * Open addressing, at most half full: 0, or the number of a string plus one, in as many bits as number the slots, and
   * the upper bits of its hash in the rest, so that few others are looked at.
   */
  #slots: Int32Array;
  #size = 0;
  #bytes: Buffer | undefined;
  protected readonly wanted: Buffer;
  readonly #wantedWords: Int32Array;

  /** `width` in bytes, whole words; `expected` strings take no growing. */
  protected constructor(width: number, expected = 0) {
    const rows = Math.max(LEAST_ROWS, expected);
    this.#width = width / WORD_BYTES;
    this.#words = new Int32Array(rows * this.#width);
    this.#slots = new Int32Array(slotsFor(rows));
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

  #hashOf(words: Int32Array, at: number): number {
    let hash = 0;
    for (let i = 0; i < this.#width; i++) hash = Math.imul(hash ^ words[at + i]!, FACTOR);
    return hash ^ (hash >>> 15);
  }

  /** The slot of the string at `at` in `words`, which has that hash, or the free slot for it. */
  #slotOf(words: Int32Array, at: number, hash: number): number {
    const width = this.#width;
    const all = this.#words;
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const taken = slots[slot]!;
      if (taken === 0) return slot;
      if (((taken ^ hash) & ~mask) !== 0) continue;
      const start = ((taken & mask) - 1) * width;
      let i = 0;
      while (i < width && all[start + i] === words[at + i]) i++;
      if (i === width) return slot;
    }
  }

  #growRows(): void {
    const words = new Int32Array(Math.ceil(this.#size * GROWTH) * this.#width);
    words.set(this.#words);
    this.#words = words;
    this.#bytes = undefined;
  }

  #growSlots(): void {
    this.#slots = new Int32Array(slotsFor(this.#size + 1));
    const mask = this.#slots.length - 1;
    for (let row = 0; row < this.#size; row++) {
      const hash = this.#hashOf(this.#words, row * this.#width);
      let slot = hash & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = (hash & ~mask) | (row + 1);
    }
  }

  /** Makes a word of `wanted` from four hexadecimal digits at `low` and four at `high`. */
  protected wantWord(n: number, text: Uint8Array, low: number, high: number): void {
    this.#wantedWords[n] = halfWord(text, low) | (halfWord(text, high) << 16);
  }

  /** Adds `wanted`; returns its number, which never changes. */
  protected addWanted(): number {
    const hash = this.#hashOf(this.#wantedWords, 0);
    let slot = this.#slotOf(this.#wantedWords, 0, hash);
    if (this.#slots[slot] !== 0) return this.#rowIn(this.#slots[slot]!);
    if (2 * (this.#size + 1) > this.#slots.length) {
      this.#growSlots();
      slot = this.#slotOf(this.#wantedWords, 0, hash);
    }
    if (this.#size * this.#width === this.#words.length) this.#growRows();
    const start = this.#size * this.#width;
    for (let i = 0; i < this.#width; i++) this.#words[start + i] = this.#wantedWords[i]!;
    this.#size += 1;
    this.#slots[slot] = (hash & -this.#slots.length) | this.#size;
    return this.#size - 1;
  }

  /** -1 for a free slot. */
  #rowIn(taken: number): number {
    return (taken & (this.#slots.length - 1)) - 1;
  }

  /** The number of `wanted`; -1 when absent. */
  protected findWanted(): number {
    return this.#rowIn(this.#slots[this.#slotOf(this.#wantedWords, 0, this.#hashOf(this.#wantedWords, 0))]!);
  }

  /** The numbers of `count` strings, `stride` bytes apart; -1 for those that are absent. */
  protected findAll(bytes: Uint8Array, stride: number, count: number): Int32Array {
    const width = this.#width;
    const numbers = new Int32Array(count);
    const words = new Int32Array(MOST_TOGETHER * width);
    const hashes = new Int32Array(MOST_TOGETHER);
    const touched = new Int32Array(MOST_TOGETHER);
    const mask = this.#slots.length - 1;
    for (let from = 0; from < count; from += MOST_TOGETHER) {
      const most = Math.min(MOST_TOGETHER, count - from);
      for (let n = 0, to = 0, start = from * stride; n < most; n++, start += stride) {
        for (let i = 0, at = start; i < width; i++, at += WORD_BYTES) {
          words[to++] = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
        }
        hashes[n] = this.#hashOf(words, n * width);
      }
      // Loops that do nothing but load: slots, then strings, are in the cache when they are compared.
      for (let n = 0; n < most; n++) touched[n] = this.#slots[hashes[n]! & mask]!;
      for (let n = 0; n < most; n++) touched[n] = this.#words[Math.max(0, this.#rowIn(touched[n]!)) * width]!;
      for (let n = 0; n < most; n++) {
        numbers[from + n] = this.#rowIn(this.#slots[this.#slotOf(words, n * width, hashes[n]!)]!);
      }
    }
    return numbers;
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
