import type { Random } from '../../src/core/effects.js';

/** A small seeded generator (mulberry32): the same seed gives the same run. */
export class Rng {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }
}

const LONGEST = 256;
const DIGITS = '0123456789abcdef';

/** The randomness of a program, from the same numbers. */
export function seededRandom(rng: Rng): Random {
  const digits = (count: number) => {
    let text = '';
    for (let i = 0; i < count; i++) text += DIGITS[rng.below(16)];
    return text;
  };
  /** Of what is long, as filling is, the first part is repeated. */
  const hex = (bytes: number) =>
    bytes <= LONGEST
      ? digits(2 * bytes)
      : digits(2 * LONGEST)
          .repeat(Math.ceil(bytes / LONGEST))
          .slice(0, 2 * bytes);
  return {
    hex,
    uuid: () => `${hex(4)}-${hex(2)}-4${hex(2).slice(1)}-8${hex(2).slice(1)}-${hex(6)}`,
  };
}
