import type { ObjectId } from '../../core/objects/ids.js';
import type { Disk } from '../../fsx/disk.js';
import type { Layout } from '../local/layout.js';

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

  /** Whether the object has no file; false means that it must be looked for. */
  includes(id: ObjectId): boolean | Promise<boolean> {
    if (this.#asked < FEW) {
      this.#asked += 1;
      return false;
    }
    const dir = this.#layout.objectDir(id);
    if (!this.#listed.has(dir)) return this.#list(dir).then(() => this.#lacks(dir, id));
    return this.#lacks(dir, id);
  }

  #lacks(dir: string, id: ObjectId): boolean {
    return this.#listed.get(dir)?.has(id) === false;
  }

  async #list(dir: string): Promise<void> {
    const isShort = ((await this.#disk.find(dir))?.size ?? 0) <= SHORT_BYTES;
    const entries = isShort ? await this.#disk.readdir(dir) : undefined;
    this.#listed.set(dir, entries && new Set(entries.map(({ name }) => name ?? '')));
  }
}
