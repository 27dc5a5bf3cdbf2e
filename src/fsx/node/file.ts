import { fchmodSync, fstatSync, ftruncateSync, readSync } from 'node:fs';
import type { DiskFile, FileStat, OpenOptions } from '../disk.js';
import { Descriptor } from './descriptor.js';
import { shownPath } from './held-names.js';
import { sparseParts } from './holes.js';
import { tryLockDescriptor } from './native.js';
import { openExisting, openNew } from './open.js';
import { toFileStat } from './stat.js';
import { LARGE_BYTES, readLater, writeFully } from './transfer.js';

/** `Disk.open` on the real disk. */
export function openNodeFile(path: string, options: OpenOptions): DiskFile {
  if (options.access === 'create') {
    return new NodeFile(openNew(path, options.mode ?? 0o600), path, undefined, options.sparse);
  }
  const { fd, stats } = openExisting(path, options.access, options.follow ?? false);
  return new NodeFile(fd, path, options.access === 'read' ? toFileStat(stats) : undefined);
}

class NodeFile implements DiskFile {
  readonly #descriptor: Descriptor;
  /** Size when opened; only used to recognize a small read into a large buffer. */
  readonly #expected: number;

  /** The stat made when opening for reading; returned by the first `stat`, since a tree has many files. */
  #opened: FileStat | undefined;

  readonly #sparse: boolean;
  /** Length of a sparse file. */
  #length = 0;

  constructor(fd: number, path: string, opened?: FileStat, sparse = false) {
    this.#descriptor = new Descriptor(fd, shownPath(path));
    this.#expected = opened?.size ?? Number.POSITIVE_INFINITY;
    this.#opened = opened;
    this.#sparse = sparse;
  }

  async read(buffer: Uint8Array, position: number): Promise<number> {
    const fd = this.#descriptor.fd('read');
    this.#opened = undefined;
    const likely = Math.min(buffer.length, this.#expected - position);
    if (likely < LARGE_BYTES) return readSync(fd, buffer, 0, buffer.length, position);
    return this.#descriptor.hold(readLater(fd, buffer, position));
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#sparse) {
      await this.#append(bytes);
      return;
    }
    for (const part of sparseParts(bytes, this.#length)) {
      if (typeof part === 'number') {
        ftruncateSync(this.#descriptor.fd('ftruncate'), this.#length + part);
        this.#length += part;
      } else {
        const writing = this.#append(part);
        this.#length += part.length;
        if (writing !== undefined) await writing;
      }
    }
  }

  #append(bytes: Uint8Array): Promise<void> | undefined {
    const writing = writeFully(this.#descriptor.fd('write'), bytes);
    return writing && this.#descriptor.hold(writing);
  }

  async sync(): Promise<void> {
    await this.#descriptor.sync();
  }

  async stat(): Promise<FileStat> {
    const fd = this.#descriptor.fd('fstat');
    const opened = this.#opened;
    this.#opened = undefined;
    return opened ?? toFileStat(fstatSync(fd, { bigint: true }));
  }

  async chmod(mode: number): Promise<void> {
    fchmodSync(this.#descriptor.fd('fchmod'), mode);
  }

  async tryLock(): Promise<boolean> {
    const fd = this.#descriptor.fd('lock');
    return this.#descriptor.hold(tryLockDescriptor(fd, this.#descriptor.path));
  }

  async close(): Promise<void> {
    await this.#descriptor.close();
  }
}
