import { isObjectId, type ObjectId } from '../../../core/objects/ids.js';
import { HsError, isErrno } from '../../../errors/hs-error.js';
import type { Disk } from '../../../fsx/disk.js';
import { corrupt } from '../../objects/object-store.js';
import type { FoundBytes, ObjectFile, ObjectSource } from '../../port/object-source.js';
import type { Layout } from '../layout.js';
import { type Packed, Packs } from './packs.js';
import { isSoundFile } from './sound-file.js';

/** A failed lookup is repeated until nothing has moved meanwhile; no collector moves this often. */
const MOST_ROUNDS = 100;

/** Where an object was found; `batch` is the trash batch. */
type Place = { readonly batch?: string } & (
  | { readonly path: string; readonly packed?: undefined }
  | { readonly packed: Packed }
);

/** An object that is present, before a commit names it. */
export interface Usable {
  /** Size in bytes. */
  readonly size: number;
  /** The directory to sync before anything names the object; undefined: it is only in the trash. */
  readonly dir: string | undefined;
  /** Whether it was just moved there, which only sound bytes are. */
  readonly moved: boolean;
}

/**
 * Objects on disk, as files or, in a store with packs, inside packs. Reading searches objects/ and packs/, then the
 * trash, then both again, since objects move.
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

  /** Trash batches, in order. */
  async trashBatches(): Promise<string[]> {
    const entries = await this.#disk.readdir(this.#layout.trash).catch((e) => {
      // A damaged store may lack the directory, and a lookup must not fail because of that.
      if (!isErrno(e, 'ENOENT')) throw e;
      return [];
    });
    return entries
      .filter((e) => e.kind === 'directory')
      .map((e) => e.name)
      .filter((name) => name !== undefined)
      .sort();
  }

  /** Objects in the trash that are files. */
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

  /** The packs of a trash batch, as of the last lookup. */
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

  /** Lists everywhere that objects may be; returns a summary to compare. */
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

  /** Calls `use` for each place that has the object until one succeeds; on ENOENT or undefined it tries the next. */
  async #find<T>(id: ObjectId, use: (place: Place) => Promise<T | undefined>): Promise<T | undefined> {
    const attempt = async (place: Place | undefined) => {
      try {
        const found = place && (await use(place));
        return found === undefined ? undefined : { found };
      } catch (e) {
        if (isErrno(e, 'ENOENT')) return undefined;
        throw e;
      }
    };
    const inPacks = async (packs: Packs | undefined, isAgain: boolean, batch?: string) => {
      const packed = await (isAgain ? packs?.find(id) : packs?.findQuickly(id));
      return packed && { packed, ...(batch === undefined ? {} : { batch }) };
    };
    // Recent packs first: an error for each missing file costs ten times as much as reading its bytes.
    const again = this.packs?.findAgain(id);
    const first = await attempt(again && { packed: again });
    if (first) return first.found;
    let seen: string | undefined;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const before = seen;
      // Restored, repacked or collected while the other places were searched.
      if (round > 0) seen = await this.#lookAround();
      const hit =
        (await attempt({ path: this.#layout.object(id) })) ??
        (await attempt(await inPacks(this.packs, round > 0)));
      if (hit) return hit.found;
      for (const batch of await this.trashBatches()) {
        const trashed =
          (await attempt({ path: this.#layout.trashed(batch, id), batch })) ??
          (await attempt(await inPacks(this.packsOf(batch), round > 0, batch)));
        if (trashed) return trashed.found;
      }
      if (seen !== undefined && seen === before) break;
    }
    return undefined;
  }

  /** Size in bytes of the object's file in objects/, or undefined. */
  async sizeOfFile(id: ObjectId): Promise<number | undefined> {
    const stat = await this.#disk.find(this.#layout.object(id));
    return stat?.kind === 'file' ? stat.size : undefined;
  }

  async sizesInUse(ids: Iterable<ObjectId>): Promise<ReadonlyMap<ObjectId, number>> {
    const sizes = new Map<ObjectId, number>();
    for (const id of ids) {
      const size = await this.sizeInUse(id);
      if (size !== undefined) sizes.set(id, size);
    }
    return sizes;
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
   * Brings the object back into use: moves its file out of the trash. An object in a trashed pack must be written
   * again by the caller (`dir` is undefined). Undefined when it is missing, or damaged in the trash: it could replace
   * what another command has just stored; `damaged` is told.
   */
  bringBack(id: ObjectId, damaged: () => void = () => {}): Promise<Usable | undefined> {
    return this.#find(id, async (place) => {
      const size = await this.#sizeAt(place);
      if (size === undefined) return undefined;
      const { batch, packed } = place;
      if (packed !== undefined)
        return { size, dir: batch === undefined ? this.#layout.packs : undefined, moved: false };
      if (batch !== undefined) {
        if (!(await isSoundFile(this.#disk, place.path, id))) {
          damaged();
          return undefined;
        }
        await this.#disk.rename(place.path, this.#layout.object(id));
      }
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
        // Part of the read-ahead buffer.
        return { bytes: await packed.pack.read(packed), shared: true };
      }
      try {
        const bytes = await this.#disk.readFile((place as { path: string }).path, maxBytes);
        return { bytes, shared: false };
      } catch (e) {
        if (isErrno(e, 'ETOOLARGE')) throw tooLarge();
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
      return place.packed.pack.open(place.packed);
    });
  }

  async close(): Promise<void> {
    await this.packs?.close();
    for (const packs of this.#trashPacks.values()) await packs.close();
    this.#trashPacks.clear();
  }
}
