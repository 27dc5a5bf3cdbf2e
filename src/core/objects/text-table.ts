import { float64, GrowingColumn, uint8, uint32 } from './growing-column.js';

const LEAST_SLOTS = 1024;

/**
 * A set of byte strings of any length, numbered in insertion order: 12 bytes each besides their own, none on the
 * JavaScript heap.
 */
export class TextTable {
  readonly #bytes = new GrowingColumn(uint8);
  /** Where each ends; beyond 4 GiB too. */
  readonly #ends = new GrowingColumn(float64);
  readonly #hashes = new GrowingColumn(uint32);
  /** Open addressing, at most half full: the number of a string plus one, or 0. */
  #slots = new Uint32Array(LEAST_SLOTS);

  get size(): number {
    return this.#ends.length;
  }

  #grow(): void {
    this.#slots = new Uint32Array(2 * this.#slots.length);
    const mask = this.#slots.length - 1;
    for (let n = 0; n < this.size; n++) {
      let slot = this.#hashes.values[n]! & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = n + 1;
    }
  }

  #isAt(n: number, first: number, text: Uint8Array, from: number, to: number): boolean {
    const all = this.#bytes.values;
    const start = n === 0 ? 0 : this.#ends.values[n - 1]!;
    if (this.#ends.values[n]! - start !== to - from + 1 || all[start] !== first) return false;
    for (let i = from, at = start + 1; i < to; i++, at++) if (all[at] !== text[i]) return false;
    return true;
  }

  /** Adds the byte `first` and the bytes from `from` to `to` as one string; its number. */
  add(first: number, text: Uint8Array, from: number, to: number): number {
    let hash = Math.imul(0x811c9dc5 ^ first, 0x01000193);
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ text[i]!, 0x01000193);
    hash = (hash ^ (hash >>> 15)) >>> 0;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const n = this.#slots[slot]! - 1;
      if (this.#hashes.values[n] === hash && this.#isAt(n, first, text, from, to)) return n;
    }
    this.#bytes.push(first);
    for (let i = from; i < to; i++) this.#bytes.push(text[i]!);
    this.#ends.push(this.#bytes.length);
    this.#hashes.push(hash);
    this.#slots[slot] = this.size;
    if (2 * this.size >= this.#slots.length) this.#grow();
    return this.size - 1;
  }
}
