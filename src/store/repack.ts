import type { ObjectId } from '../core/ids.js';
import type { PackEntry } from '../core/pack-index.js';
import { isErrno, isHsError } from '../errors/hs-error.js';
import { PACK_ENDING } from './layout.js';
import { PACK_LIMITS, PackWriter } from './pack-writer.js';
import type { Pack } from './packs.js';
import type { Store } from './store.js';

/** A pack whose objects are to lie elsewhere. */
export interface Source {
  readonly pack: Pack;
  /** The directory that an object of it goes to; undefined: none. */
  to(entry: PackEntry): string | undefined;
  /** True: the pack itself is not removed. */
  readonly stays?: boolean;
}

/**
 * Writes the objects of some packs into new ones, and removes a pack when all of its objects are durable
 * where they belong. At every moment each object is in one place or in both, so whoever looks for one finds
 * it, and a death in between leaves it twice. Needs as much room as one round of packs; what it staged is
 * discarded when it fails.
 */
export class Repack {
  readonly #store: Store;
  /** What the names of staged files begin with. */
  readonly #prefix: string;
  /** By the directory that they go to. */
  readonly #outputs = new Map<string, PackWriter[]>();
  /** What is in them, since an object may lie in two packs. */
  readonly #written = new Map<string, Set<ObjectId>>();
  /** Those that cannot be read to their end, and stay (D8). */
  readonly damaged: Pack[] = [];
  #sources: Source[] = [];
  #counter = 0;

  constructor(store: Store, prefix: string) {
    this.#store = store;
    this.#prefix = prefix;
  }

  async run(sources: readonly Source[], signal?: AbortSignal): Promise<void> {
    try {
      for (const source of sources) {
        signal?.throwIfAborted();
        await this.#tryCopy(source);
        if (this.#isEnough()) await this.#settle();
      }
      await this.#settle();
    } finally {
      for (const writer of [...this.#outputs.values()].flat()) await writer.discard();
    }
  }

  get #limits() {
    return this.#store.ports.packLimits ?? PACK_LIMITS;
  }

  async #tryCopy(source: Source): Promise<void> {
    try {
      await this.#copy(source);
      this.#sources.push(source);
    } catch (e) {
      if (!isHsError(e, 'INTEGRITY') && !isErrno(e, 'EIO')) throw e;
      this.damaged.push(source.pack);
    } finally {
      await source.pack.close();
    }
  }

  async #copy({ pack, to }: Source): Promise<void> {
    const inOrder = [...pack.index.entries()].sort((a, b) => a.offset - b.offset);
    for (const entry of inOrder) {
      const dir = to(entry);
      if (dir === undefined || !this.#isNew(dir, entry.id)) continue;
      const writers = this.#outputs.get(dir) ?? [];
      this.#outputs.set(dir, writers);
      let writer = writers.at(-1);
      if (writer === undefined || writer.isFullFor(entry.size)) {
        await writer?.finish();
        const path = `${this.#store.layout.tmp}/${this.#prefix}-pack-${this.#counter++}`;
        writer = new PackWriter(this.#store.disk, path, this.#limits);
        writers.push(writer);
      }
      await writer.add(entry.id, await pack.read(entry));
    }
  }

  #isNew(dir: string, id: ObjectId): boolean {
    const written = this.#written.get(dir) ?? new Set();
    this.#written.set(dir, written);
    return written.size !== written.add(id).size;
  }

  #isEnough(): boolean {
    return this.#sources.reduce((sum, { pack }) => sum + pack.fileBytes, 0) >= this.#limits.mostBytes;
  }

  /** Publishes what was written, durably, and only then removes what it was taken from. */
  async #settle(): Promise<void> {
    const { disk } = this.#store;
    const kept = new Set<string>();
    for (const [dir, writers] of this.#outputs) {
      for (const writer of writers) {
        const { path, name } = await writer.finish();
        const to = `${dir}/${name}${PACK_ENDING}`;
        await disk.rename(path, to);
        kept.add(to);
      }
      await disk.syncDir(dir);
    }
    this.#outputs.clear();
    this.#written.clear();
    const dirs = new Set<string>();
    for (const { pack, stays } of this.#sources) {
      const { path } = pack;
      if (stays || kept.has(path)) continue;
      await disk.unlink(path);
      dirs.add(path.slice(0, path.lastIndexOf('/')));
    }
    this.#sources = [];
    for (const dir of dirs) await disk.syncDir(dir);
  }
}
