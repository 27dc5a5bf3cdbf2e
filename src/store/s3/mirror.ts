import type { ObjectId } from '../../core/objects/ids.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import { makeDirs } from '../../fsx/make-dirs.js';
import { type Around, surroundDisk } from '../../fsx/surround-disk.js';
import { layOut } from '../local/init.js';
import { Layout } from '../local/layout.js';
import { LocalBackend, type LocalPorts } from '../local/local-backend.js';
import { BatchFiles } from '../local/objects/batch-files.js';
import { PACK_LIMITS, type StagedPack } from '../local/objects/pack-writer.js';
import { packNameOf } from '../local/objects/packs.js';
import { isDamage } from '../objects/object-store.js';
import type { Format } from '../port/format.js';
import type { ObjectBatch } from '../port/object-batch.js';
import { cacheDirectory, correctFormat, makePlace, noPlace } from './mirror-place.js';
import { PART_BYTES } from './part-size.js';
import { mirrorLimit, removeLeftovers, trimObjects } from './trim-mirror.js';

/**
 * A pack is one request: it is worth it for a single small object. None are merged: their names are the service's. The
 * first ones are one request each, sent while the rest is read.
 */
const ALL_PACKED = {
  leastObjects: 1,
  mergeFrom: Number.POSITIVE_INFINITY,
  indexFrom: Number.POSITIVE_INFINITY,
  firstBytes: PART_BYTES,
};
const MAX_SIDE_BYTES = 64 * 1024 * 1024;

const unsynced: Around = (operation, _, run) =>
  // Of a filesystem, true says that it was synced.
  /^(file\.sync|syncDir|syncFilesystem)$/.test(operation) ? Promise.resolve(true as never) : run();

export interface MirrorPorts extends LocalPorts {
  /** The service is not asked: damaged copies stay, since the rest of a pack may be sound. */
  readonly offline: boolean;
}

/**
 * What of a store on a service is on this machine: a copy, in the layout of a store, of what was read and written,
 * and beside it what hs knows of the service. All of it may be deleted, and none is believed unproven.
 */
export class Mirror {
  readonly local: LocalBackend;
  readonly #disk: Disk;
  readonly #random: LocalPorts['random'];
  /** The directory around the mirror. */
  readonly #dir: string;
  /** In bytes, of objects and packs. */
  readonly #limit: number;
  /** Whether nothing that is here can be fetched again. */
  readonly #offline: boolean;
  /** Bytes of objects and packs that came in since it was opened. */
  #grown = 0;

  private constructor(ports: MirrorPorts, local: LocalBackend, dir: string) {
    this.#limit = mirrorLimit(ports.env);
    this.local = local;
    this.#disk = ports.disk;
    this.#random = ports.random;
    this.#dir = dir;
    this.#offline = ports.offline;
  }

  /** Opens the mirror of a store, or makes it. SYSTEM where there is no place for one. */
  static async open(ports: MirrorPorts, format: Format, formatBytes: Uint8Array): Promise<Mirror> {
    const { disk, env, random } = ports;
    const base = cacheDirectory(env);
    if (base === undefined) throw noPlace('there is no directory for the mirror of the store');
    const dir = `${base}/${format.store_id}`;
    const root = `${dir}/.hsstore`;
    const withLimits = { ...ports, packLimits: { ...PACK_LIMITS, ...ports.packLimits, ...ALL_PACKED } };
    const opened = async () => {
      await correctFormat(ports, dir, new Layout(root).format, formatBytes);
      return new Mirror(ports, await LocalBackend.open(withLimits, root), dir);
    };
    try {
      return await opened();
    } catch (e) {
      if (!isHsError(e, 'NO_STORE')) throw e;
    }
    await makePlace(disk, dir);
    const staged = `${root}.${random.hex(6)}`;
    try {
      await disk.mkdir(staged, 0o700);
      await layOut(disk, new Layout(staged), formatBytes);
      await disk.rename(staged, root);
    } catch (e) {
      await disk.removeTree(staged);
      // Another command made it.
      if (!isErrno(e, 'ENOTEMPTY', 'EEXIST')) throw e;
    }
    return opened();
  }

  /**
   * A batch of objects that is not made durable here: the service has them before an entry names them. `onPack`: told of
   * each pack that is complete while the next one is filled.
   */
  batch(lease: string, onPack: (pack: StagedPack) => void): ObjectBatch {
    const disk = surroundDisk(this.local.parts.disk, unsynced);
    return new BatchFiles({ ...this.local.parts, disk }, lease, onPack);
  }

  get layout(): Layout {
    return this.local.parts.layout;
  }

  /** Puts an object or a pack into the mirror in one step; not durable, since it can be fetched again. */
  async keep(path: string, bytes: Uint8Array): Promise<void> {
    await this.#put(path, bytes, 0o444);
    this.grow(bytes.length);
  }

