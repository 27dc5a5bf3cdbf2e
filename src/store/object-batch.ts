import { createSha256, sha256 } from '../core/hash.js';
import type { ObjectId } from '../core/ids.js';
import { HsError, isErrno } from '../errors/hs-error.js';
import type { Disk } from '../fsx/disk.js';
import type { Layout } from './layout.js';
import { corrupt, type ObjectStore } from './objects.js';

/** Beyond this many, one syncfs is cheaper than an fsync each (0.10 ms a file instead of 1.08 on ext4). */
const SYNCFS_FROM = 32;
/** What the disk can have in flight at once. */
const PARALLEL = 16;
const CHUNK_BYTES = 2 * 1024 * 1024;

/** Reads into `buffer` at `position`, 0 at the end: a file, or whatever else bytes come from. */
export interface ByteSource {
  read(buffer: Uint8Array, position: number): Promise<number>;
}

export interface Added {
  readonly id: ObjectId;
  readonly size: number;
}

interface Member {
  readonly size: number;
  /** Where it is staged; undefined when the object was there already. */
  staged: string | undefined;
  /** Whether its directory was fsynced since it was found there. */
  durable: boolean;
}

async function parallel<T>(items: Iterable<T>, run: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.pop(); item !== undefined; item = queue.pop()) await run(item);
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, queue.length) }, worker));
}

/**
 * Objects on their way into a store: staged first, then made durable together and published. Every
 * object that a commit will reference goes through one, found or new, because another writer may have
 * put it there and not yet synced it.
 */
export class ObjectBatch {
  readonly #disk: Disk;
  readonly #layout: Layout;
  readonly #objects: ObjectStore;
  /** What the names of staged files begin with, so that what a dead command left is known by its lease. */
  readonly prefix: string;
  readonly #members = new Map<ObjectId, Member>();
  #counter = 0;
  #trashIsEmpty: boolean | undefined;

  constructor(disk: Disk, layout: Layout, objects: ObjectStore, prefix: string) {
    this.#disk = disk;
    this.#layout = layout;
    this.#objects = objects;
    this.prefix = prefix;
  }

  #stagingPath(): string {
    return `${this.#layout.tmp}/${this.prefix}-${this.#counter++}`;
  }

  /** Notes an object that must be there: OBJECT_MISSING, or INTEGRITY when its size is another. */
  async reference(id: ObjectId, size?: number): Promise<void> {
    if (this.#members.has(id)) return;
    const found = await this.#demand(id, size);
    this.#members.set(id, { size: found.size, staged: undefined, durable: false });
  }

  async #isThere(id: ObjectId, size: number): Promise<boolean> {
    if (this.#members.has(id)) return true;
    const found = (await this.#objects.sizeInUse(id)) ?? (await this.#fromTrash(id));
    if (found === undefined) return false;
    if (found !== size) throw corrupt(id);
    this.#members.set(id, { size, staged: undefined, durable: false });
    return true;
  }

  /** An object that reaches an empty trash later is written anew, which is as good. */
  async #fromTrash(id: ObjectId): Promise<number | undefined> {
    this.#trashIsEmpty ??= (await this.#objects.trashBatches()).length === 0;
    return this.#trashIsEmpty ? undefined : (await this.#objects.bringBack(id))?.size;
  }

  async addBytes(bytes: Uint8Array): Promise<Added> {
    const id = sha256(bytes);
    if (!(await this.#isThere(id, bytes.byteLength))) {
      const staged = this.#stagingPath();
      await this.#disk.writeFile(staged, bytes, { mode: 0o444, sync: false });
      this.#members.set(id, { size: bytes.byteLength, staged, durable: false });
    }
    return { id, size: bytes.byteLength };
  }

  /**
   * Copies a source of any size in constant memory: while one chunk is hashed here, the one before is
   * written and the next is read by the thread pool.
   */
  async addSource(source: ByteSource, onBytes?: (count: number) => void): Promise<Added> {
    const staged = this.#stagingPath();
    const file = await this.#disk.open(staged, { access: 'create', mode: 0o444 });
    const hash = createSha256();
    let size = 0;
    let kept = false;
    try {
      const buffers = [0, 1, 2].map(() => Buffer.allocUnsafeSlow(CHUNK_BYTES));
      let writing: Promise<void> = Promise.resolve();
      let reading = source.read(buffers[0]!, 0);
      for (let turn = 0; ; turn = (turn + 1) % 3) {
        const count = await reading;
        if (count === 0) break;
        const chunk = buffers[turn]!.subarray(0, count);
        size += count;
        reading = source.read(buffers[(turn + 1) % 3]!, size);
        reading.catch(() => undefined);
        await writing;
        writing = file.write(chunk);
        writing.catch(() => undefined);
        hash.update(chunk);
        onBytes?.(count);
      }
      await writing;
      const id = hash.digest();
      if (!(await this.#isThere(id, size))) {
        this.#members.set(id, { size, staged, durable: false });
        kept = true;
      }
      return { id, size };
    } finally {
      await file.close();
      if (!kept) await this.#disk.unlink(staged);
    }
  }

  /** Makes every member durable under its name. May be called again after more was added. */
  async publish(): Promise<void> {
    const staged = [...this.#members].filter(([, m]) => m.staged !== undefined);
    if (staged.length > 0) await this.#syncStaged(staged.map(([, m]) => m.staged!));
    for (const [id, member] of staged) {
      await this.#disk.rename(member.staged!, this.#layout.object(id));
      member.staged = undefined;
    }
    // What was found may have been swept meanwhile; under the lease it cannot be purged.
    const fresh = new Set(staged.map(([id]) => id));
    for (const [id, member] of this.#members) {
      if (!fresh.has(id) && (await this.#demand(id, member.size)).moved) member.durable = false;
    }
    const dirs = new Set(
      [...this.#members].filter(([, m]) => !m.durable).map(([id]) => this.#layout.objectDir(id)),
    );
    if (dirs.size < SYNCFS_FROM || !(await this.#disk.syncFilesystem(this.#layout.objects))) {
      await parallel(dirs, (dir) => this.#disk.syncDir(dir));
    }
    for (const member of this.#members.values()) member.durable = true;
  }

  async #demand(id: ObjectId, size: number | undefined): Promise<{ size: number; moved: boolean }> {
    const found = await this.#objects.bringBack(id);
    if (found === undefined) throw new HsError('OBJECT_MISSING', `object ${id} is missing`);
    // The name promises the bytes; another size proves damage, and new bytes under it would hide that.
    if (size !== undefined && found.size !== size) throw corrupt(id);
    return found;
  }

  async #syncStaged(paths: readonly string[]): Promise<void> {
    if (paths.length >= SYNCFS_FROM && (await this.#disk.syncFilesystem(this.#layout.tmp))) return;
    await parallel(paths, async (path) => {
      const file = await this.#disk.open(path, { access: 'read' });
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    });
  }

  /** Removes what was staged and never published. */
  async discard(): Promise<void> {
    for (const member of this.#members.values()) {
      if (member.staged === undefined) continue;
      await this.#disk.unlink(member.staged).catch((e) => {
        if (!isErrno(e)) throw e;
      });
      member.staged = undefined;
    }
    this.#members.clear();
  }
}
