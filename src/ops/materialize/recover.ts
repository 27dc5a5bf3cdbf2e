import { basename, dirname, join } from 'node:path';
import type { Disk } from '../../fsx/disk.js';
import { SafeDir } from '../../fsx/safe-dir.js';
import { removeMade } from './destination.js';
import type { StagingRecord } from './journal.js';
import { identityOf } from './materialize.js';
import { putBack } from './publish-tree.js';
import { removeTree } from './remove-tree.js';

export interface Recovered {
  /** Whether the destination holds what was staged. */
  readonly published: boolean;
  /** An old tree that could not go back because its name is taken again: where it is now. */
  readonly saved?: string;
}

/**
 * Finishes or undoes what a killed command left outside the store: afterwards the destination is the
 * old state or the new one, and no temporary is there. Safe to run again. What cannot be reached any
 * more (the directory is gone, or is now behind a link) is left alone.
 */
export async function recoverStaging(disk: Disk, record: StagingRecord): Promise<Recovered> {
  const parent = await SafeDir.openExact(disk, dirname(record.path));
  if (parent === undefined) return { published: false };
  try {
    const published = await isPublished(parent, record);
    const saved = await settleAside(parent, record, published);
    await removeTree(parent, record.temporary);
    await parent.sync();
    return { published, ...(saved === undefined ? {} : { saved: join(dirname(record.path), saved) }) };
  } finally {
    await parent.close();
    await removeMade(disk, record.paths);
  }
}

async function isPublished(parent: SafeDir, { path, staged }: StagingRecord): Promise<boolean> {
  if (staged === undefined) return false;
  const stat = await parent.lstat(basename(path));
  return stat !== undefined && identityOf(stat) === staged;
}

/** The two-step replacement: the old tree goes back to its name, or away when the new one is there. */
async function settleAside(
  parent: SafeDir,
  { aside, path }: StagingRecord,
  published: boolean,
): Promise<string | undefined> {
  if (aside === undefined || (await parent.lstat(aside)) === undefined) return undefined;
  if (published) {
    await removeTree(parent, aside);
    return undefined;
  }
  return putBack(parent, aside, basename(path));
}
