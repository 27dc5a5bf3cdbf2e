import type { Disk } from '../../src/fsx/disk.js';
import { errnoError } from '../../src/fsx/errno.js';
import type { DiskOperation } from '../../src/fsx/surround-disk.js';
import { interceptDisk } from './intercept-disk.js';

/** What changes a byte, a name or an attribute. A sync alone changes nothing. */
const MUTATIONS: ReadonlySet<DiskOperation> = new Set<DiskOperation>([
  'open:create',
  'open:update',
  'file.write',
  'file.chmod',
  'writeFile',
  'mkdir',
  'rmdir',
  'unlink',
  'removeTree',
  'link',
  'rename',
  'renameNoReplace',
  'exchange',
  'chmod',
  'chown',
]);

/**
 * The same disk, which refuses every change with EROFS: what a dry run does has to work over it (D5).
 */
export function readOnlyDisk(inner: Disk): Disk {
  return interceptDisk(inner, (operation, path) => {
    if (MUTATIONS.has(operation)) throw errnoError('EROFS', operation, path);
  });
}
