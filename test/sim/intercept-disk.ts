import type { Disk } from '../../src/fsx/disk.js';
import { type DiskOperation, surroundDisk } from '../../src/fsx/surround-disk.js';

/** Asked before each operation; what it throws is the operation's failure. */
export type Interceptor = (operation: DiskOperation, path: string) => void | Promise<void> | undefined;

/** The same disk with a word to say before each operation, those of its open files and directories included. */
export function interceptDisk(inner: Disk, before: Interceptor): Disk {
  return surroundDisk(inner, async (operation, path, run) => {
    await before(operation, path);
    return run();
  });
}
