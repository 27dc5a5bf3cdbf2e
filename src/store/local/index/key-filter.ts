import { NEWLINE, TAB } from '../../../core/catalog/row-lines.js';

/** Bits per key, for one false positive in a hundred. */
const BITS_PER_KEY = 10;
const PROBES = 4;
const LEAST_KEYS = 1024;

/** FNV-1a, 32 bits. */
const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;
const finish = (h: number) => (h ^ (h >>> 15)) >>> 0;

function hash(key: string): number {
  let h = BASIS;
  for (let i = 0; i < key.length; i++) h = Math.imul(h ^ key.charCodeAt(i), PRIME);
  return finish(h);
}

/** The step between probes, derived from the same hash. */
const stepOf = (h: number) => (Math.imul(h ^ (h >>> 16), 0x85ebca6b) | 1) >>> 0;

function note(bits: Buffer, h: number): void {
  const step = stepOf(h);
  for (let i = 0, at = h; i < PROBES; i++, at = (at + step) >>> 0) {
    const bit = at % (bits.length * 8);
    bits[bit >>> 3]! |= 1 << (bit & 7);
  }
}

class Builder {
  #hashes = new Uint32Array(LEAST_KEYS);
  #size = 0;

  /** Adds the key of the line at `at`; returns where the key ends. */
  addLine(lines: Buffer, at: number): number {
    let h = BASIS;
    let end = at;
    for (let c = lines[end]!; c !== TAB && c !== NEWLINE; c = lines[++end]!) h = Math.imul(h ^ c, PRIME);
    if (this.#size === this.#hashes.length) {
      const more = new Uint32Array(2 * this.#size);
      more.set(this.#hashes);
      this.#hashes = more;
    }
    this.#hashes[this.#size++] = finish(h);
    return end;
  }

  build(): Buffer {
    const bytes = Buffer.alloc(Math.max(1, Math.ceil((this.#size * BITS_PER_KEY) / 8)));
    for (let i = 0; i < this.#size; i++) note(bytes, this.#hashes[i]!);
    return bytes;
  }
}

/** A Bloom filter of the keys in a run: most keys that it does not contain are rejected without reading a block. */
export class KeyFilter {
  static readonly Builder = Builder;
  readonly #bits: Buffer;

  constructor(bits: Buffer) {
    this.#bits = bits;
  }

  add(key: string): void {
    note(this.#bits, hash(key));
  }

  mayHave(key: string): boolean {
    const h = hash(key);
    const step = stepOf(h);
    for (let i = 0, at = h; i < PROBES; i++, at = (at + step) >>> 0) {
      const bit = at % (this.#bits.length * 8);
      if ((this.#bits[bit >>> 3]! & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }
}
