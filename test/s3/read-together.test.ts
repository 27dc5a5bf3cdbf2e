import { mkdir, unlink, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { ArtifactId, ObjectId } from '../../src/core/objects/ids.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import { removeArtifacts } from '../../src/ops/gc/remove-artifacts.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import { openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { IMPATIENT } from '../ops/gc/helpers.js';
import { type Interceptor, interceptDisk } from '../sim/intercept-disk.js';
import { FakeS3 } from './fake-s3.js';
import { storesOnFake, URL_OF_STORE } from './on-fake.js';

/** More than goes into a pack. */
const PADDING = ' '.repeat(100_000);

/** The content of some files; a machine that has none of it, and what it removes of its mirror. */
async function setting({ repacked = false, files = 40, padding = '' } = {}) {
  const fake = new FakeS3();
  const home = await tmp();
  const stores = storesOnFake(fake, home);
  await (await testStore(URL_OF_STORE, { stores })).close();
  const session = await openTestSession(URL_OF_STORE, { stores });
  await mkdir(`${home}/in`);
  for (let i = 0; i < files; i++) await writeFile(`${home}/in/${i}`, `file ${i}${padding}`);
  const results = await put(session, [{ path: `${home}/in` }], { each: true });
  if (repacked) {
    const some = results.slice(0, 5).map(({ artifactId }) => artifactId as ArtifactId);
    await removeArtifacts(session, new Set(some), { purge: true });
    await collect(session, { emptyTrash: true, patience: IMPATIENT });
  }
  const records = await (await session.catalog()).live().all();
  const ids = records.filter(({ name }) => name === undefined).map(({ content_hash }) => content_hash);
  await session.close();
  const removed: string[] = [];
  let hook: Interceptor = () => undefined;
  const disk = interceptDisk(nodeDisk(), (operation, path) => {
    if (operation === 'unlink' && /\.pack$|\/objects\//.test(path)) removed.push(path);
    return hook(operation, path);
  });
  const reader = await openTestSession(URL_OF_STORE, { stores: storesOnFake(fake, await tmp(), { disk }) });
  await reader.catalog();
  const intercept = (interceptor: Interceptor) => {
    hook = interceptor;
  };
  return { reader, ids, removed, intercept };
}

const readAs = async (reader: Session, id: ObjectId) =>
  Buffer.from((await reader.store.objects.read(id)) as Uint8Array).toString();

it('a read that found nothing leaves what another one has brought meanwhile', async () => {
  const { reader, ids, removed, intercept } = await setting();
  const [one, other] = [ids[0]!, ids[1]!];
  let isBrought = false;
  intercept(async (operation, path) => {
    if (isBrought || operation !== 'find' || !path.endsWith(other)) return;
    isBrought = true;
    expect(await readAs(reader, one)).toMatch(/^file /);
  });
  expect(await readAs(reader, other)).toMatch(/^file /);
  expect(isBrought).toBe(true);
  expect(removed).toEqual([]);
  await reader.close();
});

it('reads at once of what was put into another pack since bring that pack, and remove nothing', async () => {
  const { reader, ids, removed } = await setting({ repacked: true });
  const read = await Promise.all(ids.map((id) => readAs(reader, id)));
  expect(read.sort()).toEqual(
    Array.from({ length: 40 }, (_, i) => `file ${i}`)
      .filter((text) => read.includes(text))
      .sort(),
  );
  expect(read).toHaveLength(35);
  expect(removed).toEqual([]);
  await reader.close();
});

it('what another process removes of the mirror before it is read is fetched again', async () => {
  const { reader, ids, intercept } = await setting({ files: 1, padding: PADDING });
  let isBrought = false;
  let isRemoved = false;
  intercept(async (operation, path) => {
    if (!path.endsWith(ids[0]!)) return;
    isBrought ||= operation === 'rename';
    if (isRemoved || !isBrought || operation !== 'readFile') return;
    isRemoved = true;
    await unlink(path);
  });
  expect(await readAs(reader, ids[0]!)).toBe(`file 0${PADDING}`);
  expect(isRemoved).toBe(true);
  await reader.close();
});
