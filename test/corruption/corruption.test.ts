import { describe, expect, it } from 'vitest';
import { tmp } from '../helpers/tmp.js';
import { corrupt } from './corruption.js';
import { repairAll } from './repaired.js';
import { indexedStore, interruptedStore, packedStore, plainStore } from './small-stores.js';
import { STORES } from './stores.js';

/** `npm run corrupt -- --bytes all` flips all. */
const MOST = 6;
const FOREVER = 24 * 60 * 60 * 1000;
const COPIED = [
  ['of files', plainStore],
  ['with packs and trash', packedStore],
] as const;

const CHANGES = /byte \d+ flipped|cut to 0 bytes|exchanged|removed|also as/;
const LEFT = /^(?:leases|tmp)\//;

describe('a store with one damaged file', () => {
  it.each(Object.entries(STORES))(
    '%s: fsck finds it, and nothing answers wrongly or crashes',
    async (_, make) => {
      const { cases, found, faults } = await corrupt(await make(await tmp()), { most: MOST });
      console.log(`${cases} cases, ${found} found by fsck`);
      expect(faults).toEqual([]);
      expect(cases).toBeGreaterThan(30);
    },
    FOREVER,
  );

  it.each(COPIED)(
    '%s: is whole after a repair from a copy, or told what is lost',
    async (_, make) => {
      const only = ({ what }: { readonly what: string }) => CHANGES.test(what);
      const { cases, whole, faults } = await repairAll(await make(await tmp()), { most: 2, only });
      console.log(`${cases} cases, ${whole} whole`);
      expect(faults).toEqual([]);
      expect(whole).toBeGreaterThan(cases / 2);
    },
    FOREVER,
  );

  it(
    'and with what a killed command left: nothing answers wrongly or crashes, and a repair makes it whole',
    async () => {
      const of = { most: 1, only: ({ path }: { readonly path: string }) => LEFT.test(path) };
      const store = await interruptedStore(await tmp());
      expect((await corrupt(store, of)).faults).toEqual([]);
      const { cases, whole, faults } = await repairAll(store, of);
      expect(faults).toEqual([]);
      expect(whole).toBe(cases);
    },
    FOREVER,
  );

  it('passes a check that reads no object, which this test reports', async () => {
    const only = ({ what }: { readonly what: string }) => /^objects\/.*flipped/.test(what);
    const { faults } = await corrupt(await plainStore(await tmp()), { most: 1, only, sample: 1e-9 });
    expect(faults.filter((fault) => fault.endsWith('fsck finds nothing'))).not.toEqual([]);
  });
});

it('a damaged catalog index is made anew by the next command', async () => {
  const store = await indexedStore(await tmp());
  const rebuilt: boolean[] = [];
  const isSealed = async () => {
    const session = await store.open();
    try {
      const catalog = await session.store.catalog();
      await catalog.prove();
      return (await session.store.index!.isKept()) && session.store.index!.damage === undefined;
    } finally {
      await session.close();
    }
  };
  const only = ({ path }: { readonly path: string }) => /\/(?:root|run-\w+)$/.test(path);
  const { faults } = await corrupt(store, {
    most: MOST,
    only,
    asked: async () => {
      rebuilt.push(await isSealed());
    },
  });
  expect(faults).toEqual([]);
  expect(rebuilt.length).toBeGreaterThan(2 * MOST);
  expect(rebuilt).not.toContain(false);
});
