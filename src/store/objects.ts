import { createSha256, sha256 } from '../core/hash.js';
import type { ObjectId } from '../core/ids.js';
import { HsError, isErrno } from '../errors/hs-error.js';
import type { Disk, DiskFile } from '../fsx/disk.js';
import type { Layout } from './layout.js';

/** Small records are read whole; payloads are streamed. */
const MAX_READ_BYTES = 512 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

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

/** Immutable bytes by their SHA-256. Reading looks in objects/, then in the trash, then again in objects/. */
export class ObjectStore {
  readonly #disk: Disk;
  readonly #layout: Layout;

  constructor(disk: Disk, layout: Layout) {
    this.#disk = disk;
    this.#layout = layout;
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

  /** Runs `use` on the path an object is at; ENOENT from it means: look on. */
  async #find<T>(
    id: ObjectId,
    use: (path: string, batch: string | undefined) => Promise<T>,
  ): Promise<T | undefined> {
    const attempt = async (path: string, batch: string | undefined) => {
      try {
        return { found: await use(path, batch) };
      } catch (e) {
        if (isErrno(e, 'ENOENT')) return undefined;
        throw e;
      }
    };
    const home = this.#layout.object(id);
    let hit = await attempt(home, undefined);
    if (hit) return hit.found;
    for (const batch of await this.trashBatches()) {
      hit = await attempt(this.#layout.trashed(batch, id), batch);
      if (hit) return hit.found;
    }
    // Brought back while the trash was being searched.
    return (await attempt(home, undefined))?.found;
  }

  /** Bytes of the object in objects/, or undefined: it may be in the trash. */
  async sizeInUse(id: ObjectId): Promise<number | undefined> {
    const stat = await this.#disk.find(this.#layout.object(id));
    return stat?.kind === 'file' ? stat.size : undefined;
  }

  /** Bytes, or undefined when the object is nowhere. */
  async size(id: ObjectId): Promise<number | undefined> {
    return this.#find(id, async (path) => {
      const stat = await this.#disk.lstat(path);
      return stat.kind === 'file' ? stat.size : undefined;
    });
  }

  async has(id: ObjectId): Promise<boolean> {
    return (await this.size(id)) !== undefined;
  }

  /**
   * Makes sure that the object is in objects/, bringing it back from the trash. Undefined when it is
   * nowhere, else its size and whether it was moved, which is not durable yet.
   */
  async bringBack(id: ObjectId): Promise<{ size: number; moved: boolean } | undefined> {
    return this.#find(id, async (path, batch) => {
      const stat = await this.#disk.lstat(path);
      if (stat.kind !== 'file') return undefined;
      if (batch !== undefined) await this.#disk.rename(path, this.#layout.object(id));
      return { size: stat.size, moved: batch !== undefined };
    });
  }

  /** The whole object, verified. OBJECT_MISSING, or INTEGRITY when the bytes do not match the name. */
  async read(id: ObjectId, maxBytes = MAX_READ_BYTES): Promise<Uint8Array> {
    const bytes = await this.readUnverified(id, maxBytes);
    if (sha256(bytes) !== id) throw corrupt(id);
    return bytes;
  }

  /** The same for a caller that compares the bytes with the name itself: hashing twice would double an export. */
  async readUnverified(id: ObjectId, maxBytes: number): Promise<Uint8Array> {
    const bytes = await this.#find(id, async (path) => {
      try {
        return await this.#disk.readFile(path, maxBytes);
      } catch (e) {
        if (isErrno(e, 'EFBIG')) {
          throw new HsError(
            'INTEGRITY',
            `object ${id} is larger than ${maxBytes} bytes, which it cannot be here`,
          );
        }
        if (isErrno(e, 'EINVAL', 'ELOOP')) throw corrupt(id);
        throw e;
      }
    });
    if (bytes === undefined) throw missing(id);
    return bytes;
  }

  /** An open descriptor on the object, which survives its removal. */
  async open(id: ObjectId): Promise<DiskFile> {
    const file = await this.#find(id, (path) => this.#disk.open(path, { access: 'read' }));
    if (file === undefined) throw missing(id);
    return file;
  }

  /**
   * The object's bytes in chunks that are valid until the next one is asked for. Throws INTEGRITY at
   * the end when they do not match the name: what was read must not have been acted upon before.
   */
  async *stream(id: ObjectId): AsyncGenerator<Uint8Array, void> {
    const hash = createSha256();
    for await (const chunk of this.streamUnverified(id)) {
      hash.update(chunk);
      yield chunk;
    }
    if (hash.digest() !== id) throw corrupt(id);
  }

  /** The same for a caller that compares the bytes with the name itself. */
  async *streamUnverified(id: ObjectId): AsyncGenerator<Uint8Array, void> {
    const file = await this.open(id);
    try {
      const size = (await file.stat()).size;
      // Two buffers: one is read into while the other is used.
      const buffers = [0, 1].map(() => Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size + 1)));
      let next = file.read(buffers[0]!, 0);
      for (let position = 0, turn = 0; ; turn ^= 1) {
        const count = await next;
        if (count === 0) break;
        position += count;
        next = file.read(buffers[turn ^ 1]!, position);
        next.catch(() => undefined);
        yield buffers[turn]!.subarray(0, count);
      }
    } finally {
      await file.close();
    }
  }
}
