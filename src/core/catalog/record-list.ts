import type { ArtifactRecord } from './artifact-record.js';

type Blocks = AsyncIterable<readonly ArtifactRecord[]>;

/** Records in an order, read as they are needed. Can be iterated more than once. */
export class RecordList implements AsyncIterable<ArtifactRecord> {
  readonly #read: () => Blocks;

  constructor(read: () => Blocks) {
    this.#read = read;
  }

  /** For long lists: waits once per block, not once per record. */
  blocks(): Blocks {
    return this.#read();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ArtifactRecord, void> {
    for await (const block of this.#read()) yield* block;
  }

  async all(): Promise<ArtifactRecord[]> {
    const all: ArtifactRecord[] = [];
    for await (const block of this.#read()) for (const record of block) all.push(record);
    return all;
  }

  async first(): Promise<ArtifactRecord | undefined> {
    for await (const [record] of this.#read()) return record;
    return undefined;
  }
}
