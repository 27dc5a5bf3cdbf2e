import { dirname, join } from 'node:path';
import type { Disk } from '../../fsx/disk.js';
import { SafeDir } from '../../fsx/safe-dir.js';
import { removeMade } from '../materialize/destination.js';
import { type StagingOutcome, settleStaging } from '../materialize/settle-staging.js';
import type { StagingRecord } from '../materialize/staging-journal.js';

/**
 * Settles what a killed command left outside the store: afterwards the destination is in the old state or the new one,
 * and no temporary file exists. `kept` is absolute. Unreachable leftovers (the directory is gone, or is now behind a
 * link) are ignored.
 */
export async function recoverStaging(disk: Disk, record: StagingRecord): Promise<StagingOutcome> {
  const above = dirname(record.path);
  const parent = await SafeDir.openExact(disk, above);
  if (parent === undefined) return { published: false };
  try {
    const { published, kept } = await settleStaging(parent, record);
    return { published, ...(kept === undefined ? {} : { kept: join(above, kept) }) };
  } finally {
    await parent.close();
    await removeMade(disk, record.paths);
  }
}
