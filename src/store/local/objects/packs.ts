import { isObjectId, type ObjectId } from '../../../core/objects/ids.js';
import {
  MOST_PACKED_BYTES,
  PACK_TRAILER_BYTES,
  PackIndex,
  type PackSlot,
  packIndexBytes,
} from '../../../core/objects/pack-index.js';
import { HsError, isErrno } from '../../../errors/hs-error.js';
import type { Disk, DiskFile } from '../../../fsx/disk.js';
import { PACK_ENDING } from '../layout.js';

/** Descriptors kept open: a tree that is read lies in few packs. */
const MOST_OPEN = 32;
/** Few, since what is in none of them is looked for in all. */
const MOST_RECENT = 8;
/** A read of this much costs as much as two of 4 KiB, and one buffer keeps the garbage collector less busy than thirty. */
const AHEAD_BYTES = 128 * 1024;

/** The name of a pack, without the ending, or undefined for another file. */
export function packNameOf(file: string | undefined): ObjectId | undefined {
  const name = file?.endsWith(PACK_ENDING) ? file.slice(0, -PACK_ENDING.length) : '';
  return isObjectId(name) ? name : undefined;
}

/** One pack that lies somewhere in the store. */
export class Pack {
  /** Without the ending. */
  readonly name: ObjectId;
  readonly path: string;
  /** Bytes of the whole file. */
  readonly fileBytes: number;
  readonly index: PackIndex;
  readonly #disk: Disk;
  #file: DiskFile | undefined;
  /** Bytes that were read ahead, and where they are in the file. */
  #ahead: { readonly offset: number; readonly bytes: Buffer } | undefined;
  /** Where the read before this one ended. */
  #end = -1;
  #opening: Promise<DiskFile> | undefined;

  private constructor(disk: Disk, name: ObjectId, path: string, fileBytes: number, index: PackIndex) {
    this.#disk = disk;
    this.name = name;
    this.path = path;
    this.fileBytes = fileBytes;
    this.index = index;
  }

  /** ENOENT when it has gone; INTEGRITY when it is no pack. */
  static async open(disk: Disk, name: ObjectId, path: string): Promise<Pack> {
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
      const trailer = await readAt(file, size - PACK_TRAILER_BYTES, PACK_TRAILER_BYTES);
      const bytes = trailer && packIndexBytes(trailer);
      const index = bytes === undefined ? undefined : await readAt(file, size - bytes, bytes);
      if (index === undefined || size - index.length > MOST_PACKED_BYTES) throw damaged();
      const pack = new Pack(disk, name, path, size, new PackIndex(index, size - index.length));
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
   * ENOENT when it has gone and was not open. INTEGRITY when it is shorter than its index says. What follows
   * the object before is read ahead, as a tree is in its pack; the bytes are not written over later.
   */
  async read(slot: PackSlot): Promise<Buffer> {
    const { offset, size } = slot;
    // A damaged index may ask for 4 GiB.
    const tooShort = () => new HsError('INTEGRITY', `pack ${this.name} is damaged: it is too short`);
    if (offset + size > this.fileBytes) throw tooShort();
    const isNext = offset === this.#end;
    const ahead = this.readAhead(slot);
    if (ahead !== undefined) return ahead;
    this.#end = offset + size;
    const wanted = isNext ? Math.max(size, Math.min(AHEAD_BYTES, this.fileBytes - offset)) : size;
    const read = await readAt(this.#file ?? (await this.#reopened()), offset, wanted);
    if (read === undefined) throw tooShort();
    if (wanted === size) return read;
    this.#ahead = { offset, bytes: read };
    return read.subarray(0, size);
  }

  /** The same bytes at once, where they were read ahead: nearly always, when a tree is read. */
  readAhead({ offset, size }: PackSlot): Buffer | undefined {
    const at = this.#ahead === undefined ? -1 : offset - this.#ahead.offset;
    const bytes = at < 0 ? undefined : this.#ahead!.bytes.subarray(at, at + size);
    if (bytes?.length !== size) return undefined;
    this.#end = offset + size;
    return bytes;
  }

  /** Two readers at once open it once: the descriptor of the other would never be closed. */
  #reopened(): Promise<DiskFile> {
    this.#opening ??= this.#disk
      .open(this.path, { access: 'read' })
      .then((file) => {
        this.#file = file;
        return file;
      })
      .finally(() => {
        this.#opening = undefined;
      });
    return this.#opening;
  }

  async close(): Promise<void> {
    this.#ahead = undefined;
    await this.#opening?.catch(() => undefined);
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}

async function readAt(file: DiskFile, position: number, size: number): Promise<Buffer | undefined> {
  if (position < 0) return undefined;
  const bytes = Buffer.allocUnsafe(size);
  for (let done = 0; done < size; ) {
    const count = await file.read(done === 0 ? bytes : bytes.subarray(done), position + done);
    if (count === 0) return undefined;
    done += count;
  }
  return bytes;
}

/** An object within a pack. */
export interface Packed extends PackSlot {
  readonly pack: Pack;
}

/** The packs of one directory, as they were when it was last listed. */
export class Packs {
  readonly #disk: Disk;
  readonly #dir: string;
  /** By name; undefined: listed, and not yet looked into. */
  #known: Map<ObjectId, Pack | undefined> | undefined;
  #listing: Promise<Map<ObjectId, Pack | undefined>> | undefined;
  readonly #unreadable = new Set<ObjectId>();
  /** What is being looked into: two lookups at once open it once. */
  readonly #loading = new Map<ObjectId, Promise<Pack | undefined>>();
  /** The packs of the last hits, the newest first: the files of a tree lie together. */
  #recent: readonly Pack[] = [];

  constructor(disk: Disk, dir: string) {
    this.#disk = disk;
    this.#dir = dir;
  }

  async #names(): Promise<Map<ObjectId, Pack | undefined>> {
    if (this.#known !== undefined) return this.#known;
    this.#listing ??= this.#list(new Map()).finally(() => {
      this.#listing = undefined;
    });
    const listed = await this.#listing;
    this.#known ??= listed;
    return this.#known;
  }

