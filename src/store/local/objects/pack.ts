import type { ObjectId } from '../../../core/objects/ids.js';
import { findRecord, keyOf, PackIndex, type PackSlot } from '../../../core/objects/pack-index.js';
import { type PackShape, packExtent, RECORD_BYTES } from '../../../core/objects/pack-shape.js';
import { recordsWith } from '../../../core/objects/sorted-records.js';
import { HsError, isErrno } from '../../../errors/hs-error.js';
import type { Disk, DiskFile } from '../../../fsx/disk.js';
import { inMemory } from '../../objects/object-store.js';
import type { ObjectFile } from '../../port/object-source.js';
import { BlockReader } from './block-reader.js';
import { foundIndex, statedShape } from './pack-end.js';
import { fillFrom, readAt } from './read-at.js';

/** A read of this size costs as much as two of 4 KiB, and one buffer is less garbage than thirty. */
const AHEAD_BYTES = 128 * 1024;
/** Larger objects, such as operation lists, are read in parts. */
const MOST_WHOLE_BYTES = 1024 * 1024;

/** Lookups by small reads before the index is read whole: it takes some 800 KiB. */
const MOST_LOOKUPS = 8;

/** A pack whose index is in memory. */
export type WholePack = Pack & { readonly index: PackIndex };

/** What one who reads a whole pack was given last, and the buffer that it is in, which is used again and again. */
export class LentBytes {
  offset = 0;
  buffer: Buffer = Buffer.alloc(0);
  bytes: Buffer = this.buffer;
}

/** A pack, in use or in the trash. */
export class Pack {
  /** Without the extension. */
  readonly name: ObjectId;
  readonly path: string;
  /** Size of the whole file in bytes. */
  readonly fileBytes: number;
  readonly shape: PackShape;
  #index: PackIndex | undefined;
  #indexing: Promise<PackIndex> | undefined;
  #lookups = 0;
  readonly #disk: Disk;
  readonly #opens: (pack: Pack) => void;
  readonly #content: BlockReader;
  #file: DiskFile | undefined;
  /** The read-ahead buffer and its position in the file. */
  #ahead: { readonly offset: number; readonly bytes: Buffer } | undefined;
  /** End of the previous read. */
  #end = -1;
  #opening: Promise<void> | undefined;
  /** Reads under way: the file is not closed before they end. */
  readonly #reads = new Set<Promise<unknown>>();

