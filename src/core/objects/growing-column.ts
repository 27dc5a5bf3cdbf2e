const LEAST = 64;
const GROWTH = 1.5;

type Column = Float64Array | Uint32Array | Uint8Array;

/** A typed array that grows. */
export class GrowingColumn<A extends Column> {
  #values: A;
  #length = 0;
  readonly #make: (length: number) => A;

  constructor(make: (length: number) => A, expected = 0) {
    this.#make = make;
    this.#values = make(Math.max(LEAST, expected));
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = this.#make(Math.ceil(GROWTH * this.#length));
      grown.set(this.#values as never);
      this.#values = grown;
    }
    // Memory that is never written to is never taken.
    if (value !== 0) this.#values[this.#length] = value;
    this.#length++;
  }

  /** The values, with spare room at the end; replaced by a larger array when it grows. */
  get values(): A {
    return this.#values;
  }
}

export const float64 = (length: number) => new Float64Array(length);
export const uint32 = (length: number) => new Uint32Array(length);
export const uint8 = (length: number) => new Uint8Array(length);
