import type { ObjectId } from '../../../core/objects/ids.js';
import { keyOf } from '../../../core/objects/pack-index.js';
import {
  decodePacksHead,
  entriesWith,
  isPacksIndexName,
  PACKS_ENTRY_BYTES,
  type PacksHead,
  packsHeadBytes,
  packsOfEntries,
  provenPacksEntries,
} from '../../../core/objects/packs-index-file.js';
import { recordsWith } from '../../../core/objects/sorted-records.js';
import { isErrno, isHsError } from '../../../errors/hs-error.js';
import type { Disk, DiskFile } from '../../../fsx/disk.js';
import { readAt } from './read-at.js';

/** Enough for the names of 511 packs. */
const START_BYTES = 16 * 1024;
/** Lookups by small reads before the files are read whole, 8 bytes an object. */
const MOST_LOOKUPS = 32;
/** No file is longer: of as many objects as it can count in a process that has room for them. */
export const MOST_PACKS_INDEX_BYTES = 512 * 1024 * 1024;

/** A file of the index. */
export interface PacksIndexPart extends PacksHead {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
}

interface Held extends PacksIndexPart {
  /** All of its entries, once read. */
  all?: Buffer | undefined;
  /** Lookups at once share one reading. */
  reading?: Promise<Buffer | undefined>;
}

/**
 * The index over the packs in use: files in `cache/`, each of some packs. It only says where to look first, and each
 * object proves itself, so it is not proven when one is looked up: what it leaves out is as in a pack that is new, and
 * what it makes up is not found.
 */
export class PacksIndex {
  readonly #disk: Disk;
  readonly #dir: string;
  readonly #from: number;
  #parts = new Map<string, Held>();
  #covered = new Set<ObjectId>();
  readonly #damaged = new Set<string>();
  #lookups = 0;
  /** Changes with what is covered. */
  version = 0;

  /** `from`: with fewer packs there is none. */
  constructor(disk: Disk, dir: string, from: number) {
    this.#disk = disk;
    this.#dir = dir;
    this.#from = from;
  }

  /** A file of this name was written anew: what was found of the one before counts no more. */
  written(name: string): void {
    this.#damaged.delete(name);
    this.#parts.delete(name);
  }

  /** Its files, as of the last look. */
  get parts(): readonly PacksIndexPart[] {
    return [...this.#parts.values()];
  }

  /** Names of its files that were found to be damaged: they are left out. */
  get damaged(): readonly string[] {
    return [...this.#damaged];
  }

  /** Whether so much has changed that it is to be written: of new packs, and of what it says of those that are gone. */
  isDue(packs: ReadonlyMap<ObjectId, unknown>, uncovered: number): boolean {
    if (packs.size < this.#from) return false;
    return uncovered >= this.#from || this.parts.some((part) => isMostlyGone(part, packs));
  }

  /** Whether it says where the objects of a pack are. */
  covers(pack: ObjectId): boolean {
    return this.#covered.has(pack);
  }

  /** Looks which files there are. */
  async look(packs: number): Promise<void> {
    const parts = new Map<string, Held>();
    for (const name of packs < this.#from ? [] : await this.#names()) {
      if (this.#damaged.has(name)) continue;
      const part = this.#parts.get(name) ?? (await this.#head(name));
      if (part !== undefined) parts.set(name, part);
    }
    this.#keep(parts);
  }

  #keep(parts: Map<string, Held>): void {
    this.#parts = parts;
    this.#covered = new Set([...parts.values()].flatMap(({ packs }) => packs));
    this.version += 1;
  }

  async #names(): Promise<string[]> {
    const entries = (await unlessLost(() => this.#disk.readdir(this.#dir))) ?? [];
    return entries.flatMap(({ name }) => (name !== undefined && isPacksIndexName(name) ? [name] : [])).sort();
  }

  async #opened<T>(name: string, use: (file: DiskFile) => Promise<T>): Promise<T | undefined> {
    return unlessLost(async () => {
      const file = await this.#disk.open(`${this.#dir}/${name}`, { access: 'read' });
      try {
        return await use(file);
      } finally {
        await file.close();
      }
    });
  }

  #head(name: string): Promise<PacksIndexPart | undefined> {
    return this.#opened(name, async (file) => {
      const { size } = await file.stat();
      const start = await readAt(file, 0, Math.min(START_BYTES, size));
      const bytes = start && packsHeadBytes(start, size);
      if (bytes === undefined || size > MOST_PACKS_INDEX_BYTES) {
        this.#damaged.add(name);
        return undefined;
      }
      const head = bytes <= start!.length ? start!.subarray(0, bytes) : await readAt(file, 0, bytes);
      return head && { ...decodePacksHead(head), name, size };
    });
  }

  /** The packs that it names for this object. */
  async packsWith(id: ObjectId): Promise<readonly ObjectId[]> {
    const isLong = this.#lookups++ >= MOST_LOOKUPS;
    const named: ObjectId[] = [];
    for (const part of this.#parts.values()) {
      if (isLong) await this.#hold(part);
      const found = part.all ? entriesWith(keyOf(id), part.all) : await this.#read(part, id);
      if (found === undefined) this.#drop(part);
      else named.push(...packsOfEntries(found, part));
    }
    return named;
  }

  /** The same from memory, once it is there. */
  atHand(id: ObjectId): readonly ObjectId[] | undefined {
    const named: ObjectId[] = [];
    for (const part of this.#parts.values()) {
      if (part.all === undefined) return undefined;
      named.push(...packsOfEntries(entriesWith(keyOf(id), part.all), part));
    }
    return named;
  }

  async #read(part: Held, id: ObjectId): Promise<Buffer | undefined> {
    const found = await this.#opened(part.name, (file) =>
      recordsWith(keyOf(id), {
        count: part.entries,
        stride: PACKS_ENTRY_BYTES,
        read: (from, count) => readAt(file, part.at + from * PACKS_ENTRY_BYTES, count * PACKS_ENTRY_BYTES),
      }),
    );
    if (found !== undefined) return found;
    await this.#hold(part);
    return part.all && entriesWith(keyOf(id), part.all);
  }

  async #hold(part: Held): Promise<void> {
    part.reading ??= this.entriesOf(part);
    part.all = await part.reading;
  }

  /** All entries of one of its files; undefined: it is gone or damaged. */
  async entriesOf({ name, size }: PacksIndexPart): Promise<Buffer | undefined> {
    const bytes = await unlessLost(() => this.#disk.readFile(`${this.#dir}/${name}`, size));
    const entries =
      bytes && provenPacksEntries(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    if (bytes !== undefined && entries === undefined) this.#damaged.add(name);
    return entries;
  }

  #drop(part: Held): void {
    const parts = new Map(this.#parts);
    if (parts.get(part.name) === part) parts.delete(part.name);
    this.#keep(parts);
  }
}

/** Whether less than half of the packs of a file are still there. */
export function isMostlyGone({ packs }: PacksIndexPart, there: { has(name: ObjectId): boolean }): boolean {
  return packs.filter((name) => there.has(name)).length < packs.length / 2;
}

/** Undefined: it is gone, or cannot be read, which is no reason to fail. */
async function unlessLost<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (e) {
    if (!isErrno(e) && !isHsError(e, 'INTEGRITY')) throw e;
    return undefined;
  }
}
