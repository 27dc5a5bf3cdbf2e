/** Length of one block of a pack: in the file, and of the content that it holds. Equal where it is not compressed. */
export interface PackBlock {
  readonly stored: number;
  readonly size: number;
}

/** A block in its place. */
export interface PlacedBlock extends PackBlock {
  readonly number: number;
  /** Offset in the file. */
  readonly at: number;
  /** Offset of its first byte in the content. */
  readonly start: number;
}

/** The most content in one block, in bytes: whoever reads one object decompresses that much. */
export const MOST_BLOCK_BYTES = 64 * 1024;
/** A record: both lengths as 4 bytes each, big-endian. */
export const BLOCK_RECORD_BYTES = 8;

export function encodeBlocks(blocks: readonly PackBlock[]): Buffer {
  const bytes = Buffer.allocUnsafe(blocks.length * BLOCK_RECORD_BYTES);
  for (const [n, { stored, size }] of blocks.entries()) {
    bytes.writeUInt32BE(stored, n * BLOCK_RECORD_BYTES);
    bytes.writeUInt32BE(size, n * BLOCK_RECORD_BYTES + 4);
  }
  return bytes;
}

/** The blocks of a pack, in order: the content of the pack is what they hold, one after another. */
export class PackBlocks {
  readonly #blocks: readonly PlacedBlock[];
  /** Bytes of the content. */
  readonly contentBytes: number;
  /** Bytes of the blocks in the file. */
  readonly storedBytes: number;

  constructor(bytes: Buffer) {
    const blocks: PlacedBlock[] = [];
    let [at, start] = [0, 0];
    for (let n = 0; n < bytes.length; n += BLOCK_RECORD_BYTES) {
      const [stored, size] = [bytes.readUInt32BE(n), bytes.readUInt32BE(n + 4)];
      blocks.push({ number: blocks.length, at, start, stored, size });
      at += stored;
      start += size;
    }
    this.#blocks = blocks;
    this.contentBytes = start;
    this.storedBytes = at;
  }

  /** Whether each has lengths that a writer gives one. */
  get areSound(): boolean {
    return this.#blocks.every(({ stored, size }) => stored > 0 && stored <= size && size <= MOST_BLOCK_BYTES);
  }

  /** The block that holds the byte at `offset` of the content. */
  find(offset: number): PlacedBlock | undefined {
    let low = 0;
    for (let high = this.#blocks.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.#blocks[middle]!.start <= offset) low = middle + 1;
      else high = middle;
    }
    const block = this.#blocks[low - 1];
    return block !== undefined && offset < block.start + block.size ? block : undefined;
  }
}