  async #put(path: string, bytes: Uint8Array, mode: number): Promise<void> {
    const staged = this.incoming();
    try {
      await this.#disk.writeFile(staged, bytes, { mode, sync: false });
      await this.adopt(staged, path);
    } catch (e) {
      await this.drop(staged);
      throw e;
    }
  }

  /** The same for what is used from memory: without room for it, it is fetched again when it is needed again. */
  async #putIfPossible(path: string, bytes: Uint8Array, mode = 0o444): Promise<void> {
    await this.#put(path, bytes, mode).catch((e) => {
      if (!isErrno(e)) throw e;
    });
  }

  /** A path outside the mirror, on its filesystem, for a file that `adopt` moves in. */
  incoming(): string {
    return `${this.#dir}/in-${this.#random.hex(8)}`;
  }

  /** Notes how many bytes of objects or packs were added: the limit is theirs. */
  grow(bytes: number): void {
    this.#grown += bytes;
  }

  /** Removes what dead commands left beside the mirror. */
  removeLeftovers(nowMs: number): Promise<void> {
    return removeLeftovers(this.#disk, this.#dir, nowMs);
  }

  /**
   * Keeps the mirror within its size, for a time when no command here has a lease (`isIdle`). All files are looked at
   * only after a growth by a 64th of the limit, or as often as smaller growths come to that on average.
   */
  async trim(isIdle: () => Promise<boolean>): Promise<void> {
    const chance = (64 * this.#grown) / this.#limit;
    if (Number.parseInt(this.#random.hex(2), 16) / 65_536 >= chance) return;
    await trimObjects(this.#disk, this.layout, this.#limit, isIdle);
  }

  get disk(): Disk {
    return this.#disk;
  }

  async adopt(staged: string, path: string): Promise<void> {
    try {
      await this.#disk.rename(staged, path);
    } catch (e) {
      if (!isErrno(e, 'ENOENT')) throw e;
      await makeDirs(this.#disk, path.slice(0, path.lastIndexOf('/')), { durable: false });
      await this.#disk.rename(staged, path);
    }
  }

  async drop(path: string): Promise<void> {
    await this.#disk.unlink(path).catch((e) => {
      if (!isErrno(e, 'ENOENT')) throw e;
    });
  }

  /** The bytes of a file beside the mirror; undefined: none that can be read. */
  async sideFile(name: string): Promise<Uint8Array | undefined> {
    try {
      return await this.#disk.readFile(`${this.#dir}/${name}`, MAX_SIDE_BYTES);
    } catch (e) {
      if (isErrno(e)) return undefined;
      throw e;
    }
  }

  keepSideFile(name: string, bytes: Uint8Array): Promise<void> {
    return this.#putIfPossible(`${this.#dir}/${name}`, bytes, 0o600);
  }

  /** The bytes of an entry; undefined: it is not here, or cannot be one. */
  async entry(seq: number): Promise<Uint8Array | undefined> {
    const bytes = await this.local.ledger.read(seq);
    return typeof bytes === 'string' ? undefined : bytes;
  }

  keepEntry(seq: number, bytes: Uint8Array): Promise<void> {
    return this.#putIfPossible(this.layout.entry(seq), bytes);
  }

  /** Names of the packs that are here. */
  async packNames(): Promise<Set<ObjectId>> {
    const names = await this.#disk.readdir(this.layout.packs);
    return new Set(names.map((e) => packNameOf(e.name)).filter((name) => name !== undefined));
  }

  /** Where an object is here: in a file of its own or in a pack. */
  async fileOf(id: ObjectId): Promise<{ readonly pack?: ObjectId; readonly size: number } | undefined> {
    const { files } = this.local.parts;
    const packed = files.packs!.findAgain(id);
    if (packed !== undefined) return { pack: packed.pack.name, size: packed.size };
    const size = await files.sizeOfFile(id);
    if (size !== undefined) return { size };
    const found = await files.packs!.find(id);
    return found && { pack: found.pack.name, size: found.size };
  }

  /** Removes the copy of an object that does not match its name, so that it is fetched again. */
  async dropObject(id: ObjectId): Promise<void> {
    if (this.#offline) return;
    const found = await this.fileOf(id);
    if (found?.pack !== undefined) return this.dropPack(found.pack);
    await this.drop(this.layout.object(id));
    await this.local.objects.refresh();
  }

  /** Removes a pack that does not give what it should, so that it is fetched again. */
  async dropPack(name: ObjectId): Promise<void> {
    if (this.#offline) return;
    await this.drop(this.layout.pack(name));
    await this.local.objects.refresh();
  }

  /** Whether the copy of an object matches its name. */
  async isSound(id: ObjectId): Promise<boolean> {
    return (await this.usable(this.local.parts.objects.isSound(id))) ?? false;
  }

  /** The same of one that is here; drops a damaged copy, since there may be a good one on the service. */
  async isSoundOrDropped(id: ObjectId): Promise<boolean> {
    if ((await this.fileOf(id)) === undefined) return false;
    if (await this.isSound(id)) return true;
    await this.dropObject(id);
    return false;
  }

  /** What is read of the mirror; undefined for what cannot be used and is to be fetched again. */
  usable<T>(reading: Promise<T>): Promise<T | undefined> {
    return reading.catch((e) => {
      if (!isDamage(e) && !isErrno(e, 'EACCES', 'EPERM')) throw e;
      return undefined;
    });
  }
}
