import { readdir, unlink } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { nodeDisk } from '../../../src/fsx/node-disk.js';
import { surroundDisk } from '../../../src/fsx/surround-disk.js';
import { appendNote } from '../../../src/ops/govern/ledger-note.js';
import { behind, openTestSession, type TestStoreOptions, testStore } from '../../helpers/store.js';
import { tmp } from '../../helpers/tmp.js';

/** A disk that counts what is open on it: files, directories and the rooted disks that hold some. */
function counting() {
  let open = 0;
  const counted = surroundDisk(nodeDisk(), async (operation, _, run) => {
    const result = await run();
    if (operation.startsWith('open')) open++;
    if (operation === 'file.close' || operation === 'dir.close') open--;
    return result;
  });
  const disk = {
    ...counted,
    within: async (...[root, rooting]: Parameters<typeof counted.within>) => {
      const rooted = await counted.within(root, rooting);
      let isHeld = true;
      open++;
      const release = async () => {
        if (isHeld) open--;
        isHeld = false;
        await rooted.release();
      };
      return { ...rooted, release };
    },
  };
  return { disk, open: () => open };
}

it.each<[string, string, TestStoreOptions]>([
  ['whose ledger lacks entries that were seen', 'ROLLED_BACK', {}],
  ['for an actor who is none', 'USAGE', { actor: 'nobody' }],
  ['for a job whose id is none', 'USAGE', { jobId: ' ' }],
  [
    'whose opening is told to one who fails',
    'SYSTEM',
    {
      trace: () => {
        throw Object.assign(new Error('no'), { code: 'SYSTEM' });
      },
    },
  ],
])('a store %s is closed again', async (_, code, options) => {
  const dir = await tmp();
  const session = await testStore(dir);
  await appendNote(session, 'seen');
  const { layout } = behind(session);
  await session.close();
  if (code === 'ROLLED_BACK') {
    const names = (await readdir(layout.ledgerDir(0))).sort();
    await unlink(`${layout.ledgerDir(0)}/${names.at(-1)}`);
  }
  const { disk, open } = counting();
  await expect(openTestSession(dir, { disk, ...options })).rejects.toMatchObject({ code });
  expect(open()).toBe(0);
  if (code === 'ROLLED_BACK') return;
  const good = await openTestSession(dir, { disk });
  expect(open()).toBeGreaterThan(0);
  await good.close();
  expect(open()).toBe(0);
});
