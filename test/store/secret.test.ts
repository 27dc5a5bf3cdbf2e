import { mkdir } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { errnoError } from '../../src/fsx/errno.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { nodeIndex } from '../../src/fsx/sync-read-file.js';
import { systemRandom } from '../../src/fsx/system-effects.js';
import { CatalogCache } from '../../src/store/local/index/catalog-cache.js';
import { Layout } from '../../src/store/local/layout.js';
import { StateDir } from '../../src/store/local/state-dir.js';
import { alteredDisk } from '../helpers/altered-disk.js';
import { testEnvironment } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';

it('a secret that one call has read is not lost to another at the same time that cannot read it', async () => {
  const dir = await tmp();
  const real = nodeDisk();
  let reads = 0;
  const disk = alteredDisk(real, {
    readFile: async (path, most) => {
      // Two look for it, both make it, and the last one to read it again is interrupted.
      if (path.endsWith('/secret') && ++reads === 4) {
        await first;
        throw errnoError('EINTR', 'read', path);
      }
      return real.readFile(path, most);
    },
  });
  const state = new StateDir(disk, systemRandom(), testEnvironment(dir));
  const both = [state.secret(true), state.secret(true)];
  const first = Promise.race(both);
  const [a, b] = await Promise.all(both);
  expect(reads).toBe(4);
  expect(a).toMatch(/^[0-9a-f]{64}$/);
  expect(b).toBe(a);
  expect(await state.secret(false)).toBe(a);
});

it('the secret of an index stays known when another call at the same time could not get it', async () => {
  const dir = await tmp();
  await mkdir(`${dir}/cache`);
  const secrets = [
    async () => 'secret',
    () => new Promise<undefined>((done) => setTimeout(done, 20, undefined)),
  ];
  const state = { secret: () => secrets.shift()!() };
  const cache = new CatalogCache(nodeDisk(), systemRandom(), new Layout(dir), 'store', state, nodeIndex);
  const [tables] = await Promise.all([cache.tables(), cache.tables()]);
  expect(cache.place).toMatch(/\/cache\/catalog-[0-9a-f]{16}$/);
  tables!.put('key', 1);
  await cache.advance(tables!, 1000, 1000);
  await cache.close();
});
