import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import fs from 'fs-extra';
import { expect, it } from 'vitest';
import { noProgress } from '../../src/core/effects.js';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import { removeArtifacts } from '../../src/ops/gc/remove-artifacts.js';
import { restore } from '../../src/ops/gc/restore.js';
import { appendNote } from '../../src/ops/govern/ledger-note.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import { verifyLedger } from '../../src/store/ledger/verify-ledger.js';
import { packTree, predictable, unpackTree } from '../helpers/format-fixture.js';
import { openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { IMPATIENT } from '../ops/gc/helpers.js';
import { readAll } from '../sim/invariants.js';
import { FakeS3 } from './fake-s3.js';
import { storesOnFake, URL_OF_STORE } from './on-fake.js';

const FIXTURE = fileURLToPath(new URL('../../fixtures/format-1/remote.tar.gz', import.meta.url));
const EMPTYING = { emptyTrash: true, patience: IMPATIENT };

/** Every kind of key: packs and objects of two epochs, a condemnation carried out, a batch in the trash, a tail. */
async function build(): Promise<FakeS3> {
  const fake = new FakeS3();
  const home = await tmp();
  const effects = predictable();
  const session = await testStore(URL_OF_STORE, {
    stores: storesOnFake(fake, home, effects),
    ...effects,
    useIndex: false,
  });
  const store = async (name: string, text: string, ttl?: number) => {
    await writeFile(`${home}/${name}`, text);
    const [made] = await put(session, [{ path: `${home}/${name}` }], { name, ...(ttl === 0 && { ttl }) });
    return made!.artifactId;
  };
  await store('small', 'small');
  await store('large', 'large'.repeat(100_000));
  await store('gone', 'gone', 0);
  await collect(session, EMPTYING);
  await mkdir(`${home}/tree`);
  for (let n = 0; n < 5; n++) await writeFile(`${home}/tree/file${n}`, `file ${n}`);
  await put(session, [{ path: `${home}/tree` }], { name: 'tree', pin: 'kept' });
  await store('again', 'gone');
  await removeArtifacts(session, new Set([await store('trashed', 'trashed')]));
  while ((await session.store.ledger.headSeq()) < 33) await appendNote(session, 'a note');
  await session.close();
  return fake;
}

async function toDirectory(fake: FakeS3, dir: string): Promise<void> {
  for (const [key, bytes] of fake.objects) {
    const path = `${dir}/${key.replace('some/prefix', 'bucket')}`;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
}

/** The bucket as it was written. */
async function frozen(): Promise<FakeS3> {
  const dir = await tmp();
  await unpackTree(await readFile(FIXTURE), dir);
  const fake = new FakeS3();
  for (const { name, parentPath } of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = `${parentPath}/${name}`;
    if (!(await stat(path)).isFile()) continue;
    fake.objects.set(path.replace(`${dir}/bucket`, 'some/prefix'), await readFile(path));
  }
  return fake;
}

async function on<T>(fake: FakeS3, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await openTestSession(URL_OF_STORE, { stores: storesOnFake(fake, await tmp()) });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

const keysOf = (fake: FakeS3) => [...fake.objects.keys()].sort();
const kindsOf = (fake: FakeS3) => [...new Set(keysOf(fake).map((key) => key.split('/')[2]))];
const KINDS = ['format.json', 'ledger-seg', 'ledger', 'o', 'p', 'trash'];
const names = async (session: Session) => (await readAll(session)).map(({ name }) => name).sort();
const KEPT = ['again', 'large', 'small', 'tree'];

// What is there is a promise: only a fixture of which there is none yet is written.
it.runIf(process.env.HS_WRITE_FIXTURES === '1' && !fs.pathExistsSync(FIXTURE))('is written', async () => {
  const dir = await tmp();
  await toDirectory(await build(), dir);
  await writeFile(FIXTURE, await packTree(`${dir}/bucket`, 'bucket'));
});

it('a bucket that was written by the first release with a tail has every kind of key, and is read', async () => {
  const fake = await frozen();
  expect(kindsOf(fake)).toEqual(KINDS);
  const before = new Map(fake.objects);
  await on(fake, async (session) => {
    expect(await names(session)).toEqual(expect.arrayContaining(KEPT));
    const verdict = await verifyLedger(session.store, noProgress, new AbortController().signal);
    expect(verdict.problems).toEqual([]);
  });
  expect(keysOf(fake).filter((key) => !fake.objects.get(key)!.equals(before.get(key)!))).toEqual([]);
  expect(fake.objects.size).toBe(before.size);
});

it('is changed: what is in its trash comes back, and the rest is collected', async () => {
  const fake = await frozen();
  const entries = keysOf(fake).filter((key) => key.includes('/ledger/'));
  await on(fake, async (session) => {
    const removed = (await (await session.catalog()).removed().all()).find(({ name }) => name === 'trashed')!;
    await restore(session, [removed.artifact_id], { pin: true });
    const path = `${await tmp()}/new`;
    await writeFile(path, 'new');
    await put(session, [{ path }], { name: 'new' });
    await collect(session, EMPTYING);
  });
  expect(await on(fake, names)).toEqual(expect.arrayContaining([...KEPT, 'new', 'trashed']));
  for (const key of entries) expect(fake.objects.has(key), key).toBe(true);
});

it('what is written now has the same kinds of keys', async () => {
  expect(kindsOf(await build())).toEqual(KINDS);
});
