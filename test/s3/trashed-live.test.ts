import { writeFile } from 'node:fs/promises';
import { beforeEach, expect, it } from 'vitest';
import { fsck } from '../../src/ops/fsck/fsck.js';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import { removeArtifacts } from '../../src/ops/gc/remove-artifacts.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import { openTestSession, type TestStoreOptions, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { IMPATIENT } from '../ops/gc/helpers.js';
import { readAll } from '../sim/invariants.js';
import { FakeS3 } from './fake-s3.js';
import { beforeNextEntry, storesOnFake, URL_OF_STORE } from './on-fake.js';

const HURRIED = { patience: IMPATIENT };

let fake: FakeS3;
let between: ReturnType<typeof beforeNextEntry>;
/** The machine that puts; another. */
let home: string;
let elsewhere: string;

async function on<T>(
  machine: string,
  work: (session: Session) => Promise<T>,
  options: TestStoreOptions = {},
) {
  const http = machine === home ? between.http : () => fake.http();
  const session = await openTestSession(URL_OF_STORE, {
    stores: storesOnFake(fake, machine, { http }),
    ...options,
  });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

async function found(repair = false): Promise<readonly string[]> {
  const { findings } = await on(await tmp(), (session) =>
    fsck(session, { repair, secondOpinion: false, sample: 1 }),
  );
  return findings.map(({ message }) => message);
}

/** All packs go from the bucket, and all records of the trash. */
function lose(): void {
  for (const key of [...fake.objects.keys()]) if (/\/(?:p|trash)\//.test(key)) fake.remove(key);
}

/** Its upload was taken for unused by another machine before its entry came. */
beforeEach(async () => {
  [fake, home, elsewhere] = [new FakeS3(), await tmp(), await tmp()];
  between = beforeNextEntry(fake);
  await (await testStore(URL_OF_STORE, { stores: storesOnFake(fake, home) })).close();
  await writeFile(`${home}/file`, 'content');
  // Begins with what this machine knows.
  await on(home, (session) => put(session, [{ path: `${home}/file` }], { name: 'first' }), { adds: true });
  await writeFile(`${home}/file`, 'more');
  between.run = async () => {
    const { reclaimed } = await on(elsewhere, (session) => collect(session, HURRIED));
    expect(reclaimed.swept.objects).toBeGreaterThan(0);
  };
  await on(home, (session) => put(session, [{ path: `${home}/file` }], { name: 'late' }), { adds: true });
});

it('fsck finds no fault with a put that a record of the trash still names: nothing was moved', async () => {
  const inUse = await on(elsewhere, async (session) => {
    const late = (await (await session.catalog()).live().all()).find(({ name }) => name === 'late')!;
    return session.store.objects.sizeInUse(late.content_hash);
  });
  expect(inUse).toBeUndefined();
  expect(await found()).toEqual([]);
  const { reclaimed } = await on(elsewhere, (session) => collect(session, { ...HURRIED, emptyTrash: true }));
  expect(reclaimed.brought_back).toBeGreaterThan(0);
  expect((await on(await tmp(), readAll)).map(({ name }) => name)).toContain('late');
});

it('fsck finds what is live at condemned keys alone, and puts it at others before it goes', async () => {
  // A collector that condemns what is live, and dies.
  await on(elsewhere, async (session) => {
    const keys = [...fake.objects.keys()].flatMap((key) => /\/((?:o|p)\/.*)$/.exec(key)?.[1] ?? []);
    Object.defineProperty(session.store.reclaimer, 'toCondemn', { value: async () => keys });
    session.store.reclaimer.erase = async () => {
      throw new Error('died');
    };
    await expect(collect(session, { ...HURRIED, emptyTrash: true })).rejects.toThrow('died');
  });
  expect(await found()).toContainEqual(
    expect.stringContaining('is condemned, and goes with the next collection'),
  );
  await found(true);
  expect(await found()).toEqual([]);
  await on(elsewhere, (session) => collect(session, { ...HURRIED, emptyTrash: true }));
  expect((await on(await tmp(), readAll)).map(({ name }) => name)).toEqual(
    expect.arrayContaining(['first', 'late']),
  );
});

it('fsck misses what could be restored and is gone, but not what the ledger condemned since it was removed', async () => {
  const isMissed = expect.stringContaining('it was removed and cannot be brought back');
  await on(elsewhere, async (session) => {
    const { artifact_id } = (await (await session.catalog()).live().all()).find(
      ({ name }) => name === 'late',
    )!;
    await removeArtifacts(session, new Set([artifact_id]));
  });
  const kept = new Map(fake.objects);
  lose();
  expect(await found()).toContainEqual(isMissed);
  for (const [key, bytes] of kept) fake.objects.set(key, bytes);
  // A collection that condemns what is due, deletes it, and dies; its note is lost with the record.
  await on(elsewhere, async (session) => {
    session.store.reclaimer.erase = async () => {
      throw new Error('died');
    };
    await expect(collect(session, { ...HURRIED, emptyTrash: true })).rejects.toThrow('died');
  });
  lose();
  expect(await found()).not.toContainEqual(isMissed);
});
