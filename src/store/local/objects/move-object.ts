import type { ObjectId } from '../../../core/objects/ids.js';
import { isErrno } from '../../../errors/hs-error.js';
import type { Disk } from '../../../fsx/disk.js';
import { isSoundFile } from './sound-file.js';

/**
 * Moves the file of an object to where another process may put one of its name. Good bytes may replace any; others
 * only take a free place, and where it is taken they are deleted. False: it was not moved. ENOENT when it is gone.
 */
export async function moveObject(disk: Disk, id: ObjectId, from: string, to: string): Promise<boolean> {
  const isSound = await isSoundFile(disk, from, id);
  if (isSound === true) {
    await disk.rename(from, to);
    return true;
  }
  const outcome = await takeFreePlace(disk, from, to);
  if (outcome === 'moved') return true;
  // Readable another time, it may be the only good copy.
  if (outcome === 'refused' || (outcome === 'taken' && isSound === undefined)) return false;
  await disk.syncDir(to.slice(0, to.lastIndexOf('/')));
  await disk.unlink(from);
  return outcome === 'linked';
}

async function takeFreePlace(
  disk: Disk,
  from: string,
  to: string,
): Promise<'linked' | 'moved' | 'taken' | 'refused'> {
  try {
    await disk.link(from, to);
    return 'linked';
  } catch (e) {
    if (isErrno(e, 'EEXIST')) return 'taken';
    if (!isErrno(e, 'EPERM', 'EACCES')) throw e;
  }
  // Linux refuses a link to another user's file that one may not write (fs.protected_hardlinks), but not a rename.
  try {
    await disk.renameNoReplace(from, to);
    return 'moved';
  } catch (e) {
    if (isErrno(e, 'EEXIST')) return 'taken';
    if (!isErrno(e, 'EPERM', 'EACCES', 'EINVAL', 'ENOSYS')) throw e;
    return 'refused';
  }
}
