import { createSha256, sha256 } from '../../core/objects/hash.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import type { FoundBytes, ObjectFile, ObjectSource } from '../port/object-source.js';

/** Small records are read whole; payloads are streamed. */
const MAX_READ_BYTES = 512 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

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

/** Whether reading an object failed for what became of it, and not for the disk as a whole. */
export function isDamage(e: unknown): boolean {
  return isHsError(e, 'INTEGRITY', 'OBJECT_MISSING') || isErrno(e, 'EIO', 'EISDIR');
}

/**
 * Immutable bytes by their SHA-256, wherever they lie: what is handed out has been compared with its name,
 * unless the name of the method says otherwise.
 */
export class ObjectStore {
  readonly #source: ObjectSource;
  readonly #mismatched = new Set<ObjectId>();

  constructor(source: ObjectSource) {
    this.#source = source;
  }

  /** Forgets where objects lie: a session that lives long would look where others have taken them away. */
  refresh(): Promise<void> {
    return this.#source.refresh();
  }

  /** Bytes, or undefined when the object is nowhere. Its content is not looked at. */
  size(id: ObjectId): Promise<number | undefined> {
    return this.#source.size(id);
  }

  /** Bytes of an object in use, or undefined: it may be in the trash. Its content is not looked at. */
  sizeInUse(id: ObjectId): Promise<number | undefined> {
    return this.#source.sizeInUse(id);
  }

  async has(id: ObjectId): Promise<boolean> {
    return (await this.size(id)) !== undefined;
  }

  /**
   * The whole object, verified, in memory that is the caller's alone. OBJECT_MISSING, or INTEGRITY when the
   * bytes do not match the name.
   */
  async read(id: ObjectId, maxBytes = MAX_READ_BYTES): Promise<Uint8Array> {
    const { bytes, shared } = await this.#found(id, maxBytes);
    if (sha256(bytes) !== id) throw this.mismatch(id);
    return shared ? Uint8Array.from(bytes) : bytes;
  }

  /**
   * The same, lent and not verified: for a caller that compares the bytes with the name itself, since hashing
   * twice would double an export, and that neither changes nor hands on what others read from too.
   */
  async lendUnverified(id: ObjectId, maxBytes: number): Promise<Uint8Array> {
    return this.#source.atHand(id, maxBytes) ?? (await this.#found(id, maxBytes)).bytes;
  }

  async #found(id: ObjectId, maxBytes: number): Promise<FoundBytes> {
    const found = await this.#source.read(id, maxBytes);
    if (found === undefined) throw missing(id);
    return found;
  }

  /** The object, open and not verified, whatever becomes of its name. OBJECT_MISSING. */
  async open(id: ObjectId): Promise<ObjectFile> {
    const file = await this.#source.open(id);
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

  /** As `lend`, for a caller that compares the bytes with the name itself. */
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
    await this.#source.close();
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

/** Bytes in memory, as a file is read. */
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
