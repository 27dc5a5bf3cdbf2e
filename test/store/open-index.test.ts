import { mkdir } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { nodeIndex } from '../../src/fsx/sync-read-file.js';
import { systemRandom } from '../../src/fsx/system-effects.js';
import { CatalogCache } from '../../src/store/local/index/catalog-cache.js';
import { Layout } from '../../src/store/local/layout.js';
import { tmp } from '../helpers/tmp.js';

/** Replaced files that stay open for the views that read them, and those of an index. */
const MOST_OPEN = 32 + 16;
/** Entries after which the index is written. */
const MANY = 8;

/** A process that uses the index of a store, and how many of its files it has open. */
function cacheOf(dir: string) {
  let open = 0;
  const port = {
    open: (root: string, path: string) => {
      const file = nodeIndex.open(root, path);
      open++;
      const close = () => {
        open--;
        file.close();
      };
      return { ...file, close };
    },
  };
  const state = { secret: async () => 'secret' };
  const cache = new CatalogCache(nodeDisk(), systemRandom(), new Layout(dir), 'store', state, port);
  const write = async (key: string) => {
    const tables = (await cache.tables())!.fork();
    tables.put(key, key);
    await cache.advance(tables, MANY, MANY);
  };
  return { cache, write, open: () => open };
}

it('few files of the index are open where another process is always the first to write it', async () => {
  const dir = await tmp();
  await mkdir(new Layout(dir).cache);
  const [slow, quick] = [cacheOf(dir), cacheOf(dir)];
  let most = 0;
  for (let round = 0; round < 2 * MOST_OPEN; round++) {
    await slow.cache.tables();
    await quick.write(`quick ${round}`);
    await slow.write(`slow ${round}`);
    most = Math.max(most, slow.open());
  }
  expect((await slow.cache.tables())?.get('quick 3')).toBe('quick 3');
  expect(most).toBeLessThanOrEqual(MOST_OPEN);
  for (const { cache } of [slow, quick]) await cache.close();
  expect([slow.open(), quick.open()]).toEqual([0, 0]);
});
