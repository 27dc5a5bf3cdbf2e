import { type DoctorCheck, ok, problem, warning } from '../core/health-check.js';
import type { Disk } from './disk.js';

/** f_type of statfs(2), and how well a store works there. */
const TYPES: Readonly<
  Record<number, readonly [name: string, fit: 'good' | 'volatile' | 'network' | 'untested']>
> = {
  61267: ['ext4', 'good'],
  1481003842: ['XFS', 'good'],
  2435016766: ['btrfs', 'good'],
  801189825: ['ZFS', 'untested'],
  4076150800: ['F2FS', 'untested'],
  2035054128: ['overlayfs', 'untested'],
  1702057286: ['FUSE', 'untested'],
  16914836: ['tmpfs', 'volatile'],
  26985: ['NFS', 'network'],
  4283649346: ['CIFS', 'network'],
  4266872130: ['SMB', 'network'],
  20859: ['SMB', 'network'],
  16914839: ['9P', 'network'],
};

const LOW_BYTES = 512 * 1024 * 1024;
const MIB = 1024 * 1024;

/** Checks the type and free space of the filesystem of `path`. */
export async function checkFilesystem(disk: Disk, path: string): Promise<DoctorCheck[]> {
  const { type, freeBytes } = await disk.space(path);
  // The kernel's number is unsigned; some systems return it signed.
  const [name, fit] = TYPES[type >>> 0] ?? [`type 0x${(type >>> 0).toString(16)}`, 'untested'];
  const free = Math.floor(freeBytes / MIB);
  return [
    {
      good: () => ok('filesystem', name),
      untested: () => ok('filesystem', `${name}, which was not tested for power cuts`),
      volatile: () =>
        warning('filesystem', `${name}: its contents are lost after a restart`, 'move the store to a disk'),
      network: () =>
        problem(
          'filesystem',
          `${name}: locks from other hosts are not seen`,
          'keep the store on a local filesystem',
        ),
    }[fit](),
    freeBytes >= LOW_BYTES
      ? ok('space', `${free} MiB free`)
      : warning('space', `${free} MiB free`, 'free some space: hs gc, hs gc --empty-trash'),
  ];
}