  async #list(before: ReadonlyMap<ObjectId, Pack | undefined>) {
    const names = new Map<ObjectId, Pack | undefined>();
    let entries: { readonly name: string | undefined }[] = [];
    try {
      entries = await this.#disk.readdir(this.#dir);
    } catch (e) {
      // A batch of the trash that was dropped, or a damaged store: fsck tells.
      if (!isErrno(e, 'ENOENT')) throw e;
    }
    for (const { name: file } of entries) {
      const name = packNameOf(file);
      if (name !== undefined) names.set(name, before.get(name));
    }
    return names;
  }

  /** Lists the directory again, since packs come and go; their names. */
  async refresh(): Promise<Iterable<ObjectId>> {
    const before = this.#known ?? new Map<ObjectId, Pack | undefined>();
    this.#unreadable.clear();
    const now = await this.#list(before);
    for (const [name, pack] of before) if (!now.has(name)) await pack?.close();
    this.#recent = this.#recent.filter((pack) => now.has(pack.name));
    this.#known = now;
    return now.keys();
  }

  /** Undefined when it has gone or is damaged, which makes it of no use here and is not said: fsck does. */
  async #load(names: Map<ObjectId, Pack | undefined>, name: ObjectId): Promise<Pack | undefined> {
    const known = names.get(name);
    if (known !== undefined) return known;
    const loading = this.#loading.get(name) ?? this.#open(names, name);
    this.#loading.set(name, loading);
    try {
      return await loading;
    } finally {
      this.#loading.delete(name);
    }
  }

  async #open(names: Map<ObjectId, Pack | undefined>, name: ObjectId): Promise<Pack | undefined> {
    try {
      const pack = await Pack.open(this.#disk, name, `${this.#dir}/${name}${PACK_ENDING}`);
      names.set(name, pack);
      await this.#closeOthers(names, pack);
      return pack;
    } catch (e) {
      if (!isErrno(e, 'ENOENT', 'EIO', 'EACCES', 'EPERM') && !(e instanceof HsError)) throw e;
      names.delete(name);
      if (!isErrno(e, 'ENOENT')) this.#unreadable.add(name);
      return undefined;
    }
  }

  async #closeOthers(names: ReadonlyMap<ObjectId, Pack | undefined>, but: Pack): Promise<void> {
    const open = [...names.values()].filter((p) => p?.isOpen);
    if (open.length <= MOST_OPEN) return;
    for (const pack of open) if (pack !== but && !this.#recent.includes(pack!)) await pack!.close();
  }

  /** Looks into the packs of the last hits alone. */
  findAgain(id: ObjectId): Packed | undefined {
    for (const pack of this.#recent) {
      const slot = pack.index.find(id);
      if (slot !== undefined) return this.#hit(pack, slot);
    }
    return undefined;
  }

  #hit(pack: Pack, slot: PackSlot): Packed {
    if (this.#recent[0] !== pack) {
      this.#recent = [pack, ...this.#recent.filter((p) => p !== pack)].slice(0, MOST_RECENT);
    }
    return { pack, ...slot };
  }

  /** Whether that is known: all of them were looked into, and none has the object. */
  lacks(id: ObjectId): boolean {
    if (this.#known === undefined) return false;
    for (const pack of this.#known.values()) {
      if (pack === undefined || pack.index.find(id) !== undefined) return false;
    }
    return true;
  }

  async find(id: ObjectId): Promise<Packed | undefined> {
    const names = await this.#names();
    for (const [name, known] of names) {
      const pack = known ?? (await this.#load(names, name));
      const slot = pack?.index.find(id);
      if (slot === undefined) continue;
      return this.#hit(pack!, slot);
    }
    return undefined;
  }

  /** Names of those that `all` could not look into: damaged, or kept from this user. */
  get unreadable(): readonly ObjectId[] {
    return [...this.#unreadable].sort();
  }

  /** All that can be looked into, in order of name. */
  async all(): Promise<Pack[]> {
    const names = await this.#names();
    const packs: Pack[] = [];
    for (const name of [...names.keys()].sort()) {
      const pack = await this.#load(names, name);
      if (pack !== undefined) packs.push(pack);
    }
    return packs;
  }

  async close(): Promise<void> {
    for (const pack of this.#known?.values() ?? []) await pack?.close();
    this.#known = undefined;
    this.#recent = [];
  }
}
