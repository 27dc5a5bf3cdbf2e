import { expandBlock } from '../../../core/objects/compressed-block.js';
import { MOST_BLOCK_BYTES, type PlacedBlock } from '../../../core/objects/pack-blocks.js';
import type { PackSlot } from '../../../core/objects/pack-index.js';
import type { PackShape } from '../../../core/objects/pack-shape.js';
import { HsError } from '../../../errors/hs-error.js';

/** Reads bytes of a pack's file. */
export interface StoredBytes {
  read(slot: PackSlot): Promise<Buffer>;
  /** Those that need no reading. */
  atHand(slot: PackSlot): Buffer | undefined;
}

/** The content of a pack, as it is in the file or in blocks, of which the last is kept. */
export class BlockReader {
  readonly #name: string;
  readonly #shape: PackShape;
  readonly #stored: StoredBytes;
  #last: { readonly start: number; readonly bytes: Buffer } | undefined;

  constructor(name: string, shape: PackShape, stored: StoredBytes) {
    this.#name = name;
    this.#shape = shape;
    this.#stored = stored;
  }

  /** Bytes of the content. INTEGRITY where the pack is damaged. */
  async read(slot: PackSlot): Promise<Buffer> {
    const { blocks, contentBytes } = this.#shape;
    // A damaged index may claim 4 GiB.
    if (slot.offset + slot.size > contentBytes) throw this.#damaged('it is too short');
    if (blocks === undefined) return this.#stored.read(slot);
    const known = this.#inLast(slot);
    if (known !== undefined) return known;
    const end = slot.offset + slot.size;
    const parts: Buffer[] = [];
    for (let at = slot.offset; at < end; ) {
      const block = blocks.find(at)!;
      const bytes = await this.#block(block);
      const part = bytes.subarray(at - block.start, end - block.start);
      parts.push(part);
      at += part.length;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  /**
   * Fills a buffer with the content from that offset on; false where it is too short. `lend` reads as {@link StoredBytes}
   * do, and what it returns may be overwritten by its next.
   */
  async fill(into: Buffer, offset: number, lend: StoredBytes['read']): Promise<boolean> {
    for (let done = 0; done < into.length; ) {
      const block = this.#shape.blocks?.find(offset + done);
      if (block === undefined) return false;
      done += (await this.#block(block, lend)).copy(into, done, offset + done - block.start);
    }
    return true;
  }

  /** Bytes of the content that need no reading. */
  atHand(slot: PackSlot): Buffer | undefined {
    const { blocks } = this.#shape;
    if (blocks === undefined) return this.#stored.atHand(slot);
    const known = this.#inLast(slot);
    if (known !== undefined) return known;
    const block = blocks.find(slot.offset);
    if (block === undefined || block.size > MOST_BLOCK_BYTES) return undefined;
    const stored = this.#stored.atHand({ offset: block.at, size: block.stored });
    if (stored === undefined || this.#expand(block, stored) === undefined) return undefined;
    return this.#inLast(slot);
  }

  #inLast({ offset, size }: PackSlot): Buffer | undefined {
    const at = this.#last === undefined ? -1 : offset - this.#last.start;
    const bytes = at < 0 ? undefined : this.#last!.bytes.subarray(at, at + size);
    return bytes?.length === size ? bytes : undefined;
  }

  async #block(block: PlacedBlock, lend?: StoredBytes['read']): Promise<Buffer> {
    const known = this.#inLast({ offset: block.start, size: block.size });
    if (known !== undefined) return known;
    const isSound = block.stored <= block.size && block.size <= MOST_BLOCK_BYTES;
    const read = lend ?? this.#stored.read;
    const stored = isSound ? await read({ offset: block.at, size: block.stored }) : undefined;
    // As it is in the file: not to be kept if it is lent.
    if (lend !== undefined && stored?.length === block.size) return stored;
    const bytes = stored && this.#expand(block, stored);
    if (bytes === undefined) throw this.#damaged('a block of it cannot be decompressed');
    return bytes;
  }

  #expand({ start, size }: PlacedBlock, stored: Buffer): Buffer | undefined {
    const bytes = expandBlock(stored, size);
    if (bytes !== undefined) this.#last = { start, bytes };
    return bytes;
  }

  #damaged(why: string): HsError {
    return new HsError('INTEGRITY', `pack ${this.#name} is damaged: ${why}`);
  }

  forget(): void {
    this.#last = undefined;
  }
}
