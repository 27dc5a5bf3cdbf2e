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
  /** By name; undefined: listed but not opened yet. One map for all calls, since many are under way at once. */
  readonly #known = new Map<ObjectId, Pack | undefined>();
  #isListed = false;
  /** Changes with each listing. */
  #listings = 0;
  #listing: Promise<ReadonlySet<ObjectId>> | undefined;
  /** The one that begins after it. */
  #nextListing: Promise<ReadonlySet<ObjectId>> | undefined;
  readonly #unreadable = new Set<ObjectId>();
  /** Packs being opened: concurrent lookups share one open. */
  readonly #loading = new Map<ObjectId, Promise<Pack | undefined>>();
  /** Those whose files were opened since they were closed here, also if they are known no more. */
  readonly #open = new Set<Pack>();
  /** The packs of the latest hits, newest first: the files of a tree are in the same packs. */
  #recent: readonly Pack[] = [];
  /** Those that the index does not cover. */
  #left:
    | { readonly listing: number; readonly version: number | undefined; readonly names: readonly ObjectId[] }
    | undefined;

  constructor(disk: Disk, dir: string, index?: PacksIndex) {
    this.#disk = disk;
    this.#dir = dir;
    this.index = index;
  }

  async #names(): Promise<ReadonlyMap<ObjectId, Pack | undefined>> {
    if (!this.#isListed) await this.refresh();
    return this.#known;
  }

  /**
   * Lists the directory again and returns the names. One listing at a time, since the older of two could be the last to
   * end; who asks while one is under way shares the next.
   */
  refresh(): Promise<ReadonlySet<ObjectId>> {
    this.#nextListing ??= this.#listAfter(this.#listing);
    return this.#nextListing;
  }

  async #listAfter(before: Promise<unknown> | undefined): Promise<ReadonlySet<ObjectId>> {
    await before?.catch(() => undefined);
    this.#listing = this.#nextListing;
    this.#nextListing = undefined;
    let entries: { readonly name: string | undefined }[] = [];
    try {
      entries = await this.#disk.readdir(this.#dir);
    } catch (e) {
      // A trash batch that was removed, or a damaged store, which fsck reports.
      if (!isErrno(e, 'ENOENT')) throw e;
    }
    const names = new Set(entries.map((e) => packNameOf(e.name)).filter((name) => name !== undefined));
    await this.index?.look(names.size);
    await this.#know(names);
    return names;
  }

  async #know(names: ReadonlySet<ObjectId>): Promise<void> {
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name);
    for (const name of names) if (!this.#known.has(name)) this.#known.set(name, undefined);
    for (const name of this.#unreadable) if (!names.has(name)) this.#unreadable.delete(name);
    this.#recent = this.#recent.filter((pack) => this.#isKnown(pack));
    this.#isListed = true;
    this.#listings += 1;
    await this.#close([...this.#open].filter((pack) => !this.#isKnown(pack)));
  }

  #isKnown(pack: Pack): boolean {
    return this.#known.get(pack.name) === pack;
  }

  #load(name: ObjectId): Promise<Pack | undefined> {
    const known = this.#known.get(name);
    if (known !== undefined) return Promise.resolve(known);
    const loading = this.#loading.get(name) ?? this.#look(name).finally(() => this.#loading.delete(name));
    this.#loading.set(name, loading);
    return loading;
  }

  async #look(name: ObjectId): Promise<Pack | undefined> {
    const path = `${this.#dir}/${name}${PACK_ENDING}`;
    const pack = await Pack.look(this.#disk, name, path, (opened) => this.#open.add(opened));
    this.#unreadable.delete(name);
    // A listing has found that it is gone, or all were closed.
    if (!this.#known.has(name)) {
      await this.#close([pack]);
      return undefined;
    }
    this.#known.set(name, pack);
    return pack;
  }

  /** What is done with a pack; undefined, as if it were not there, when it is gone or damaged, which fsck reports. */
  async #use<T>(name: ObjectId, run: (pack: Pack) => Promise<T>): Promise<T | undefined> {
    let pack: Pack | undefined;
    let result: T | undefined;
    try {
      pack = await this.#load(name);
      result = pack && (await run(pack));
    } catch (e) {
      if (!isErrno(e, 'ENOENT', 'EIO', 'EACCES', 'EPERM') && !(e instanceof HsError)) throw e;
      if (this.#known.get(name) === pack) this.#known.delete(name);
      this.#recent = this.#recent.filter((recent) => recent !== pack);
      if (pack !== undefined) await this.#close([pack]);
      if (!isErrno(e, 'ENOENT')) this.#unreadable.add(name);
      return undefined;
    }
    if (this.#open.size > MOST_OPEN) {
      await this.#close([...this.#open].filter((open) => open !== pack && !this.#recent.includes(open)));
    }
    return result;
  }

  async #close(packs: readonly Pack[]): Promise<void> {
    for (const pack of packs) {
      this.#open.delete(pack);
      await pack.close();
    }
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
    if (!this.#isListed) return false;
    const named = this.index?.atHand(id);
    for (const [name, pack] of this.#known) {
      if (this.index?.covers(name)) {
        if (named === undefined || named.includes(name)) return false;
      } else if (pack?.index === undefined || pack.index.find(id) !== undefined) return false;
    }
    return true;
  }

  #findIn(name: ObjectId, id: ObjectId): Promise<Packed | undefined> {
    return this.#use(name, async (pack) => {
      const slot = await pack.find(id);
      return slot && this.#hit(pack, slot);
    });
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
    // By name: some of those may be gone meanwhile.
    const others = new Set((await this.#names()).keys());
    for (const name of looked) others.delete(name);
    return this.#firstOf(others, id);
  }

  async #firstLook(id: ObjectId) {
    await this.#names();
    const named = (await this.index?.packsWith(id)) ?? [];
    const looked = this.#uncovered();
    return {
      found: (await this.#firstOf(named, id)) ?? (await this.#firstOf(looked, id)),
      /** Of the packs that were looked into, those that the index does not cover. */
      looked,
    };
  }

  async #firstOf(among: Iterable<ObjectId>, id: ObjectId) {
    for (const name of among) {
      const found = this.#known.has(name) ? await this.#findIn(name, id) : undefined;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #uncovered(): readonly ObjectId[] {
    const version = this.index?.version;
    const listing = this.#listings;
    if (this.#left?.listing !== listing || this.#left.version !== version) {
      const names = [...this.#known.keys()].filter((name) => !this.index?.covers(name));
      this.#left = { listing, version, names };
    }
    return this.#left.names;
  }

  /** Whether the index over them should be written, by the last listing. */
  get isIndexDue(): boolean {
    return this.#isListed && this.index?.isDue(this.#known, this.#uncovered().length) === true;
  }

  /** Names of the packs that could not be read when they were last looked into: damaged, or not readable by this user. */
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
    const all: T[] = [];
    for (const name of [...(await this.#names()).keys()].sort()) {
      const used = await this.#use(name, use);
      if (used !== undefined) all.push(used);
    }
    return all;
  }

  async close(): Promise<void> {
    this.#known.clear();
    this.#isListed = false;
    this.#recent = [];
    // They are closed as they come.
    await Promise.allSettled(this.#loading.values());
    await this.#close([...this.#open]);
  }
}
