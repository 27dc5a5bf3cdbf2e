import type { Disk } from './disk.js';
import { errnoError } from './errno.js';
import { type DiskOperation, interceptDisk } from './intercept-disk.js';

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
 * The same disk, refusing every change with EROFS: a dry-run is the real code over this (D5).
 */
export function readOnlyDisk(inner: Disk): Disk {
  return interceptDisk(inner, (operation, path) => {
    if (MUTATIONS.has(operation)) throw errnoError('EROFS', operation, path);
  });
}
