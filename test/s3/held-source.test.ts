import { spawn } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import { put } from '../../src/ops/put/put.js';
import type { FileSource } from '../../src/store/port/object-batch.js';
import type { S3Backend } from '../../src/store/s3/s3-backend.js';
import { uploadHeld } from '../../src/store/s3/upload.js';
import { HS_PROGRAM, hs, hsEnvironment } from '../helpers/hs.js';
import { openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { IMPATIENT } from '../ops/gc/helpers.js';
import { readAll } from '../sim/invariants.js';
import { FakeS3 } from './fake-s3.js';
import { serve } from './fake-server.js';
import { beforeNextEntry, storesOnFake, URL_OF_STORE } from './on-fake.js';

const MIB = 1024 * 1024;
/** Two parts. */
const LARGE = Buffer.alloc(16 * MIB + 1, 'a large file ');
const ID = sha256(LARGE);

async function storeWithFile(fake: FakeS3) {
  const home = await tmp();
  const file = `${home}/file`;
  await writeFile(file, LARGE);
  const stores = storesOnFake(fake, home);
  await (await testStore(URL_OF_STORE, { stores })).close();
  const putFile = async () => {
    const session = await openTestSession(URL_OF_STORE, { stores });
    try {
      return (await put(session, [{ path: file }], {}))[0]!.contentHash;
    } finally {
      await session.close();
    }
  };
  return { home, file, stores, putFile };
}

const objectsOf = (fake: FakeS3) => [...fake.objects].filter(([key]) => key.includes(`/o/${ID}/`));
const entriesOf = (fake: FakeS3) => [...fake.objects.keys()].filter((key) => key.includes('/ledger/')).length;

async function largeFiles(dir: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = `${entry.parentPath}/${entry.name}`;
    if (entry.isFile() && (await stat(path)).size > MIB) found.push(path);
  }
  return found;
}

it('a large file is sent from where it is: nothing of it is on the disk of this machine', async () => {
  const fake = new FakeS3();
  const { home, putFile } = await storeWithFile(fake);
  // Parts that are sent again.
  let failures = 2;
  const isPart = (what: string) => what.startsWith('PUT') && what.includes(ID);
  fake.fate = (what) => (isPart(what) && --failures >= 0 ? 'busy' : 'served');
  expect(await putFile()).toBe(ID);
  expect(objectsOf(fake).map(([, bytes]) => bytes.equals(LARGE))).toEqual([true]);
  const sent = fake.log.filter(isPart);
  // Two parts, and not a third of one byte.
  expect([sent.length - 2, fake.uploads, await largeFiles(`${home}/.cache`)]).toEqual([2, 0, []]);
  // What is there is not sent again.
  fake.log.length = 0;
  expect(await putFile()).toBe(ID);
  expect(fake.log.filter((what) => /^(PUT|POST)/.test(what) && what.includes(ID))).toEqual([]);
});

it.each<[string, (file: string) => void]>([
  ['has other bytes', (file) => writeFileSync(file, Buffer.alloc(LARGE.length, 'other bytes'))],
  ['is cut short', (file) => truncateSync(file, 9 * MIB)],
])('a file that %s once it was hashed is refused, and nothing of it is stored', async (_, change) => {
  const fake = new FakeS3();
  const { file, putFile } = await storeWithFile(fake);
  const before = entriesOf(fake);
  fake.says = (what) => {
    if (!what.startsWith('POST')) return undefined;
    fake.says = () => undefined;
    change(file);
    return undefined;
  };
  await expect(putFile()).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  expect([objectsOf(fake), fake.uploads, entriesOf(fake)]).toEqual([[], 0, before]);
});

it('bytes that were not hashed as they are sent would be stored under the wrong name: the test bites', async () => {
  const fake = new FakeS3();
  const { stores } = await storeWithFile(fake);
  const { backend } = await stores.open(URL_OF_STORE);
  const { client } = (backend as S3Backend).parts;
  const changed = Buffer.from(LARGE).fill('x', 9 * MIB, 9 * MIB + 1);
  const source = {
    read: async (buffer: Uint8Array, at: number) => changed.copy(buffer, 0, at, at + buffer.length),
    changed: () => new Error('changed'),
    close: async () => undefined,
  };
  await expect(
    uploadHeld(client, `o/${ID}/0000000000`, { id: ID, size: LARGE.length }, source),
  ).rejects.toThrow('changed');
  expect([objectsOf(fake), fake.uploads]).toEqual([[], 0]);
  const part = async (n: number) => changed.subarray(n * 8 * MIB, (n + 1) * 8 * MIB);
  await client.putParts({ key: `o/${ID}/0000000000`, count: 3, partBytes: 8 * MIB, part });
  expect(objectsOf(fake)).toHaveLength(1);
  await backend.close();
});

