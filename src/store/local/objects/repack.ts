import { sha256 } from '../../../core/objects/hash.js';
import type { ObjectId } from '../../../core/objects/ids.js';
import type { PackEntry } from '../../../core/objects/pack-index.js';
import { isErrno, isHsError } from '../../../errors/hs-error.js';
import { PACK_ENDING } from '../layout.js';
import type { LocalParts } from '../local-parts.js';
import type { WholePack } from './pack.js';
import type { PackWriter } from './pack-writer.js';

/** A pack whose objects are to be moved. */
export interface PackMove {
  readonly pack: WholePack;
  /** Target directory of an object; undefined: dropped. */
  to(entry: PackEntry): string | undefined;
  /** What happens to the pack itself: removed (the default), kept, or moved. */
  readonly after?: 'goes' | 'stays' | { readonly movesTo: string };
}

/**
 * Writes the objects of packs into new ones, and removes a pack once all of its objects are durable in their new
 * place. At every moment each object is in one place or both, so lookups find it and a crash leaves at most two
 * copies. Needs free space for one round of packs; discards its staged files on failure.
 */
export class Repack {
  readonly #parts: LocalParts;
  /** Token of the lease of the staged files. */
  readonly #lease: string;
  /** By target directory. */
  readonly #outputs = new Map<string, PackWriter[]>();
  /** Objects written to each, since one may be in two packs. */
  readonly #written = new Map<string, Set<ObjectId>>();
  /** Objects that do not match their name. */
  readonly #unsound: { readonly dir: string; readonly entry: PackEntry; readonly bytes: Uint8Array }[] = [];
  /** Packs that cannot be read completely; they are kept (D8). */
  readonly damaged: WholePack[] = [];
  #sources: PackMove[] = [];

  constructor(parts: LocalParts, lease: string) {
    this.#parts = parts;
    this.#lease = lease;
  }

  async run(sources: readonly PackMove[], signal?: AbortSignal): Promise<void> {
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

  async #tryCopy(source: PackMove): Promise<void> {
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

  async #copy({ pack, to }: PackMove): Promise<void> {
    for (const n of pack.index.inFileOrder()) {
      const entry = pack.index.entry(n);
      const dir = to(entry);
      if (dir === undefined || this.#written.get(dir)?.has(entry.id)) continue;
      const bytes = await this.#read(pack, entry);
      if (bytes === undefined) continue;
      // Another pack of this round may have an intact copy; a damaged one is kept only if there is none (D8).
      if (sha256(bytes) === entry.id) await this.#add(dir, entry, bytes);
      else this.#unsound.push({ dir, entry, bytes });
    }
  }

  /** Undefined: this copy cannot be read, and the object has a file of its own. */
  async #read(pack: WholePack, entry: PackEntry): Promise<Uint8Array | undefined> {
    try {
      return await pack.read(entry);
    } catch (e) {
      if (!isHsError(e, 'INTEGRITY')) throw e;
      if ((await this.#parts.files.sizeOfFile(entry.id)) === undefined) throw e;
      return undefined;
    }
  }

  async #add(dir: string, { id, size }: PackEntry, bytes: Uint8Array): Promise<void> {
    const written = this.#written.get(dir) ?? new Set();
    this.#written.set(dir, written);
    if (written.has(id)) return;
    const writers = this.#outputs.get(dir) ?? [];
    this.#outputs.set(dir, writers);
    let writer = writers.at(-1);
    if (writer === undefined || writer.isFullFor(size)) {
      await writer?.finish();
      writer = this.#parts.newPack(this.#lease);
      writers.push(writer);
    }
    await writer.add(id, bytes);
    written.add(id);
  }

  #isEnough(): boolean {
    return this.#sources.reduce((sum, { pack }) => sum + pack.fileBytes, 0) >= this.#parts.limits.mostBytes;
  }

  /** Publishes the new packs durably before removing their sources. */
  async #settle(): Promise<void> {
    const { disk } = this.#parts;
    const kept = new Set<string>();
    for (const { dir, entry, bytes } of this.#unsound.splice(0)) await this.#add(dir, entry, bytes);
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
    const dirOf = (path: string) => path.slice(0, path.lastIndexOf('/'));
    for (const { pack, after = 'goes' } of this.#sources) {
      const { path } = pack;
      if (after === 'stays' || kept.has(path)) continue;
      if (after === 'goes') await disk.unlink(path);
      else {
        await disk.rename(path, after.movesTo);
        dirs.add(dirOf(after.movesTo));
      }
      dirs.add(dirOf(path));
    }
    this.#sources = [];
    for (const dir of dirs) await disk.syncDir(dir);
  }
}
