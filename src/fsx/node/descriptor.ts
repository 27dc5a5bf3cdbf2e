import { closeSync, fsync } from 'node:fs';
import { errnoError } from '../errno.js';

/**
 * A raw descriptor. Unlike a FileHandle it is never closed by the garbage collector, which would release a lock. Node
 * opens every file with O_CLOEXEC, so no child inherits it.
 */
export class Descriptor {
  #fd: number | undefined;
  /** Created on demand: most files are read and written synchronously. */
  #inFlight: Set<Promise<unknown>> | undefined;
  readonly path: string;

  constructor(fd: number, path: string) {
    this.#fd = fd;
    this.path = path;
  }

  get isOpen(): boolean {
    return this.#fd !== undefined;
  }

  /** The number; EBADF after close. */
  fd(syscall: string): number {
    if (this.#fd === undefined) throw errnoError('EBADF', syscall, this.path);
    return this.#fd;
  }

  /** Keeps the descriptor open until a thread pool operation has finished. */
  async hold<T>(operation: Promise<T>): Promise<T> {
    this.#inFlight ??= new Set();
    this.#inFlight.add(operation);
    try {
      return await operation;
    } finally {
      this.#inFlight.delete(operation);
    }
  }

  sync(): Promise<void> {
    const fd = this.fd('fsync');
    const synced = fsyncLater(fd).catch((e: NodeJS.ErrnoException) => {
      throw errnoError(e.code ?? 'EIO', 'fsync', this.path);
    });
    return this.hold(synced);
  }

  /** Closing twice is harmless. */
  async close(): Promise<void> {
    const fd = this.#fd;
    if (fd === undefined) return;
    this.#fd = undefined;
    // If a descriptor is closed during a read or write, its number may belong to another file when that runs.
    if (this.#inFlight !== undefined) await Promise.allSettled(this.#inFlight);
    closeSync(fd);
  }
}

/** fsync through the thread pool, so that several run in parallel and hashing continues meanwhile. */
export function fsyncLater(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(fd, (e) => (e ? reject(e) : resolve()));
  });
}
