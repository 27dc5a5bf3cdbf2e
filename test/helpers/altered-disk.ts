import type { Disk } from '../../src/fsx/disk.js';

/** The same disk with some operations replaced, where it is used within a directory too. */
export function alteredDisk(disk: Disk, changes: Partial<Disk>): Disk {
  const within: Disk['within'] = async (root, rooting) => {
    const rooted = await disk.within(root, rooting);
    return { ...rooted, ...changes, release: () => rooted.release() };
  };
  return { ...disk, within, ...changes };
}
