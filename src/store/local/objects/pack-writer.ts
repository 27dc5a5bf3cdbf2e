import { compressBlock, expandBlock } from '../../../core/objects/compressed-block.js';
import { sha256 } from '../../../core/objects/hash.js';
import type { ObjectId } from '../../../core/objects/ids.js';
import { MOST_BLOCK_BYTES, type PackBlock } from '../../../core/objects/pack-blocks.js';
import { encodePackIndex, type PackEntry } from '../../../core/objects/pack-index.js';
import { MOST_PACKED_BYTES, MOST_PACKED_OBJECTS } from '../../../core/objects/pack-shape.js';
import { isErrno } from '../../../errors/hs-error.js';
import type { Disk, DiskFile } from '../../../fsx/disk.js';

export interface PackLimits {
  /** Objects up to this size are packed: creating a file costs as much as writing these bytes. */
  readonly objectBytes: number;
  /** Minimum number of objects, or bytes, for a pack; fewer are published as files. */
  readonly leastObjects: number;
  readonly leastBytes: number;
  /** Records that the ledger names are in a pack of their own from this size on: compressed, they take a block less. */
  readonly aloneBytes: number;
  /** Maximum content of a pack: removing an object means rewriting the rest. */
  readonly mostObjects: number;
  readonly mostBytes: number;
  /** The same in bytes for the first packs of a batch, which are used before it is published; absent: as for any. */
  readonly firstBytes?: number;
  /** This many packs under an eighth of `mostBytes` are merged. */
  readonly mergeFrom: number;
  /** From this many packs on there is an index over them, and with as many that it does not cover it is written. */
  readonly indexFrom: number;
}

export const PACK_LIMITS: PackLimits = {
  objectBytes: 64 * 1024,
  leastObjects: 32,
  leastBytes: 1024 * 1024,
  aloneBytes: 16 * 1024,
  mostObjects: MOST_PACKED_OBJECTS,
  mostBytes: MOST_PACKED_BYTES,
  mergeFrom: 32,
  indexFrom: 16,
};

/** A complete pack, durable in tmp/ and not yet published. */
export interface StagedPack {
  readonly path: string;
  /** Final name without the extension. */
  readonly name: ObjectId;
}

/** A pack being written: objects are collected in memory and, from `leastBytes` on, in a staged file. */
export class PackWriter {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #limits: PackLimits;
  readonly #compresses: boolean;
  readonly #entries: PackEntry[] = [];
  readonly #blocks: PackBlock[] = [];
  /** The block that is being filled. */
  #block = Buffer.alloc(0);
  #filled = 0;
  /** Blocks that are not written yet, and how much content they hold. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #bytes = 0;
  #file: DiskFile | undefined;
  #writing: Promise<void> = Promise.resolve();
  #finished: Promise<StagedPack> | undefined;

  /** `compresses`: in the form of the feature `packs-2`. */
  constructor(disk: Disk, path: string, limits: PackLimits, compresses: boolean) {
    this.#disk = disk;
    this.#path = path;
    this.#limits = limits;
    this.#compresses = compresses;
  }

  /** Whether there is enough for a pack; if not, `held` returns all objects. */
  get isPack(): boolean {
    const { leastObjects, leastBytes } = this.#limits;
    return this.#file !== undefined || this.#entries.length >= leastObjects || this.#bytes > leastBytes;
  }

  isFullFor(size: number): boolean {
    const { mostObjects, mostBytes } = this.#limits;
    return this.#entries.length >= mostObjects || this.#bytes + size > mostBytes;
  }

  /** Copies the bytes. Resolves when they are in memory or being written. */
  add(id: ObjectId, bytes: Uint8Array): Promise<void> | undefined {
    // An object of no more than a block is in one block.
    if (this.#filled + bytes.byteLength > MOST_BLOCK_BYTES) this.#endBlock();
    const writing = this.append(bytes);
    this.end(id);
    return writing;
  }

  /** The same for the next bytes of an object that {@link end} names. */
  append(bytes: Uint8Array): Promise<void> | undefined {
    for (let from = 0; from < bytes.byteLength; ) {
      if (this.#block.length === 0) this.#block = Buffer.allocUnsafeSlow(MOST_BLOCK_BYTES);
      const part = bytes.subarray(from, from + MOST_BLOCK_BYTES - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      from += part.length;
      if (this.#filled === MOST_BLOCK_BYTES) this.#endBlock();
    }
    this.#bytes += bytes.byteLength;
    return this.#heldBytes < this.#limits.leastBytes ? undefined : this.#flush();
  }

  /** Names what was added since the object before. */
  end(id: ObjectId): void {
    const last = this.#entries.at(-1);
    const offset = last === undefined ? 0 : last.offset + last.size;
    this.#entries.push({ id, offset, size: this.#bytes - offset });
  }

  #endBlock(): void {
    if (this.#filled === 0) return;
    const bytes = this.#block.subarray(0, this.#filled);
    const stored = this.#compresses ? compressBlock(bytes) : bytes;
    // Otherwise the buffer is free again.
    if (stored === bytes) this.#block = Buffer.alloc(0);
    this.#blocks.push({ stored: stored.length, size: bytes.length });
    this.#held.push(stored);
    this.#heldBytes += bytes.length;
    this.#filled = 0;
  }

  /** Waits for the previous write, so that one part is filled while the other is written. */
  async #flush(): Promise<void> {
    this.#file ??= await this.#disk.open(this.#path, { access: 'create', mode: 0o444 });
    await this.#writing;
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    this.#writing = this.#file.write(Buffer.concat(held));
    this.#writing.catch(() => undefined);
  }

  /** The objects and their bytes, when there is no pack. */
  *held(): Iterable<{ readonly id: ObjectId; readonly bytes: Uint8Array }> {
    this.#endBlock();
    const content = Buffer.concat(this.#held.map((stored, n) => expandBlock(stored, this.#blocks[n]!.size)!));
    for (const { id, offset, size } of this.#entries)
      yield { id, bytes: content.subarray(offset, offset + size) };
  }

  /** Makes the pack durable; nothing can be added afterwards. */
  finish(): Promise<StagedPack> {
    this.#finished ??= this.#finish();
    return this.#finished;
  }

  async #finish(): Promise<StagedPack> {
    this.#endBlock();
    await this.#flush();
    await this.#writing;
    const index = encodePackIndex(this.#entries, this.#compresses ? this.#blocks : undefined);
    this.#entries.length = 0;
    await this.#file!.write(index);
    await this.#file!.sync();
    await this.#file!.close();
    return { path: this.#path, name: sha256(index) };
  }

  /** Removes the staged file. */
  async discard(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#finished?.catch(() => undefined);
    if (this.#file === undefined) return;
    await this.#file.close();
    await this.#disk.unlink(this.#path).catch((e) => {
      if (!isErrno(e)) throw e;
    });
  }
}
