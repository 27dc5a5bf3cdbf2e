import { expect, it } from 'vitest';
import { EarlySync } from '../../src/fsx/early-sync.js';

it('syncs a large file in steps, one at a time, and a small one not at all', async () => {
  let [begun, ended] = [0, 0];
  const file = {
    sync: async () => {
      begun++;
      await new Promise(setImmediate);
      ended++;
    },
  };
  const early = new EarlySync(file.sync, 100);
  early.wrote(99);
  expect(begun).toBe(0);
  for (let i = 0; i < 10; i++) early.wrote(99);
  expect([begun, ended]).toEqual([1, 0]);
  await early.succeeded();
  early.wrote(1);
  await early.succeeded();
  expect([begun, ended]).toEqual([2, 2]);
});

it('reports a failure at the end, even if later syncs succeeded', async () => {
  let calls = 0;
  const early = new EarlySync(
    () => (++calls === 1 ? Promise.reject(new Error('EIO')) : Promise.resolve()),
    1,
  );
  early.wrote(1);
  await new Promise(setImmediate);
  early.wrote(1);
  await expect(early.succeeded()).rejects.toThrow('EIO');
  expect(calls).toBe(2);
});
