import { findPackIndex, MOST_INDEX_BYTES } from '../../../core/objects/find-pack-index.js';
import type { ObjectId } from '../../../core/objects/ids.js';
import {
  PACK_TRAILER_BYTES,
  PackIndex,
  type PackSlot,
  packIndexBytes,
} from '../../../core/objects/pack-index.js';
import { HsError, isErrno } from '../../../errors/hs-error.js';
import type { Disk, DiskFile } from '../../../fsx/disk.js';
import { inMemory } from '../../objects/object-store.js';
import type { ObjectFile } from '../../port/object-source.js';
import { BlockReader } from './block-reader.js';

/** A read of this size costs as much as two of 4 KiB, and one buffer is less garbage than thirty. */
const AHEAD_BYTES = 128 * 1024;
/** Larger objects, such as operation lists, are read in parts. */
const MOST_WHOLE_BYTES = 1024 * 1024;

/** A pack, in use or in the trash. */
export class Pack {
  /** Without the extension. */
  readonly name: ObjectId;
  readonly path: string;
  /** Size of the whole file in bytes. */
  readonly fileBytes: number;
  readonly index: PackIndex;
  readonly #disk: Disk;
  readonly #content: BlockReader;
  #file: DiskFile | undefined;
  /** The read-ahead buffer and its position in the file. */
  #ahead: { readonly offset: number; readonly bytes: Buffer } | undefined;
  /** End of the previous read. */
  #end = -1;
  #opening: Promise<void> | undefined;
  /** Reads under way: the file is not closed before they end. */
  readonly #reads = new Set<Promise<unknown>>();

