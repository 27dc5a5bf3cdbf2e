import type { ObjectId } from '../../../core/objects/ids.js';
import { isErrno, isHsError } from '../../../errors/hs-error.js';
import type { Disk } from '../../../fsx/disk.js';
import type { ObjectBytes } from '../../port/inventory.js';
import type { ObjectFile } from '../../port/object-source.js';
import { Pack, type WholePack } from './pack.js';
import { packContents } from './pack-contents.js';

/**
 * A pack whose index, of 40 bytes an object, is in memory only while it is read: whoever looks at all packs one after
 * another holds one. Errors of its methods: ENOENT when the pack is gone, INTEGRITY when its index is not that of its name.
 */
export class UnheldPack {
  readonly #disk: Disk;
  readonly #name: ObjectId;
  readonly path: string;
  #pack: Promise<WholePack> | undefined;
  #isVerified = false;

  constructor(disk: Disk, name: ObjectId, path: string) {
    this.#disk = disk;
    this.#name = name;
    this.path = path;
  }

  /** Also after an error, the same until it is closed. */
  whole(): Promise<WholePack> {
    this.#pack ??= this.#read();
    return this.#pack;
  }

  async #read(): Promise<WholePack> {
    const pack = await Pack.open(this.#disk, this.#name, this.path);
    try {
      // Bytes of the same hash need no second look.
      if (!this.#isVerified || !pack.index.isNamed(this.#name, new Map())) pack.index.verify(this.#name);
      this.#isVerified = true;
      return pack;
    } catch (e) {
      await pack.close();
      throw e;
    }
  }

  async size(id: ObjectId): Promise<number | undefined> {
    return (await this.whole()).index.find(id)?.size;
  }

  async open(id: ObjectId): Promise<ObjectFile> {
    const pack = await this.whole();
    return pack.open(pack.index.find(id)!);
  }

  /** Undefined where it cannot be read any more: to open one of its objects says why. */
  async contents(): Promise<AsyncIterable<readonly ObjectBytes[]> | undefined> {
    try {
      return packContents(await this.whole());
    } catch (e) {
      if (!isErrno(e) && !isHsError(e, 'INTEGRITY')) throw e;
      return undefined;
    }
  }

  /** Also forgets its index. */
  async close(): Promise<void> {
    const reading = this.#pack;
    this.#pack = undefined;
    const pack = await reading?.catch(() => undefined);
    await pack?.close();
  }
}
