import { parallel } from '../../../core/parallel.js';
import type { Disk } from '../../../fsx/disk.js';

/** From this many files on, one syncfs is cheaper than an fsync each (0.10 ms a file instead of 1.08 on ext4). */
export const SYNCFS_FROM = 32;

/** Makes the bytes of staged files durable, which are in this directory. */
export async function syncStaged(disk: Disk, dir: string, paths: readonly string[]): Promise<void> {
  if (paths.length >= SYNCFS_FROM && (await disk.syncFilesystem(dir))) return;
  await parallel(paths, async (path) => {
    const file = await disk.open(path, { access: 'read' });
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  });
}
