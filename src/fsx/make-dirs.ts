import { isErrno } from '../errors/hs-error.js';
import type { Disk } from './disk.js';

/**
 * Creates a directory of mode 0700 and the missing ones above it; what is there already is left as it is. `durable`:
 * each new name is fsynced. ENOENT where none can be made, as below a dangling link or in /proc, and any errno of mkdir.
 */
export async function makeDirs(
  disk: Pick<Disk, 'mkdir' | 'syncDir'>,
  dir: string,
  { durable }: { readonly durable: boolean },
): Promise<void> {
  const above = dir.slice(0, dir.lastIndexOf('/')) || '/';
  const make = async () => {
    await disk.mkdir(dir, 0o700);
    if (durable) await disk.syncDir(above);
  };
  try {
    await make().catch(async (e) => {
      if (!isErrno(e, 'ENOENT') || above === dir) throw e;
      await makeDirs(disk, above, { durable });
      // Once: a dangling link is there already, and nothing below it can be made.
      await make();
    });
  } catch (e) {
    if (!isErrno(e, 'EEXIST')) throw e;
  }
}
