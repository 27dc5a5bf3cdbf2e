import { dirname } from 'node:path';
import { isErrno } from '../errors/hs-error.js';
import type { Disk } from './disk.js';

/** Device and inode: the same for every spelling, link and bind mount. */
export async function identity(disk: Disk, path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await disk.stat(path);
    return `${dev}:${ino}`;
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw e;
  }
}

/** The identity and path of the directory and each of its parents. */
export async function ancestors(disk: Disk, path: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let at: string;
  try {
    at = await disk.realpath(path);
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR', 'EACCES')) at = path;
    else throw e;
  }
  for (; ; at = dirname(at)) {
    const id = await identity(disk, at);
    if (id !== undefined) found.set(id, at);
    if (dirname(at) === at) return found;
  }
}
