import { closeSync, fstatSync, readSync, type Stats } from 'node:fs';
import type { SmallFile } from '../disk.js';
import { errnoError } from '../errno.js';
import { openToRead } from './open.js';

/**
 * `Disk.readSmall` on the real disk: five system calls and nothing in between, since a tree has many small files
 * (10,000 of 4 KiB: 50 ms less than an open file, two stats and their promises for each).
 */
export function readSmallFile(path: string, buffer: Uint8Array, follow: boolean): SmallFile | undefined {
  const fd = openToRead(path, follow);
  try {
    const before = fstatSync(fd);
    if (!before.isFile()) throw errnoError('EINVAL', 'open', path);
    const { size } = before;
    // Ask for one byte more than expected; later growth shows in the size and times.
    if (size + 1 > buffer.length) return undefined;
    let count = 0;
    // Read even when the size is 0: files in /proc report 0 whatever they contain.
    while (count <= size && (count !== size || size === 0)) {
      const n = readSync(fd, buffer, count, size + 1 - count, count);
      if (n === 0) break;
      count += n;
    }
    if (count > size) return undefined;
    return { count, mode: before.mode & 0o7777, atRest: isSameState(before, fstatSync(fd)) };
  } finally {
    closeSync(fd);
  }
}

/** Times as numbers are exact to a quarter of a microsecond: no file is read and written again within that. */
function isSameState(a: Stats, b: Stats): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs;
}