it('is sent again, from where it is, when what was sent is condemned before the commit', async () => {
  const fake = new FakeS3();
  const { home, file } = await storeWithFile(fake);
  const between = beforeNextEntry(fake);
  const session = await openTestSession(URL_OF_STORE, {
    stores: storesOnFake(fake, home, { http: between.http }),
  });
  let left: unknown[] | undefined;
  between.run = async () => {
    const stores = storesOnFake(fake, await tmp());
    const collector = await openTestSession(URL_OF_STORE, { stores });
    await collect(collector, { emptyTrash: true, patience: IMPATIENT });
    await collector.close();
    left = objectsOf(fake);
  };
  await put(session, [{ path: file }], {});
  await session.close();
  expect(left).toEqual([]);
  expect(objectsOf(fake).map(([, bytes]) => bytes.equals(LARGE))).toEqual([true]);
  const reader = await openTestSession(URL_OF_STORE, { stores: storesOnFake(fake, await tmp()) });
  expect((await readAll(reader)).filter((r) => r.kind === 'file')).toHaveLength(1);
  await reader.close();
});

it('at most 64 files are held, and none after the batch ends', async () => {
  const fake = new FakeS3();
  const { stores } = await storeWithFile(fake);
  const { backend } = await stores.open(URL_OF_STORE);
  const lease = await backend.leases.take();
  const batch = backend.batch(lease.token);
  let held = 0;
  let most = 0;
  const sourceOf = (text: string): FileSource => {
    const bytes = Buffer.from(text);
    const read = async (buffer: Uint8Array, at: number) => bytes.copy(buffer, 0, at);
    const close = async () => {
      held--;
    };
    return {
      size: LARGE.length,
      read,
      hold: () => {
        most = Math.max(most, ++held);
        return { read, close, changed: () => new Error('changed') };
      },
    };
  };
  for (let n = 0; n < 70; n++) await batch.addSource(sourceOf(`file ${n}`));
  await batch.addSource(sourceOf('file 1'));
  await batch.publish();
  expect([held, most]).toEqual([64, 64]);
  await batch.discard();
  expect(held).toBe(0);
  for (let n = 0; n < 70; n++)
    expect(await backend.objects.size(sha256(Buffer.from(`file ${n}`)))).toBeDefined();
  await lease.release();
  await backend.close();
});

/** A machine that reaches the service through a server, as a program does. */
async function machineAt(endpoint: string) {
  const home = await tmp();
  await writeFile(`${home}/file`, LARGE);
  const env = {
    HOME: home,
    XDG_CACHE_HOME: undefined,
    XDG_STATE_HOME: undefined,
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_S3: endpoint,
  };
  const run = async (...args: string[]) => {
    const { status, stderr } = await hs(args, { cwd: home, env });
    expect([status, stderr]).toEqual([0, expect.any(String)]);
  };
  await run('init', URL_OF_STORE);
  return { home, env, run };
}

it('a put that is killed while it sends leaves nothing here, and no object there', async () => {
  const fake = new FakeS3();
  const server = await serve(fake);
  const { home, env, run } = await machineAt(server.endpoint);
  const args = ['--store', URL_OF_STORE, 'put', 'file'];
  const child = spawn(process.execPath, [HS_PROGRAM, ...args], {
    cwd: home,
    env: await hsEnvironment(env),
    stdio: 'ignore',
  });
  fake.hangs = (what) => {
    if (!what.startsWith('PUT') || !what.includes('/o/')) return false;
    child.kill('SIGKILL');
    return true;
  };
  await new Promise((resolve) => child.on('close', resolve));
  fake.hangs = () => false;
  expect([objectsOf(fake), await largeFiles(`${home}/.cache`)]).toEqual([[], []]);
  await run(...args);
  expect(objectsOf(fake)).toHaveLength(1);
  await server.close();
});

it('a large object of a local store is pushed from where it is', async () => {
  const fake = new FakeS3();
  const server = await serve(fake);
  const { home, run } = await machineAt(server.endpoint);
  await run('init');
  await run('put', 'file');
  await run('push', '--all', URL_OF_STORE);
  expect(objectsOf(fake).map(([, bytes]) => bytes.equals(LARGE))).toEqual([true]);
  expect(await largeFiles(`${home}/.cache`)).toEqual([]);
  await server.close();
});
