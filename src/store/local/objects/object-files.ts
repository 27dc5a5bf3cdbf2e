import { isObjectId, type ObjectId } from '../../../core/objects/ids.js';
import { HsError, isErrno } from '../../../errors/hs-error.js';
import type { Disk } from '../../../fsx/disk.js';
import { corrupt, inMemory } from '../../objects/object-store.js';
import type { FoundBytes, ObjectFile, ObjectSource } from '../../port/object-source.js';
import type { Layout } from '../layout.js';
import { type Packed, Packs } from './packs.js';

/** A lookup that finds nothing is done again until nothing moved meanwhile; collectors are not that quick. */
const MOST_ROUNDS = 100;

/** Where an object was found; `batch` is that of the trash. */
type Place = { readonly batch?: string } & (
  | { readonly path: string; readonly packed?: undefined }
  | { readonly packed: Packed }
);

/** An object that is there, before a commit names it. */
export interface Usable {
  /** Bytes. */
  readonly size: number;
  /** The directory that must be synced before anything names the object; undefined: it lies in the trash alone. */
  readonly dir: string | undefined;
  /** Whether it was moved there just now. */
  readonly moved: boolean;
}

/**
 * Objects on a disk, each a file or, in a store that has packs, a part of one. Reading looks in objects/ and
 * packs/, then in the trash, then at both again, since objects move.
 */
export class ObjectFiles implements ObjectSource {
  readonly #disk: Disk;
  readonly #layout: Layout;
  /** Undefined in a store without the feature. */
  readonly packs: Packs | undefined;
  readonly #trashPacks = new Map<string, Packs>();

  constructor(disk: Disk, layout: Layout, packs?: Packs) {
    this.#disk = disk;
    this.#layout = layout;
    this.packs = packs;
  }

