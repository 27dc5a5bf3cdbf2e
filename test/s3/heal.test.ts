import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { fsck } from '../../src/ops/fsck/fsck.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import { noise } from '../helpers/noise.js';
import { testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { REPAIR } from '../ops/fsck/sample-store.js';
import { readAll } from '../sim/invariants.js';
import { FakeS3 } from './fake-s3.js';
import { inSession, storesOnFake, URL_OF_STORE } from './on-fake.js';

it('good bytes for an object that is damaged in a pack on the service reach every machine', async () => {
  const fake = new FakeS3();
  const on = <T>(machine: string, work: (session: Session) => Promise<T>) =>
    inSession(storesOnFake(fake, machine), work);
  const home = await tmp();
  await (await testStore(URL_OF_STORE, { stores: storesOnFake(fake, home) })).close();
  const paths = ['a', 'b', 'c'].map((name) => ({ path: `${home}/${name}` }));
  // What cannot be compressed: one object of the block is damaged, and the others are not.
  for (const [n, { path }] of paths.entries()) await writeFile(path, noise(n, 16 * 1024));
  const [a] = await on(home, (session) => put(session, paths, {}));
  const keys = [...fake.objects.keys()].filter((key) => fake.objects.get(key)!.includes(noise(0, 16 * 1024)));
  expect(keys.map((key) => key.includes('/p/'))).toEqual([true]);
  const damaged = Buffer.from(fake.objects.get(keys[0]!)!);
  damaged[damaged.indexOf(noise(0, 16 * 1024))]! ^= 1;
  fake.objects.set(keys[0]!, damaged);

  const other = await tmp();
  await expect(on(other, readAll)).rejects.toThrow(/does not read back/);
  await on(other, (session) =>
    session.write('artifact.create', [], async (tx) => {
      await tx.batch.addBytes(noise(0, 16 * 1024));
      await tx.batch.publish();
    }),
  );
  expect(await on(other, readAll)).toHaveLength(3);
  const read = await on(await tmp(), async (session) => session.store.objects.read(a!.contentHash));
  expect(Buffer.from(read)).toEqual(noise(0, 16 * 1024));
  expect(await on(await tmp(), readAll)).toHaveLength(3);

  // The damaged copy stays in its pack: no repair is offered that would be again.
  const report = await on(other, (session) => fsck(session, REPAIR));
  expect(report.findings).toMatchObject([
    { severity: 'misplaced', message: expect.stringContaining('there is an intact copy') },
  ]);
  expect(report.repairs).toEqual([]);
});
