import { mkdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import { purgeTrashed } from '../../src/ops/gc/empty-trash.js';
import { removeArtifacts } from '../../src/ops/gc/remove-artifacts.js';
import { restore } from '../../src/ops/gc/restore.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import type { Reclaimed } from '../../src/store/collector/collector.js';
import { openTestSession, TINY_PACKS, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { IMPATIENT, TestClock } from '../ops/gc/helpers.js';
import { FakeS3 } from './fake-s3.js';
import { storesOnFake, URL_OF_STORE } from './on-fake.js';

const FILES = 60;
const packLimits = { ...TINY_PACKS, mostObjects: FILES, mostBytes: 1024 * 1024 };
const HURRIED = { patience: IMPATIENT };
const textOf = (i: number) => `the text of file ${String(i).padStart(3, '0')}; `.repeat(10);

it('on a service, a few unused objects stay in a large pack, and go when they must', async () => {
  const fake = new FakeS3();
  const home = await tmp();
  const clock = new TestClock();
  const stores = () => storesOnFake(fake, home, { packLimits, clock });
  await (await testStore(URL_OF_STORE, { stores: stores(), clock })).close();
  const on = async <T>(work: (session: Session) => Promise<T>, where = stores()) => {
    const session = await openTestSession(URL_OF_STORE, { stores: where, clock });
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  };
  await mkdir(`${home}/files`);
  const files = Array.from({ length: FILES }, (_, i) => `${home}/files/${i}`);
  for (const [i, path] of files.entries()) await writeFile(path, textOf(i));
  const ids = (
    await on((s) =>
      put(
        s,
        files.map((path) => ({ path })),
        {},
      ),
    )
  ).map((r) => r.artifactId);
  const elsewhere = await tmp();
  const has = (i: number) =>
    on(
      async (s) => s.store.objects.has((await (await s.catalog()).get(ids[i]!))!.content_hash),
      storesOnFake(fake, elsewhere, { packLimits, clock }),
    );
  const remove = (i: number, purge = false) =>
    on((s) => removeArtifacts(s, new Set<ArtifactId>([ids[i]!]), { ...HURRIED, purge }));
  const gc = (options: { repack?: boolean; emptyTrash?: boolean } = {}) =>
    on((s) => collect(s, { ...HURRIED, ...options }));
  const figures = ({ swept, unswept, purged }: Reclaimed) => [swept.objects, unswept.objects, purged.objects];

  expect(figures((await remove(3)).reclaimed)).toEqual([0, 2, 0]);
  expect(figures((await remove(5, true)).reclaimed)).toEqual([4, 0, 2]);
  expect([await has(5), await has(3)]).toEqual([false, true]);
  await remove(7);
  await on((s) => restore(s, [ids[7]!], { pin: false }));
  expect(figures((await remove(7)).reclaimed)).toEqual([0, 4, 0]);
  await on((s) => purgeTrashed(s, new Set([ids[7]!]), HURRIED));
  expect([await has(7), await has(3)]).toEqual([false, true]);
  // It was in the trash with the first purge, and lies in a large pack again since.
  clock.pass(10);
  await gc();
  expect(await has(3)).toBe(false);
  expect(figures((await remove(9)).reclaimed)).toEqual([0, 2, 0]);
  expect(figures((await gc({ repack: true })).reclaimed)).toEqual([2, 0, 0]);
  expect(figures((await gc({ emptyTrash: true })).reclaimed)).toEqual([0, 0, 2]);
  expect(await has(9)).toBe(false);
  for (let i = 10; i < FILES; i++) expect(await has(i)).toBe(true);
});
