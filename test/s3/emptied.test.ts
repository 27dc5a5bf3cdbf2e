import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { isHsError } from '../../src/errors/hs-error.js';
import { fsck } from '../../src/ops/fsck/fsck.js';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import { testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { REPAIR } from '../ops/fsck/sample-store.js';
import { IMPATIENT } from '../ops/gc/helpers.js';
import { readAll } from '../sim/invariants.js';
import { storeOfThree, storesOnFake, URL_OF_STORE } from './on-fake.js';

/** A store with three artifacts, and a bucket in which somebody removes what matches. */
async function emptied(gone: RegExp) {
  const { fake, home, on } = await storeOfThree();
  const whole = new Map(fake.objects);
  for (const key of whole.keys()) if (gone.test(key)) fake.objects.delete(key);
  return { fake, home, on, whole };
}

/** Whoever tries what changes a store. */
const CHANGES: Readonly<Record<string, (session: Session, home: string) => Promise<unknown>>> = {
  gc: (session) => collect(session, { emptyTrash: true, patience: IMPATIENT }),
  repair: (session) => fsck(session, REPAIR),
  put: async (session, home) => {
    await writeFile(`${home}/new`, 'new');
    return put(session, [{ path: `${home}/new` }], {});
  },
};

it('where all objects are gone, a new machine lists what is missing, and nothing gets worse', async () => {
  const { fake, home, on } = await emptied(/\/[op]\//);
  const other = await tmp();
  const before = [...fake.objects.keys()];
  const { findings } = await on(other, (session) => fsck(session, { ...REPAIR, repair: false }));
  expect(findings.filter(({ message }) => message.includes('is missing')).length).toBeGreaterThanOrEqual(6);
  expect(findings.every(({ severity }) => severity === 'damage')).toBe(true);
  for (const name of ['gc', 'put'])
    await expect(on(other, (session) => CHANGES[name]!(session, other))).rejects.toMatchObject({
      code: 'OBJECT_MISSING',
    });
  expect([...fake.objects.keys()]).toEqual(before);
  // The mirror of who stored them has them all.
  expect(await on(home, readAll)).toHaveLength(3);
});

it('what a mirror alone still has is said, and fsck --repair brings it back for everybody', async () => {
  const { home, on } = await emptied(/\/p\//);
  const dry = await on(home, (session) => fsck(session, { ...REPAIR, repair: false }));
  expect(dry.findings).toHaveLength(6);
  for (const { message } of dry.findings) expect(message).toContain('is only in the mirror of this machine');
  const { findings } = await on(home, (session) => fsck(session, REPAIR));
  expect(findings.map(({ repaired }) => repaired)).toEqual(Array(6).fill(true));
  expect(await on(home, (session) => fsck(session, REPAIR))).toMatchObject({ findings: [] });
  expect(await on(await tmp(), readAll)).toHaveLength(3);
});

it('where the ledger is gone, every change is a typed error, and init makes no other store of it', async () => {
  const { fake, home, on, whole } = await emptied(/\/ledger/);
  const before = new Map(fake.objects);
  const codes = { fresh: new Set<string>(), known: new Set<string>() };
  for (const [who, at] of [['fresh', await tmp()] as const, ['known', home] as const]) {
    for (const change of Object.values(CHANGES)) {
      const failure = await on(at, (session) => change(session, at)).catch((e: unknown) => e);
      codes[who].add(isHsError(failure) ? failure.code : String(failure));
    }
    const again = testStore(URL_OF_STORE, { stores: storesOnFake(fake, at) });
    await expect(again).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('ledger'),
    });
  }
  expect([...codes.fresh]).toEqual(['LEDGER_BROKEN']);
  expect([...codes.known]).toEqual(['LEDGER_BROKEN']);
  expect(fake.objects.size).toBe(before.size);
  // Nothing was lost: with its entries back, the store is what it was.
  for (const [key, bytes] of whole) fake.objects.set(key, bytes);
  expect(await on(home, readAll)).toHaveLength(3);
  expect(await on(await tmp(), readAll)).toHaveLength(3);
});
