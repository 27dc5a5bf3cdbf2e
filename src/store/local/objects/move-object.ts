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
  const isFree = await disk.link(from, to).then(
    () => true,
    (e) => {
      if (!isErrno(e, 'EEXIST')) throw e;
      return false;
    },
  );
  // Readable another time, it may be the only good copy.
  if (!isFree && isSound === undefined) return false;
  await disk.syncDir(to.slice(0, to.lastIndexOf('/')));
  await disk.unlink(from);
  return isFree;
}
