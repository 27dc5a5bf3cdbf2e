import { isObjectId, type ObjectId } from '../../../core/objects/ids.js';
import type { PackSlot } from '../../../core/objects/pack-index.js';
import { HsError, isErrno } from '../../../errors/hs-error.js';
import type { Disk } from '../../../fsx/disk.js';
import { PACK_ENDING } from '../layout.js';
import { Pack, type WholePack } from './pack.js';
import type { PacksIndex } from './packs-index.js';

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
  /** Over those of this directory; undefined: it has none. */
  readonly index: PacksIndex | undefined;
  /** By name; undefined: listed but not opened yet. */
  #known: Map<ObjectId, Pack | undefined> | undefined;
  #listing: Promise<Map<ObjectId, Pack | undefined>> | undefined;
  readonly #unreadable = new Set<ObjectId>();
  /** Packs being opened: concurrent lookups share one open. */
  readonly #loading = new Map<ObjectId, Promise<Pack | undefined>>();
  /** The packs of the latest hits, newest first: the files of a tree are in the same packs. */
  #recent: readonly Pack[] = [];
  /** Those that the index does not cover. */
  #left:
    | { readonly of: unknown; readonly version: number | undefined; readonly names: readonly ObjectId[] }
    | undefined;

  constructor(disk: Disk, dir: string, index?: PacksIndex) {
    this.#disk = disk;
    this.#dir = dir;
    this.index = index;
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
    await this.index?.look(names.size);
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

  #open(names: Map<ObjectId, Pack | undefined>, name: ObjectId): Promise<Pack | undefined> {
    return this.#attempt(names, name, async () => {
      const pack = await Pack.look(this.#disk, name, `${this.#dir}/${name}${PACK_ENDING}`);
      names.set(name, pack);
      await this.#closeOthers(names, pack);
      return pack;
    });
  }

  /** What is done with a pack; undefined, as if it were not there, when it is gone or damaged. */
  async #attempt<T>(
    names: Map<ObjectId, Pack | undefined>,
    name: ObjectId,
    run: () => Promise<T>,
  ): Promise<T | undefined> {
    try {
      return await run();
    } catch (e) {
      if (!isErrno(e, 'ENOENT', 'EIO', 'EACCES', 'EPERM') && !(e instanceof HsError)) throw e;
      const pack = names.get(name);
      names.delete(name);
      this.#recent = this.#recent.filter((recent) => recent !== pack);
      await pack?.close();
      if (!isErrno(e, 'ENOENT')) this.#unreadable.add(name);
      return undefined;
    }
  }

  async #closeOthers(names: ReadonlyMap<ObjectId, Pack | undefined>, but: Pack): Promise<void> {
    const open = [...names.values()].filter((p) => p?.isOpen);
    if (open.length <= MOST_OPEN) return;
    for (const pack of open) if (pack !== but && !this.#recent.includes(pack!)) await pack!.close();
  }

  /** Searches only the packs of the latest hits, as far as their indexes are in memory. */
  findAgain(id: ObjectId): Packed | undefined {
    for (const pack of this.#recent) {
      const slot = pack.index?.find(id);
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

  /**
   * Whether the object is taken to be in no pack, by what is in memory: it may be in one that a damaged index leaves
   * out. For callers that may write it again.
   */
  mayLack(id: ObjectId): boolean {
    if (this.#known === undefined) return false;
    const named = this.index?.atHand(id);
    for (const [name, pack] of this.#known) {
      if (this.index?.covers(name)) {
        if (named === undefined || named.includes(name)) return false;
      } else if (pack?.index === undefined || pack.index.find(id) !== undefined) return false;
    }
    return true;
  }

  async #findIn(
    names: Map<ObjectId, Pack | undefined>,
    name: ObjectId,
    id: ObjectId,
  ): Promise<Packed | undefined> {
    const pack = await this.#load(names, name);
    const slot = pack && (await this.#attempt(names, name, () => pack.find(id)));
    return slot && this.#hit(pack!, slot);
  }

  /**
   * Looks where the index says, and into the packs that it does not cover. It may miss one that a damaged index leaves
   * out: for callers that look again with `find` before they call an object missing, or may write it again.
   */
  async findQuickly(id: ObjectId): Promise<Packed | undefined> {
    return (await this.#firstLook(id)).found;
  }

  /** Looks into every pack, first where the index says. */
  async find(id: ObjectId): Promise<Packed | undefined> {
    const { found, looked } = await this.#firstLook(id);
    if (found !== undefined) return found;
    const names = await this.#names();
    // By name: some of those may be gone meanwhile.
    const others = new Set(names.keys());
    for (const name of looked) others.delete(name);
    return this.#firstOf(names, others, id);
  }

  async #firstLook(id: ObjectId) {
    const names = await this.#names();
    const named = (await this.index?.packsWith(id)) ?? [];
    const looked = this.#uncovered(names);
    return {
      found: (await this.#firstOf(names, named, id)) ?? (await this.#firstOf(names, looked, id)),
      /** Of the packs that were looked into, those that the index does not cover. */
      looked,
    };
  }

  async #firstOf(names: Map<ObjectId, Pack | undefined>, among: Iterable<ObjectId>, id: ObjectId) {
    for (const name of among) {
      const found = names.has(name) ? await this.#findIn(names, name, id) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #uncovered(names: ReadonlyMap<ObjectId, unknown>): readonly ObjectId[] {
    const version = this.index?.version;
    if (this.#left?.of !== names || this.#left.version !== version) {
      this.#left = {
        of: names,
        version,
        names: [...names.keys()].filter((name) => !this.index?.covers(name)),
      };
    }
    return this.#left.names;
  }

  /** Whether the index over them should be written, by the last listing. */
  get isIndexDue(): boolean {
    const names = this.#known;
    return names !== undefined && this.index?.isDue(names, this.#uncovered(names).length) === true;
  }

  /** Names of the packs that `all` could not open: damaged, or not readable by this user. */
  get unreadable(): readonly ObjectId[] {
    return [...this.#unreadable].sort();
  }

  /** All packs that can be opened, in order of name. */
  async shapes(): Promise<Pack[]> {
    return this.#each((pack) => Promise.resolve(pack));
  }

  /** The same with their indexes. */
  async all(): Promise<WholePack[]> {
    return this.#each((pack) => pack.whole());
  }

  async #each<T>(use: (pack: Pack) => Promise<T>): Promise<T[]> {
    const names = await this.#names();
    const all: T[] = [];
    for (const name of [...names.keys()].sort()) {
      const pack = await this.#load(names, name);
      const used = pack && (await this.#attempt(names, name, () => use(pack)));
      if (used !== undefined) all.push(used);
    }
    return all;
  }

  async close(): Promise<void> {
    for (const pack of this.#known?.values() ?? []) await pack?.close();
    this.#known = undefined;
    this.#recent = [];
  }
}
