import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';

/** Whether a path, links followed, is a directory: NOT_FOUND if there is nothing. */
export async function isDirectory(disk: Disk, path: string): Promise<boolean> {
  try {
    return (await disk.stat(path)).kind === 'directory';
  } catch (e) {
    if (!isErrno(e, 'ENOENT', 'ENOTDIR')) throw e;
    throw new HsError('NOT_FOUND', `'${path}' does not exist`, { cause: e });
  }
}
