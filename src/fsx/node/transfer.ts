import { read, readSync, write, writeSync } from 'node:fs';

/**
 * From this size on, a transfer uses the thread pool, parallel to hashing; below it, the hop costs more than it
 * saves.
 */
export const LARGE_BYTES = 256 * 1024;

export function readLater(fd: number, buffer: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, 0, buffer.length, position, (e, count) => (e ? reject(e) : resolve(count)));
  });
}

/**
 * Reads until `buffer` is full or the file ends. A read that stops exactly at `size`, the expected end, is taken as
 * complete: that saves one system call a file.
 */
export async function readFully(fd: number, buffer: Uint8Array, size: number): Promise<number> {
  let done = 0;
  while (done < buffer.length) {
    const rest = done === 0 ? buffer : buffer.subarray(done);
    const count =
      rest.length >= LARGE_BYTES ? await readLater(fd, rest, done) : readSync(fd, rest, 0, rest.length, done);
    if (count === 0) break;
    done += count;
    if (done === size) break;
  }
  return done;
}

function writeLater(fd: number, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, 0, bytes.length, null, (e, count) => (e ? reject(e) : resolve(count)));
  });
}

/**
 * write(2) may be partial: the rest is written until everything is out or it fails. Undefined when it completed
 * synchronously: a tree has many small files, and a promise each is garbage.
 */
export function writeFully(fd: number, bytes: Uint8Array): Promise<void> | undefined {
  if (bytes.length >= LARGE_BYTES) return writeAllLater(fd, bytes);
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, null);
  }
  return undefined;
}

async function writeAllLater(fd: number, bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length >= LARGE_BYTES) rest = rest.subarray(await writeLater(fd, rest));
  writeFully(fd, rest);
}
