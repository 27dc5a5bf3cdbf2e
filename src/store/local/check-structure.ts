import { HsError } from '../../errors/hs-error.js';
import type { DirEntry, Disk, FileKind } from '../../fsx/disk.js';
import type { Layout } from './layout.js';
import { shownName } from './ledger-listing.js';

/**
 * Checks a store new to this user: its directories may contain only directories and regular files. INTEGRITY names
 * the first exception. Files in `objects/` are checked when used.
 */
export async function checkStructure(disk: Disk, layout: Layout): Promise<void> {
  const { root } = layout;
  const demand = async (dir: string, wanted: (entry: DirEntry) => FileKind | undefined) => {
    for (const entry of await disk.readdir(dir)) {
      const kind = wanted(entry);
      if (kind === undefined || entry.kind === kind) continue;
      const where = dir === root ? '' : `${dir.slice(root.length + 1)}/`;
      throw new HsError('INTEGRITY', `${where}${shownName(entry)} in the store '${root}' is not a ${kind}`, {
        hint: 'this store was not created here and cannot be used as it is; see hs fsck',
      });
    }
  };
  const { cache, format, gcLock, leases, ledger, objects, packs, quarantine, tmp, trash } = layout;
  const files = [format, gcLock];
  const directories = [leases, ledger, objects, packs, quarantine, tmp, trash];
  await demand(root, ({ name }) => {
    const path = `${root}/${name}`;
    // A cache that is not a directory is ignored.
    if (path === cache) return undefined;
    return files.includes(path) ? 'file' : directories.includes(path) ? 'directory' : undefined;
  });
  for (const dir of [objects, ledger, trash]) await demand(dir, () => 'directory');
  for (const dir of [leases, packs]) await demand(dir, () => 'file');
  await demand(tmp, ({ kind }) => (kind === 'directory' ? 'directory' : 'file'));
}
