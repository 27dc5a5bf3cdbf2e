import { createSha256, sha256 } from '../../core/objects/hash.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import type { FoundBytes, ObjectFile, ObjectSource } from '../port/object-source.js';

/** Small records are read whole; payloads are streamed. */
const MAX_READ_BYTES = 512 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;
/** Objects of up to this many bytes are verified before `stream` hands out their first: it holds them in memory. */
export const VERIFIED_FIRST_BYTES = 8 * 1024 * 1024;

function missing(id: ObjectId): HsError {
  return new HsError('OBJECT_MISSING', `object ${id} is missing`, {
    hint: 'hs fsck lists all damage',
  });
}

export function corrupt(id: ObjectId): HsError {
  return new HsError('INTEGRITY', `object ${id} does not match its name: its bytes changed`, {
    hint: 'hs fsck lists all damage',
    details: { object_id: id },
  });
}

/** Whether reading failed because this object is damaged or missing, and not because the disk failed as a whole. */
export function isDamage(e: unknown): boolean {
  return isHsError(e, 'INTEGRITY', 'OBJECT_MISSING') || isErrno(e, 'EIO', 'EISDIR');
}

/**
 * Immutable bytes addressed by their SHA-256, on any backend. Bytes are verified against their name unless the method
 * says otherwise.
 */
export class ObjectStore {
  readonly #source: ObjectSource;
  readonly #mismatched = new Set<ObjectId>();

  constructor(source: ObjectSource) {
    this.#source = source;
  }

  /** Drops cached locations: in a long session other processes may have moved objects. */
  refresh(): Promise<void> {
    return this.#source.refresh();
  }

  /** Size in bytes, or undefined when the object does not exist. Does not read the content. */
  size(id: ObjectId): Promise<number | undefined> {
    return this.#source.size(id);
  }

  /**
   * Size in bytes of an object in use; undefined when it is missing or only in the trash. Does not read the content.
   */
  sizeInUse(id: ObjectId): Promise<number | undefined> {
    return this.#source.sizeInUse(id);
  }

  /** Sizes in bytes of those of these objects that are in use, asked for in one go. */
  sizesInUse(ids: Iterable<ObjectId>): Promise<ReadonlyMap<ObjectId, number>> {
    return this.#source.sizesInUse(ids);
  }

  async has(id: ObjectId): Promise<boolean> {
    return (await this.size(id)) !== undefined;
  }

  /**
   * The whole object, verified, in memory owned by the caller. OBJECT_MISSING, or INTEGRITY when the bytes do not
   * match the name.
   */
  async read(id: ObjectId, maxBytes = MAX_READ_BYTES): Promise<Uint8Array> {
    const { bytes, shared } = await this.#found(id, maxBytes);
    this.#verify(id, bytes);
    return shared ? Uint8Array.from(bytes) : bytes;
  }

  /**
   * The whole object, borrowed and not verified. For a caller that compares the bytes with the name itself (hashing
   * twice would double the time of an export) and neither modifies nor passes on the shared buffer.
   */
  async lendUnverified(id: ObjectId, maxBytes: number): Promise<Uint8Array> {
    return this.#source.atHand(id, maxBytes) ?? (await this.#found(id, maxBytes)).bytes;
  }

  /** The whole object, verified and borrowed, as by `lendUnverified`; errors as of `read`. */
  async lendWhole(id: ObjectId, maxBytes: number): Promise<Uint8Array> {
    const bytes = await this.lendUnverified(id, maxBytes);
    this.#verify(id, bytes);
    return bytes;
  }

  #verify(id: ObjectId, bytes: Uint8Array): void {
    if (sha256(bytes) !== id) throw this.mismatch(id);
  }

  async #found(id: ObjectId, maxBytes: number): Promise<FoundBytes> {
    const found = await this.#source.read(id, maxBytes);
    if (found === undefined) throw missing(id);
    return found;
  }

  /** Opens the object without verifying it; the file stays readable if its name goes away. OBJECT_MISSING. */
  async open(id: ObjectId): Promise<ObjectFile> {
    const file = await this.#source.open(id);
    if (file === undefined) throw missing(id);
    return file;
  }

  /**
   * The bytes in chunks owned by the caller. Throws INTEGRITY when they do not match the name: before the first chunk
   * for an object of up to `VERIFIED_FIRST_BYTES`, else at the end, so do not act on a larger one before that.
   */
  stream(id: ObjectId): AsyncGenerator<Uint8Array, void> {
    return heldBack(this.#verified(id, this.#chunks(id, freshBuffers)));
  }

  /**
   * The bytes in chunks that are only valid until the next one is requested, for internal callers. Throws INTEGRITY at
   * the end when they do not match the name, whatever the size.
   */
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

  /** The error for an object whose bytes do not match its name. Recorded for `takeMismatched`. */
  mismatch(id: ObjectId): HsError {
    this.#mismatched.add(id);
    return corrupt(id);
  }

  /** Objects found not to match their name since the last call, each once. */
  takeMismatched(): readonly ObjectId[] {
    const met = [...this.#mismatched];
    this.#mismatched.clear();
    return met;
  }

  /** Whether the object can be read and matches its name. */
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

  /**
   * Like `lend`, for a caller that compares the bytes with the name itself. `chunkBytes`: smaller, for one that wants
   * only the beginning; one more chunk is read than it takes.
   */
  lendChunksUnverified(id: ObjectId, chunkBytes = CHUNK_BYTES): AsyncGenerator<Uint8Array, void> {
    return this.#chunks(id, twoBuffers, chunkBytes);
  }

  async *#chunks(
    id: ObjectId,
    buffers: (size: number) => () => Buffer,
    chunkBytes = CHUNK_BYTES,
  ): AsyncGenerator<Uint8Array, void> {
    const file = await this.open(id);
    try {
      const { size } = await file.stat();
      const buffer = buffers(Math.min(chunkBytes, size + 1));
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
}

/** The same chunks, but the first `VERIFIED_FIRST_BYTES` only once there are more or they end without an error. */
async function* heldBack(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const held: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes <= VERIFIED_FIRST_BYTES) {
      held.push(chunk);
      continue;
    }
    yield* held.splice(0);
    yield chunk;
  }
  yield* held;
}

const freshBuffers = (size: number) => () => Buffer.allocUnsafeSlow(size);

/** Double buffering: one is filled while the other is used. */
function twoBuffers(size: number): () => Buffer {
  const buffers = [0, 1].map(() => Buffer.allocUnsafe(size));
  let turn = 0;
  return () => {
    turn ^= 1;
    return buffers[turn]!;
  };
}

/** Bytes in memory as an `ObjectFile`. */
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
