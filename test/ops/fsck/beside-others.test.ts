import { expect, it } from 'vitest';
import { nodeDisk } from '../../../src/fsx/node-disk.js';
import { fsck } from '../../../src/ops/fsck/fsck.js';
import { restore } from '../../../src/ops/gc/restore.js';
import { tmp } from '../../helpers/tmp.js';
import { interceptDisk } from '../../sim/intercept-disk.js';
import { FSCK, sampleStore } from './sample-store.js';

// A look at the objects is older than the next look at the ledger, or younger.

it('does not call in the trash what was restored into a pack while it looked', async () => {
  const { session, open } = await sampleStore(await tmp());
  const removed = (await (await session.catalog()).removed().all()).map((r) => r.artifact_id);
  let restoring: ReturnType<typeof restore> | undefined;
  let looks = 0;
  const disk = interceptDisk(nodeDisk(), async (operation, path) => {
    // Names are looked at first, then what is there.
    if (operation === 'readdir' && path.endsWith('/objects/ff')) looks += 1;
    const isNow = looks === 2 && operation === 'readdir' && /\/trash\/[^/]+$/.test(path);
    if (!isNow || restoring !== undefined) return;
    restoring = restore(session, removed, { pin: false });
    await restoring;
  });
  const checking = await open({ disk });
  expect((await fsck(checking, FSCK)).findings).toEqual([]);
  expect((await restoring)?.failed).toEqual([]);
  for (const each of [checking, session]) await each.close();
});
