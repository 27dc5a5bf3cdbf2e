/** Bits for each key: one in a hundred that is not there is looked for all the same. */
const BITS_PER_KEY = 10;
const PROBES = 4;

/** FNV-1a, 32 bits, from a seed. */
function hash(key: string, seed: number): number {
  let h = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < key.length; i++) h = Math.imul(h ^ key.charCodeAt(i), 0x01000193) >>> 0;
  return (h ^ (h >>> 15)) >>> 0;
}

function* places(key: string, bits: number): Generator<number> {
  const [a, b] = [hash(key, 0), (hash(key, 0x9e3779b9) | 1) >>> 0];
  for (let i = 0; i < PROBES; i++) yield (a + i * b) % bits;
}

class Builder {
  readonly #keys: string[] = [];

  add(key: string): void {
    this.#keys.push(key);
  }

  build(): Buffer {
    const bytes = Buffer.alloc(Math.max(1, Math.ceil((this.#keys.length * BITS_PER_KEY) / 8)));
    for (const key of this.#keys) {
      for (const at of places(key, bytes.length * 8)) bytes[at >>> 3]! |= 1 << (at & 7);
    }
    return bytes;
  }
}

/** Which keys a run may have (a Bloom filter): most that are new to it are not looked for in its blocks. */
export class KeyFilter {
  static readonly Builder = Builder;
  readonly #bits: Buffer;

  constructor(bits: Buffer) {
    this.#bits = bits;
  }

  mayHave(key: string): boolean {
    for (const at of places(key, this.#bits.length * 8)) {
      if ((this.#bits[at >>> 3]! & (1 << (at & 7))) === 0) return false;
    }
    return true;
  }
}
