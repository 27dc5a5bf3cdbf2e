import type { ObjectId } from '../../../core/objects/ids.js';
import type { Disk } from '../../../fsx/disk.js';
import type { Layout } from '../layout.js';

/** Up to this many objects are looked up one by one; more come from a tree. */
const FEW = 64;
/** Directories up to this size are listed: one of 8 KiB on ext4 has 100 names and costs as much as eight lookups. */
const SHORT_BYTES = 8192;

/**
 * Knows which objects have no file in objects/ by listing short directories instead of one lookup each: a tree of
 * 10,000 new files takes 256 listings. Names added after a listing are not seen, so this is for callers that may
 * write an existing object again.
 */
export class AbsentObjects {
  readonly #disk: Disk;
  readonly #layout: Layout;
  #asked = 0;
  /** Names in each directory listed; undefined: the directory is too long to list. */
  readonly #listed = new Map<string, ReadonlySet<string> | undefined>();

  constructor(disk: Disk, layout: Layout) {
    this.#disk = disk;
    this.#layout = layout;
  }

  /** Whether the object is already known to have no file: true for nearly every object of a new tree. */
  knows(id: ObjectId): boolean {
    return this.#listed.get(this.#layout.objectDir(id))?.has(id) === false;
  }

  /** True when the object has no file; false means that it must be looked up. */
  async includes(id: ObjectId): Promise<boolean> {
    if (this.#asked < FEW) {
      this.#asked += 1;
      return false;
    }
    const dir = this.#layout.objectDir(id);
    if (!this.#listed.has(dir)) await this.#list(dir);
    return this.knows(id);
  }

  async #list(dir: string): Promise<void> {
    const isShort = ((await this.#disk.find(dir))?.size ?? 0) <= SHORT_BYTES;
    const entries = isShort ? await this.#disk.readdir(dir) : undefined;
    this.#listed.set(dir, entries && new Set(entries.map(({ name }) => name ?? '')));
  }
}
