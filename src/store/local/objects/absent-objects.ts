import type { ObjectId } from '../../../core/objects/ids.js';
import type { Disk } from '../../../fsx/disk.js';
import type { Layout } from '../layout.js';

/** So many objects are asked for one by one; who asks for more has a tree. */
const FEW = 64;
/** A directory of at most so many bytes is listed: on ext4 it has 100 names, which cost as much as eight questions. */
const SHORT_BYTES = 8192;

/**
 * Which objects have no file in objects/, from listings of short directories instead of a question each: a tree
 * of 10,000 new files takes 256 listings. Names that appear after a listing are not seen, so this is for who
 * may write an object that is there already once more.
 */
export class AbsentObjects {
  readonly #disk: Disk;
  readonly #layout: Layout;
  #asked = 0;
  /** The names in each directory that was looked at; undefined: it is too long to be listed. */
  readonly #listed = new Map<string, ReadonlySet<string> | undefined>();

  constructor(disk: Disk, layout: Layout) {
    this.#disk = disk;
    this.#layout = layout;
  }

  /** Whether that is known already: true for nearly every object of a new tree. */
  knows(id: ObjectId): boolean {
    return this.#listed.get(this.#layout.objectDir(id))?.has(id) === false;
  }

  /** Whether the object has no file; false means that it must be looked for. */
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
