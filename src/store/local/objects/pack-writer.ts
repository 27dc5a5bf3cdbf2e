import { sha256 } from '../../../core/objects/hash.js';
import type { ObjectId } from '../../../core/objects/ids.js';
import {
  encodePackIndex,
  MOST_PACKED_BYTES,
  MOST_PACKED_OBJECTS,
  type PackEntry,
} from '../../../core/objects/pack-index.js';
import { isErrno } from '../../../errors/hs-error.js';
import type { Disk, DiskFile } from '../../../fsx/disk.js';

export interface PackLimits {
  /** Objects up to this size are packed: creating a file costs as much as writing these bytes. */
  readonly objectBytes: number;
  /** Minimum number of objects, or bytes, for a pack; fewer are published as files. */
  readonly leastObjects: number;
  readonly leastBytes: number;
  /** Maximum content of a pack: removing an object means rewriting the rest. */
  readonly mostObjects: number;
  readonly mostBytes: number;
  /** This many packs under an eighth of `mostBytes` are merged. */
  readonly mergeFrom: number;
}

export const PACK_LIMITS: PackLimits = {
  objectBytes: 64 * 1024,
  leastObjects: 32,
  leastBytes: 1024 * 1024,
  mostObjects: MOST_PACKED_OBJECTS,
  mostBytes: MOST_PACKED_BYTES,
  mergeFrom: 32,
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
  readonly #entries: PackEntry[] = [];
  readonly #buffers: Buffer[] = [];
  #turn = 0;
  #filled = 0;
  #bytes = 0;
  #file: DiskFile | undefined;
  #writing: Promise<void> = Promise.resolve();
  #finished: Promise<StagedPack> | undefined;

  constructor(disk: Disk, path: string, limits: PackLimits) {
    this.#disk = disk;
    this.#path = path;
    this.#limits = limits;
  }

  /** Whether there is enough for a pack; if not, `held` returns all objects. */
  get isPack(): boolean {
    return this.#file !== undefined || this.#entries.length >= this.#limits.leastObjects;
  }

  isFullFor(size: number): boolean {
    const { mostObjects, mostBytes } = this.#limits;
    return this.#entries.length >= mostObjects || this.#bytes + size > mostBytes;
  }

  #buffer(): Buffer {
    const { leastBytes, objectBytes } = this.#limits;
    this.#buffers[this.#turn] ??= Buffer.allocUnsafeSlow(Math.max(leastBytes, objectBytes));
    return this.#buffers[this.#turn]!;
  }

  /** Copies the bytes. Resolves when they are in memory or being written. */
  add(id: ObjectId, bytes: Uint8Array): Promise<void> | undefined {
    const flushed = this.#filled + bytes.byteLength > this.#buffer().length ? this.#flush() : undefined;
    if (flushed !== undefined) return flushed.then(() => this.add(id, bytes));
    this.#buffer().set(bytes, this.#filled);
    this.#filled += bytes.byteLength;
    this.#entries.push({ id, offset: this.#bytes, size: bytes.byteLength });
    this.#bytes += bytes.byteLength;
    return undefined;
  }

  /** Waits for the previous write, so that one buffer is filled while the other is written. */
  async #flush(): Promise<void> {
    this.#file ??= await this.#disk.open(this.#path, { access: 'create', mode: 0o444 });
    await this.#writing;
    this.#writing = this.#file.write(this.#buffer().subarray(0, this.#filled));
    this.#writing.catch(() => undefined);
    this.#turn ^= 1;
    this.#filled = 0;
  }

  /** The objects and their bytes, when there is no pack. */
  *held(): Iterable<{ readonly id: ObjectId; readonly bytes: Uint8Array }> {
    for (const { id, offset, size } of this.#entries) {
      yield { id, bytes: this.#buffer().subarray(offset, offset + size) };
    }
  }

  /** Makes the pack durable; nothing can be added afterwards. */
  finish(): Promise<StagedPack> {
    this.#finished ??= this.#finish();
    return this.#finished;
  }

  async #finish(): Promise<StagedPack> {
    await this.#flush();
    await this.#writing;
    this.#buffers.length = 0;
    const index = encodePackIndex(this.#entries);
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
