import { execFileSync } from 'node:child_process';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
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

it.each<[string, (path: string) => unknown, object]>([
  ['a link', (path) => symlink('/etc/passwd', path), { code: 'UNSAFE_PATH' }],
  ['a directory', (path) => mkdir(path), { code: 'UNSAFE_PATH' }],
  ['a named pipe', (path) => execFileSync('mkfifo', [path]), { code: 'UNSAFE_PATH' }],
  ['nothing', () => undefined, { code: 'NOT_FOUND' }],
])(
  'an entry that was listed as a file and is %s by then is refused, and nothing is stored',
  async (_, become, error) => {
    const dir = await tmp();
    await mkdir(`${dir}/d`);
    for (const name of ['a', 'b']) await writeFile(`${dir}/d/${name}`, name);
    const real = nodeDisk();
    const disk = alteredDisk(real, {
      readdir: async (path) => {
        const entries = await real.readdir(path);
        if (path === `${dir}/d`) {
          await rm(`${path}/b`);
          await become(`${path}/b`);
        }
        return entries;
      },
    });
    const session = await testStore(dir, { disk });
    await expect(put(session, [{ path: `${dir}/d` }], { each: true })).rejects.toMatchObject(error);
    expect(await (await session.catalog()).live().all()).toEqual([]);
    await session.close();
  },
);