  /** Batches of the trash, in order. */
  async trashBatches(): Promise<string[]> {
    const entries = await this.#disk.readdir(this.#layout.trash).catch((e) => {
      // A damaged store may have lost the directory, and a lookup must not fail for that.
      if (!isErrno(e, 'ENOENT')) throw e;
      return [];
    });
    return entries
      .filter((e) => e.kind === 'directory')
      .map((e) => e.name)
      .filter((name) => name !== undefined)
      .sort();
  }

  /** Objects that lie in the trash as files. */
  async trashedFiles(): Promise<Set<ObjectId>> {
    const found = new Set<ObjectId>();
    for (const batch of await this.trashBatches()) {
      const dir = await this.#disk.readdir(this.#layout.trashBatch(batch)).catch((e) => {
        if (!isErrno(e, 'ENOENT')) throw e;
        return [];
      });
      for (const { name } of dir) if (name !== undefined && isObjectId(name)) found.add(name);
    }
    return found;
  }

  /** The packs of a batch of the trash, as they were when it was last asked for. */
  packsOf(batch: string): Packs | undefined {
    if (this.packs === undefined) return undefined;
    let packs = this.#trashPacks.get(batch);
    if (packs === undefined) {
      packs = new Packs(this.#disk, this.#layout.trashBatch(batch));
      this.#trashPacks.set(batch, packs);
    }
    return packs;
  }

  async refresh(): Promise<void> {
    await this.packs?.refresh();
  }

  /** Lists anew where objects may be, and says what there is. */
  async #lookAround(): Promise<string> {
    const names: string[] = [...((await this.packs?.refresh()) ?? [])];
    const batches = await this.trashBatches();
    for (const [batch, packs] of this.#trashPacks) {
      if (batches.includes(batch)) continue;
      await packs.close();
      this.#trashPacks.delete(batch);
    }
    for (const batch of batches) names.push(batch, ...((await this.packsOf(batch)?.refresh()) ?? []));
    return names.sort().join();
  }

  /** Runs `use` on each place where an object is, until one has it; ENOENT from it means: look on. */
  async #find<T>(id: ObjectId, use: (place: Place) => Promise<T>): Promise<T | undefined> {
    const attempt = async (place: Place | undefined) => {
      try {
        return place && { found: await use(place) };
      } catch (e) {
        if (isErrno(e, 'ENOENT')) return undefined;
        throw e;
      }
    };
    const inPacks = async (packs: Packs | undefined, batch?: string) => {
      const packed = await packs?.find(id);
      return packed && { packed, ...(batch === undefined ? {} : { batch }) };
    };
    // An error for each file that is not there costs ten times what its bytes do.
    const again = this.packs?.findAgain(id);
    const first = await attempt(again && { packed: again });
    if (first) return first.found;
    let seen: string | undefined;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const before = seen;
      // Brought back, put into another pack or taken out of use while the other places were searched.
      if (round > 0) seen = await this.#lookAround();
      const hit =
        (await attempt({ path: this.#layout.object(id) })) ?? (await attempt(await inPacks(this.packs)));
      if (hit) return hit.found;
      for (const batch of await this.trashBatches()) {
        const trashed =
          (await attempt({ path: this.#layout.trashed(batch, id), batch })) ??
          (await attempt(await inPacks(this.packsOf(batch), batch)));
        if (trashed) return trashed.found;
      }
      if (seen !== undefined && seen === before) break;
    }
    return undefined;
  }

  /** Bytes of the object's file in objects/, or undefined. */
  async sizeOfFile(id: ObjectId): Promise<number | undefined> {
    const stat = await this.#disk.find(this.#layout.object(id));
    return stat?.kind === 'file' ? stat.size : undefined;
  }

  async sizeInUse(id: ObjectId): Promise<number | undefined> {
    const again = this.packs?.findAgain(id);
    return again?.size ?? (await this.sizeOfFile(id)) ?? (await this.packs?.find(id))?.size;
  }

  async #sizeAt({ path, packed }: Place & { readonly path?: string }): Promise<number | undefined> {
    if (packed !== undefined) return packed.size;
    const stat = await this.#disk.lstat(path);
    return stat.kind === 'file' ? stat.size : undefined;
  }

  size(id: ObjectId): Promise<number | undefined> {
    return this.#find(id, (place) => this.#sizeAt(place));
  }

  /**
   * Makes sure that the object is in use: its file is brought back from the trash. What lies there in a pack
   * can only be written anew, which is left to the caller (`dir` is undefined). Undefined when it is nowhere.
   */
  bringBack(id: ObjectId): Promise<Usable | undefined> {
    return this.#find(id, async (place) => {
      const size = await this.#sizeAt(place);
      if (size === undefined) return undefined;
      const { batch, packed } = place;
      if (packed !== undefined)
        return { size, dir: batch === undefined ? this.#layout.packs : undefined, moved: false };
      if (batch !== undefined) await this.#disk.rename(place.path, this.#layout.object(id));
      return { size, dir: this.#layout.objectDir(id), moved: batch !== undefined };
    });
  }

  atHand(id: ObjectId, maxBytes: number): Uint8Array | undefined {
    const packed = this.packs?.findAgain(id);
    return packed !== undefined && packed.size <= maxBytes ? packed.pack.readAhead(packed) : undefined;
  }

  read(id: ObjectId, maxBytes: number): Promise<FoundBytes | undefined> {
    const tooLarge = () =>
      new HsError('INTEGRITY', `object ${id} is larger than ${maxBytes} bytes, which it cannot be here`);
    return this.#find(id, async ({ packed, ...place }) => {
      if (packed !== undefined) {
        if (packed.size > maxBytes) throw tooLarge();
        // A part of what was read ahead.
        return { bytes: await packed.pack.read(packed), shared: true };
      }
      try {
        const bytes = await this.#disk.readFile((place as { path: string }).path, maxBytes);
        return { bytes, shared: false };
      } catch (e) {
        if (isErrno(e, 'EFBIG')) throw tooLarge();
        if (isErrno(e, 'EINVAL', 'ELOOP')) throw corrupt(id);
        throw e;
      }
    });
  }

  open(id: ObjectId): Promise<ObjectFile | undefined> {
    return this.#find(id, async (place): Promise<ObjectFile> => {
      if (place.packed === undefined) {
        return this.#disk.open(place.path, { access: 'read' }).catch((e) => {
          throw isErrno(e, 'EINVAL', 'ELOOP') ? corrupt(id) : e;
        });
      }
      return inMemory(await place.packed.pack.read(place.packed));
    });
  }

  async close(): Promise<void> {
    await this.packs?.close();
    for (const packs of this.#trashPacks.values()) await packs.close();
    this.#trashPacks.clear();
  }
}
