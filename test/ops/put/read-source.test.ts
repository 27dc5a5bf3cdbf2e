import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { nodeDisk } from '../../../src/fsx/node-disk.js';
import { put } from '../../../src/ops/put/put.js';
import { alteredDisk } from '../../helpers/altered-disk.js';
import { testStore } from '../../helpers/store.js';
import { tmp } from '../../helpers/tmp.js';

it('a small file that changes while it is read is refused, and nothing of it is stored', async () => {
  const dir = await tmp();
  await writeFile(`${dir}/a`, 'hello');
  const real = nodeDisk();
  const disk = alteredDisk(real, {
    readSmall: async (path, buffer, options) => {
      const small = await real.readSmall(path, buffer, options);
      return small && { ...small, atRest: false };
    },
  });
  const session = await testStore(dir, { disk });
  await expect(put(session, [{ path: `${dir}/a` }], {})).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  expect(await (await session.catalog()).live().all()).toEqual([]);
  await session.close();
});
