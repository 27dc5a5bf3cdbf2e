import { hostile } from './archive-limits.js';

/** Reads an async iterable of chunks as a sequence of bytes, up to a budget, holding one chunk at a time. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #budget: number;
  #chunk: Buffer = Buffer.alloc(0);
  #read = 0;

  constructor(source: AsyncIterable<Uint8Array>, budget: number) {
    this.#source = source[Symbol.asyncIterator]();
    this.#budget = budget;
  }

  /** Bytes left in the budget. */
  get left(): number {
    return this.#budget - this.#read;
  }

  /** Between 1 and `max` bytes; `undefined` at the end. */
  async some(max: number): Promise<Buffer | undefined> {
    while (this.#chunk.length === 0) {
      const { done, value } = await this.#source.next();
      if (done) return undefined;
      this.#chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    const part = this.#chunk.subarray(0, max);
    this.#chunk = this.#chunk.subarray(part.length);
    this.#read += part.length;
    if (this.#read > this.#budget) throw hostile('limit', `it is larger than ${this.#budget} bytes`);
    return part;
  }

  /** Exactly `n` bytes, or fewer if the source ends first. */
  async take(n: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let missing = n; missing > 0; ) {
      const part = await this.some(missing);
      if (part === undefined) break;
      if (part.length === n) return part;
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