  private constructor(disk: Disk, name: ObjectId, path: string, fileBytes: number, index: PackIndex) {
    this.#disk = disk;
    this.name = name;
    this.path = path;
    this.fileBytes = fileBytes;
    this.index = index;
    this.#content = new BlockReader(name, index, {
      read: (slot) => this.#readStored(slot),
      atHand: (slot) => this.#storedAhead(slot),
    });
  }

  /** ENOENT when it is gone; INTEGRITY when it is not a pack. `mends`: also one of which only the trailer is damaged. */
  static async open(disk: Disk, name: ObjectId, path: string, { mends = false } = {}): Promise<Pack> {
    let file: DiskFile;
    const damaged = (cause?: unknown) =>
      new HsError('INTEGRITY', `pack ${name} is damaged: it does not end like a pack`, { cause });
    try {
      file = await disk.open(path, { access: 'read' });
    } catch (e) {
      if (isErrno(e, 'EINVAL', 'ELOOP')) throw damaged(e);
      throw e;
    }
    try {
      const { size } = await file.stat();
      const index =
        (mends ? await foundIndex(file, size, name) : undefined) ?? (await statedIndex(file, size));
      if (index === undefined) throw damaged();
      const decoded = new PackIndex(index, size - index.length);
      if (!decoded.isOfRightSize) throw damaged();
      const pack = new Pack(disk, name, path, size, decoded);
      pack.#file = file;
      return pack;
    } catch (e) {
      await file.close();
      throw e;
    }
  }

  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  /**
   * Reads one object, or a part of one. ENOENT when the pack is gone and was not open; INTEGRITY when it is shorter than
   * its index says, or cannot be decompressed. The returned bytes are not overwritten later.
   */
  read(slot: PackSlot): Promise<Buffer> {
    return this.#content.read(slot);
  }

  /** The bytes, synchronously, if they were read ahead: nearly always when a tree is read. */
  readAhead(slot: PackSlot): Buffer | undefined {
    return this.#content.atHand(slot);
  }

  /** Opens one object; it stays readable when the pack goes. */
  async open(slot: PackSlot): Promise<ObjectFile> {
    if (slot.size <= MOST_WHOLE_BYTES) return inMemory(await this.read(slot));
    const own = await Pack.open(this.#disk, this.name, this.path);
    return {
      read: async (buffer, position) => {
        const size = Math.min(buffer.length, slot.size - position);
        if (size <= 0) return 0;
        buffer.set(await own.read({ offset: slot.offset + position, size }));
        return size;
      },
      stat: async () => ({ size: slot.size }),
      close: () => own.close(),
    };
  }

  /** Fills a buffer with the content from that offset on; false when it is too short. Errors as those of `read`. */
  async fill(into: Buffer, offset: number): Promise<boolean> {
    if (this.index.blocks !== undefined) return this.#content.fill(into, offset);
    return this.#reading((file) => fill(file, into, offset));
  }

  /** Reads bytes of the file. A sequential read, as of a tree, reads ahead. */
  async #readStored({ offset, size }: PackSlot): Promise<Buffer> {
    if (offset + size > this.fileBytes) throw this.#tooShort();
    const isNext = offset === this.#end;
    const ahead = this.#storedAhead({ offset, size });
    if (ahead !== undefined) return ahead;
    this.#end = offset + size;
    const wanted = isNext ? Math.max(size, Math.min(AHEAD_BYTES, this.fileBytes - offset)) : size;
    const read = await this.#reading((file) => readAt(file, offset, wanted));
    if (read === undefined) throw this.#tooShort();
    if (wanted === size) return read;
    this.#ahead = { offset, bytes: read };
    return read.subarray(0, size);
  }

  #tooShort(): HsError {
    return new HsError('INTEGRITY', `pack ${this.name} is damaged: it is too short`);
  }

  #storedAhead({ offset, size }: PackSlot): Buffer | undefined {
    const at = this.#ahead === undefined ? -1 : offset - this.#ahead.offset;
    const bytes = at < 0 ? undefined : this.#ahead!.bytes.subarray(at, at + size);
    if (bytes?.length !== size) return undefined;
    this.#end = offset + size;
    return bytes;
  }

  async #reading<T>(read: (file: DiskFile) => Promise<T>): Promise<T> {
    // Another call may have closed it again before this one goes on.
    while (this.#file === undefined) await this.#reopen();
    const reading = read(this.#file);
    this.#reads.add(reading);
    try {
      return await reading;
    } finally {
      this.#reads.delete(reading);
    }
  }

  /** Concurrent readers share one open, since the second descriptor would never be closed. */
  #reopen(): Promise<void> {
    this.#opening ??= this.#disk
      .open(this.path, { access: 'read' })
      .then((file) => {
        this.#file = file;
      })
      .finally(() => {
        this.#opening = undefined;
      });
    return this.#opening;
  }

  /** Reads that began before get their bytes; later ones open the file again. */
  async close(): Promise<void> {
    this.#ahead = undefined;
    this.#content.forget();
    await this.#opening?.catch(() => undefined);
    const file = this.#file;
    this.#file = undefined;
    await Promise.allSettled(this.#reads);
    await file?.close();
  }
}

/** The index as the trailer says. */
async function statedIndex(file: DiskFile, size: number): Promise<Buffer | undefined> {
  const trailer = await readAt(file, size - PACK_TRAILER_BYTES, PACK_TRAILER_BYTES);
  const bytes = trailer && packIndexBytes(trailer);
  return bytes === undefined ? undefined : readAt(file, size - bytes, bytes);
}

async function foundIndex(file: DiskFile, size: number, name: ObjectId): Promise<Buffer | undefined> {
  const bytes = Math.min(size, MOST_INDEX_BYTES);
  const end = await readAt(file, size - bytes, bytes);
  return end && findPackIndex(end, size, name);
}

async function readAt(file: DiskFile, position: number, size: number): Promise<Buffer | undefined> {
  if (position < 0) return undefined;
  const bytes = Buffer.allocUnsafe(size);
  return (await fill(file, bytes, position)) ? bytes : undefined;
}

/** False: the file is too short. */
async function fill(file: DiskFile, bytes: Buffer, position: number): Promise<boolean> {
  for (let done = 0; done < bytes.length; ) {
    const count = await file.read(done === 0 ? bytes : bytes.subarray(done), position + done);
    if (count === 0) return false;
    done += count;
  }
  return true;
}
