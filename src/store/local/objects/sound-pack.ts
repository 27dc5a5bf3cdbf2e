import { sha256 } from '../../../core/objects/hash.js';
import type { ObjectId } from '../../../core/objects/ids.js';
import { isErrno, isHsError } from '../../../errors/hs-error.js';
import type { Disk } from '../../../fsx/disk.js';
import { Pack, type WholePack } from './pack.js';

/** Whether a file is the pack of this name, and the bytes of every object in it match theirs. */
export async function isSoundPack(disk: Disk, name: ObjectId, path: string): Promise<boolean> {
  let pack: WholePack | undefined;
  try {
    pack = await Pack.open(disk, name, path);
    pack.index.verify(name);
    for (const n of pack.index.inFileOrder()) {
      const entry = pack.index.entry(n);
      if (sha256(await pack.read(entry)) !== entry.id) return false;
    }
    return true;
  } catch (e) {
    if (!isHsError(e, 'INTEGRITY') && !isErrno(e, 'ENOENT')) throw e;
    return false;
  } finally {
    await pack?.close();
  }
}
