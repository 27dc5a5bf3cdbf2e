import { createSha256 } from '../../../core/objects/hash.js';
import type { ObjectId } from '../../../core/objects/ids.js';
import { isErrno } from '../../../errors/hs-error.js';
import type { Disk } from '../../../fsx/disk.js';

const CHUNK_BYTES = 1024 * 1024;

/** Whether the bytes of a file match the name of an object; undefined if they cannot be read now. */
export async function isSoundFile(disk: Disk, path: string, id: ObjectId): Promise<boolean | undefined> {
  try {
    const file = await disk.open(path, { access: 'read' });
    try {
      const hash = createSha256();
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      for (let at = 0; ; ) {
        const count = await file.read(buffer, at);
        if (count === 0) return hash.digest() === id;
        hash.update(buffer.subarray(0, count));
        at += count;
      }
    } finally {
      await file.close();
    }
  } catch (e) {
    if (isErrno(e, 'EIO', 'EACCES', 'EPERM')) return undefined;
    if (!isErrno(e, 'ENOENT', 'EINVAL', 'ELOOP')) throw e;
    return false;
  }
}
