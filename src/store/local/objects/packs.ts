import { isObjectId, type ObjectId } from '../../../core/objects/ids.js';
import type { PackSlot } from '../../../core/objects/pack-index.js';
import { HsError, isErrno } from '../../../errors/hs-error.js';
import type { Disk } from '../../../fsx/disk.js';
import { PACK_ENDING } from '../layout.js';
import { Pack } from './pack.js';

/** Number of descriptors kept open: the objects of a tree are in few packs. */
const MOST_OPEN = 32;
/** Small, because an object that is in none of the recent packs is looked up in all. */
const MOST_RECENT = 8;

/** Name of a pack without the extension, or undefined for another file. */
export function packNameOf(file: string | undefined): ObjectId | undefined {
  const name = file?.endsWith(PACK_ENDING) ? file.slice(0, -PACK_ENDING.length) : '';
  return isObjectId(name) ? name : undefined;
}

/** An object in a pack. */
export interface Packed extends PackSlot {
  readonly pack: Pack;
}

/** The packs of one directory, as of the last listing. */
export class Packs {
  readonly #disk: Disk;
  readonly #dir: string;
  /** By name; undefined: listed but not opened yet. */
  #known: Map<ObjectId, Pack | undefined> | undefined;
  #listing: Promise<Map<ObjectId, Pack | undefined>> | undefined;
  readonly #unreadable = new Set<ObjectId>();
  /** Packs being opened: concurrent lookups share one open. */
  readonly #loading = new Map<ObjectId, Promise<Pack | undefined>>();
  /** The packs of the latest hits, newest first: the files of a tree are in the same packs. */
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
      // A trash batch that was removed, or a damaged store, which fsck reports.
      if (!isErrno(e, 'ENOENT')) throw e;
    }
    for (const { name: file } of entries) {
      const name = packNameOf(file);
      if (name !== undefined) names.set(name, before.get(name));
    }
    return names;
  }

  /** Lists the directory again and returns the names. */
  async refresh(): Promise<Iterable<ObjectId>> {
    const before = this.#known ?? new Map<ObjectId, Pack | undefined>();
    this.#unreadable.clear();
    const now = await this.#list(before);
    for (const [name, pack] of before) if (!now.has(name)) await pack?.close();
    this.#recent = this.#recent.filter((pack) => now.has(pack.name));
    this.#known = now;
    return now.keys();
  }

  /** Undefined when it is gone or damaged; fsck reports that. */
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

  /** Searches only the packs of the latest hits. */
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

  /** Whether the object is known to be missing: every pack is loaded and none has it. */
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

  /** Names of the packs that `all` could not open: damaged, or not readable by this user. */
  get unreadable(): readonly ObjectId[] {
    return [...this.#unreadable].sort();
  }

  /** All packs that can be opened, in order of name. */
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
