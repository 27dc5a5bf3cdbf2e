import { createSha256, sha256 } from '../../core/objects/hash.js';
import { isObjectId, type ObjectId } from '../../core/objects/ids.js';
import { HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import type { Layout } from '../local/layout.js';
import { type Packed, Packs } from './packs.js';

/** Small records are read whole; payloads are streamed. */
const MAX_READ_BYTES = 512 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
/** A lookup that finds nothing is done again until nothing moved meanwhile; collectors are not that quick. */
const MOST_ROUNDS = 100;

function missing(id: ObjectId): HsError {
  return new HsError('OBJECT_MISSING', `object ${id} is missing`, {
    hint: 'hs fsck tells what else is damaged',
  });
}

export function corrupt(id: ObjectId): HsError {
  return new HsError('INTEGRITY', `object ${id} does not match its name: its bytes have changed`, {
    hint: 'hs fsck tells what else is damaged',
    details: { object_id: id },
  });
}

/** Whether reading an object failed for what became of it, and not for the disk as a whole. */
export function isDamage(e: unknown): boolean {
  return isHsError(e, 'INTEGRITY', 'OBJECT_MISSING') || isErrno(e, 'EIO', 'EISDIR');
}

/** What one object's bytes are read from. */
export interface ObjectFile {
  /** Reads into `buffer` at `position`; 0 at the end. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  stat(): Promise<{ readonly size: number }>;
  close(): Promise<void>;
}

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
 * Immutable bytes by their SHA-256, each a file or, in a store that has packs, a part of one. Reading looks
 * in objects/ and packs/, then in the trash, then at both again, since objects move.
 */
export class ObjectStore {
  readonly #disk: Disk;
  readonly #layout: Layout;
  /** Undefined in a store without the feature. */
  readonly packs: Packs | undefined;
  readonly #trashPacks = new Map<string, Packs>();
  readonly #mismatched = new Set<ObjectId>();

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

  /** Lists anew where objects may be, and says what there is. */
  async #refresh(): Promise<string> {
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
      if (round > 0) seen = await this.#refresh();
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

  /** Bytes of the object in objects/ or packs/, or undefined: it may be in the trash. */
  async sizeInUse(id: ObjectId): Promise<number | undefined> {
    const again = this.packs?.findAgain(id);
    return again?.size ?? (await this.sizeOfFile(id)) ?? (await this.packs?.find(id))?.size;
  }

  async #sizeAt({ path, packed }: Place & { readonly path?: string }): Promise<number | undefined> {
    if (packed !== undefined) return packed.size;
    const stat = await this.#disk.lstat(path);
    return stat.kind === 'file' ? stat.size : undefined;
  }

  /** Bytes, or undefined when the object is nowhere. */
  async size(id: ObjectId): Promise<number | undefined> {
    return this.#find(id, (place) => this.#sizeAt(place));
  }

  async has(id: ObjectId): Promise<boolean> {
    return (await this.size(id)) !== undefined;
  }

  /**
   * Makes sure that the object is in use: its file is brought back from the trash. What lies there in a pack
   * can only be written anew, which is left to the caller (`dir` is undefined). Undefined when it is nowhere.
   */
  async bringBack(id: ObjectId): Promise<Usable | undefined> {
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

  /**
   * The whole object, verified, in memory that is the caller's alone. OBJECT_MISSING, or INTEGRITY when the
   * bytes do not match the name.
   */
  async read(id: ObjectId, maxBytes = MAX_READ_BYTES): Promise<Uint8Array> {
    const { bytes, shared } = await this.#read(id, maxBytes);
    if (sha256(bytes) !== id) throw this.mismatch(id);
    return shared ? Uint8Array.from(bytes) : bytes;
  }

  /**
   * The same, lent and not verified: for a caller that compares the bytes with the name itself, since hashing
   * twice would double an export, and that neither changes nor hands on what others read from too.
   */
  async lendUnverified(id: ObjectId, maxBytes: number): Promise<Uint8Array> {
    const packed = this.packs?.findAgain(id);
    const ahead = packed !== undefined && packed.size <= maxBytes ? packed.pack.readAhead(packed) : undefined;
    return ahead ?? (await this.#read(id, maxBytes)).bytes;
  }

  /** `shared`: a part of what was read ahead from a pack. */
  async #read(id: ObjectId, maxBytes: number): Promise<{ bytes: Uint8Array; shared: boolean }> {
    const tooLarge = () =>
      new HsError('INTEGRITY', `object ${id} is larger than ${maxBytes} bytes, which it cannot be here`);
    const found = await this.#find(id, async ({ packed, ...place }) => {
      if (packed !== undefined) {
        if (packed.size > maxBytes) throw tooLarge();
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
    if (found === undefined) throw missing(id);
    return found;
  }

  /** The object, open, whatever becomes of its name. OBJECT_MISSING. */
  async open(id: ObjectId): Promise<ObjectFile> {
    const file = await this.#find(id, async (place): Promise<ObjectFile> => {
      if (place.packed === undefined) {
        return this.#disk.open(place.path, { access: 'read' }).catch((e) => {
          throw isErrno(e, 'EINVAL', 'ELOOP') ? corrupt(id) : e;
        });
      }
      return inMemory(await place.packed.pack.read(place.packed));
    });
    if (file === undefined) throw missing(id);
    return file;
  }

  /**
   * The object's bytes in chunks, each the caller's to keep. Throws INTEGRITY at the end when they do not
   * match the name: what was read must not have been acted upon before.
   */
  stream(id: ObjectId): AsyncGenerator<Uint8Array, void> {
    return this.#verified(id, this.#chunks(id, freshBuffers));
  }

  /** The same in chunks that are valid until the next one is asked for, for callers in this program. */
  lend(id: ObjectId): AsyncGenerator<Uint8Array, void> {
    return this.#verified(id, this.lendChunksUnverified(id));
  }

  async *#verified(id: ObjectId, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    const hash = createSha256();
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
    if (hash.digest() !== id) throw this.mismatch(id);
  }

  /** The error for an object with other bytes than its name says, which is remembered until it is taken. */
  mismatch(id: ObjectId): HsError {
    this.#mismatched.add(id);
    return corrupt(id);
  }

  /** The objects that were read and had other bytes than their name says, each once since it was last asked. */
  takeMismatched(): readonly ObjectId[] {
    const met = [...this.#mismatched];
    this.#mismatched.clear();
    return met;
  }

  /** Whether it reads back as its name says. */
  async isSound(id: ObjectId): Promise<boolean> {
    try {
      const hash = createSha256();
      for await (const chunk of this.lendChunksUnverified(id)) hash.update(chunk);
      return hash.digest() === id;
    } catch (e) {
      if (!isDamage(e)) throw e;
      return false;
    }
  }

  /** The same for a caller that compares the bytes with the name itself. */
  lendChunksUnverified(id: ObjectId): AsyncGenerator<Uint8Array, void> {
    return this.#chunks(id, twoBuffers);
  }

  async *#chunks(id: ObjectId, buffers: (size: number) => () => Buffer): AsyncGenerator<Uint8Array, void> {
    const file = await this.open(id);
    try {
      const { size } = await file.stat();
      const buffer = buffers(Math.min(CHUNK_BYTES, size + 1));
      let into = buffer();
      let next = file.read(into, 0);
      for (let position = 0; ; ) {
        const count = await next;
        if (count === 0) break;
        const chunk = into.subarray(0, count);
        position += count;
        into = buffer();
        next = file.read(into, position);
        next.catch(() => undefined);
        yield chunk;
      }
    } finally {
      await file.close();
    }
  }

  async close(): Promise<void> {
    await this.packs?.close();
    for (const packs of this.#trashPacks.values()) await packs.close();
    this.#trashPacks.clear();
  }
}

const freshBuffers = (size: number) => () => Buffer.allocUnsafeSlow(size);

/** One is read into while the other is used. */
function twoBuffers(size: number): () => Buffer {
  const buffers = [0, 1].map(() => Buffer.allocUnsafe(size));
  let turn = 0;
  return () => {
    turn ^= 1;
    return buffers[turn]!;
  };
}

/** Bytes of a pack, as a file is read. */
export function inMemory(bytes: Uint8Array): ObjectFile {
  return {
    read: async (buffer, position) => {
      const part = bytes.subarray(position, position + buffer.length);
      buffer.set(part);
      return part.length;
    },
    stat: async () => ({ size: bytes.length }),
    close: async () => undefined,
  };
}