  private constructor(
    disk: Disk,
    name: ObjectId,
    path: string,
    fileBytes: number,
    shape: PackShape,
    opens: (pack: Pack) => void,
  ) {
    this.#disk = disk;
    this.#opens = opens;
    this.name = name;
    this.path = path;
    this.fileBytes = fileBytes;
    this.shape = shape;
    if (shape instanceof PackIndex) this.#index = shape;
    this.#content = new BlockReader(name, shape, {
      read: (slot) => this.#readStored(slot),
      atHand: (slot) => this.#storedAhead(slot),
    });
  }

  /** ENOENT when it is gone; INTEGRITY when it is not a pack. `mends`: also one of which only the trailer is damaged. */
  static async open(disk: Disk, name: ObjectId, path: string, { mends = false } = {}): Promise<WholePack> {
    const read = async (file: DiskFile, size: number) => {
      const found = mends ? await foundIndex(file, size, name) : undefined;
      return found === undefined ? statedShape(file, size) : new PackIndex(found, size - found.length);
    };
    const pack = await Pack.#opened(disk, name, path, read);
    try {
      return await pack.whole();
    } catch (e) {
      await pack.close();
      throw e;
    }
  }

  /** The same without reading the index of a large one. `opens`: told of it each time that it opens its file. */
  static look(disk: Disk, name: ObjectId, path: string, opens?: (pack: Pack) => void): Promise<Pack> {
    return Pack.#opened(disk, name, path, statedShape, opens);
  }

  static async #opened(
    disk: Disk,
    name: ObjectId,
    path: string,
    read: (file: DiskFile, size: number) => Promise<PackShape | undefined>,
    opens: (pack: Pack) => void = () => undefined,
  ): Promise<Pack> {
    let file: DiskFile;
    try {
      file = await disk.open(path, { access: 'read' });
    } catch (e) {
      if (isErrno(e, 'EINVAL', 'ELOOP')) throw damaged(name, 'it does not end like a pack', e);
      throw e;
    }
    try {
      const { size } = await file.stat();
      const shape = await read(file, size);
      if (!shape?.isOfRightSize) throw damaged(name, 'it does not end like a pack');
      const pack = new Pack(disk, name, path, size, shape, opens);
      pack.#file = file;
      opens(pack);
      return pack;
    } catch (e) {
      await file.close();
      throw e;
    }
  }

  /** Undefined while it has not been read. */
  get index(): PackIndex | undefined {
    return this.#index;
  }

  /** The same pack with its index in memory, where it stays. Errors as those of `read`. */
  async whole(): Promise<WholePack> {
    this.#indexing ??= this.#readIndex().finally(() => {
      this.#indexing = undefined;
    });
    this.#index ??= await this.#indexing;
    return this as WholePack;
  }

  async #readIndex(): Promise<PackIndex> {
    if (this.#index !== undefined) return this.#index;
    const { dataBytes } = this.shape;
    const bytes = await this.#reading((file) => readAt(file, dataBytes, this.fileBytes - dataBytes));
    // Another file may be in its place by now.
    if (bytes === undefined || packExtent(bytes)?.bytes !== bytes.length) throw this.#tooShort();
    return new PackIndex(bytes, dataBytes);
  }

  /** Where an object is in it; undefined: not in it. Errors as those of `read`. */
  async find(id: ObjectId): Promise<PackSlot | undefined> {
    if (this.#index !== undefined) return this.#index.find(id);
    if (this.#lookups++ < MOST_LOOKUPS) {
      const { length: count, dataBytes } = this.shape;
      const records = await recordsWith(keyOf(id), {
        count,
        stride: RECORD_BYTES,
        read: (from, n) =>
          this.#reading((file) => readAt(file, dataBytes + from * RECORD_BYTES, n * RECORD_BYTES)),
      });
      if (records !== undefined) return findRecord(records, id);
    }
    return (await this.whole()).index.find(id);
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
    const own = await Pack.look(this.#disk, this.name, this.path);
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

  /**
   * Fills a buffer with the content from that offset on; false when it is too short. Errors as those of `read`. `lent` is
   * for one who reads all: no more than one call at a time, from its beginning to its end.
   */
  async fill(into: Buffer, offset: number, lent: LentBytes): Promise<boolean> {
    if (this.shape.blocks !== undefined) {
      return this.#content.fill(into, offset, (slot) => this.#lendStored(slot, lent));
    }
    return this.#reading((file) => fillFrom(file, into, offset));
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

  /** As `#readStored`, for one who reads from the beginning to the end: it overwrites what it returned. */
  async #lendStored({ offset, size }: PackSlot, lent: LentBytes): Promise<Buffer> {
    if (offset + size > this.fileBytes) throw this.#tooShort();
    const at = offset - lent.offset;
    if (at >= 0 && at + size <= lent.bytes.length) return lent.bytes.subarray(at, at + size);
    const wanted = Math.max(size, Math.min(AHEAD_BYTES, this.fileBytes - offset));
    if (wanted > lent.buffer.length) lent.buffer = Buffer.allocUnsafeSlow(wanted);
    const bytes = lent.buffer.subarray(0, wanted);
    // Nothing, if it cannot be read.
    lent.bytes = bytes.subarray(0, 0);
    if (!(await this.#reading((file) => fillFrom(file, bytes, offset)))) throw this.#tooShort();
    Object.assign(lent, { offset, bytes });
    return bytes.subarray(0, size);
  }

  #tooShort(): HsError {
    return damaged(this.name, 'it is too short');
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
    if (this.#opening !== undefined) return this.#opening;
    this.#opens(this);
    this.#opening = this.#disk
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

function damaged(name: ObjectId, why: string, cause?: unknown): HsError {
  return new HsError('INTEGRITY', `pack ${name} is damaged: ${why}`, { cause });
}
