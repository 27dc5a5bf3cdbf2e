import { mkdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { HttpRequest } from '../../src/fsx/http.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { surroundDisk } from '../../src/fsx/surround-disk.js';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import { put } from '../../src/ops/put/put.js';
import { openTestSession, TINY_PACKS, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { IMPATIENT } from '../ops/gc/helpers.js';
import { readAll } from '../sim/invariants.js';
import { FakeS3 } from './fake-s3.js';
import { inSession, storesOnFake, URL_OF_STORE } from './on-fake.js';

const FILES = ['a', 'b', 'c', 'd', 'e'];
/** Two files each: the first is full when the third file is added. */
const packLimits = { ...TINY_PACKS, mostObjects: 2 };
const isPack = (what: string) => what.startsWith('PUT some/prefix/p/');

/** A put of a directory of five files; `beforeLast` is called before the last one is read. */
async function putOfFive(beforeLast: () => Promise<unknown>, send?: FakeS3['send'], fake = new FakeS3()) {
  const home = await tmp();
  await mkdir(`${home}/tree`);
  for (const name of FILES) await writeFile(`${home}/tree/${name}`, `the file ${name}`);
  const http = () => ({ ...fake.http(), ...(send && { send }) });
  const stores = storesOnFake(fake, home, { packLimits, http });
  await (await testStore(URL_OF_STORE, { stores })).close();
  const disk = surroundDisk(nodeDisk(), async (operation, path, run) => {
    if (operation === 'readSmall' && path.endsWith('/e')) await beforeLast();
    return run();
  });
  const putAll = async () => {
    const session = await openTestSession(URL_OF_STORE, { stores, disk });
    try {
      await put(session, [{ path: `${home}/tree` }], {});
    } finally {
      await session.close();
    }
  };
  const packs = () => [...fake.objects.keys()].filter((key) => key.includes('/p/'));
  /** How many artifacts a machine reads in full that is new to the store. */
  const read = async () => (await inSession(storesOnFake(fake, await tmp()), readAll)).length;
  return { fake, putAll, packs, read };
}

it('a pack that is full is sent while the rest is still read, and no pack twice', async () => {
  let begun = () => {};
  const begins = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const { fake, putAll, packs, read } = await putOfFive(() => begins);
  fake.fate = (what) => {
    if (isPack(what)) begun();
    return 'served';
  };
  await putAll();
  const sent = fake.log.filter(isPack);
  expect(new Set(sent).size).toBe(sent.length);
  expect(packs()).toHaveLength(sent.length);
  expect(sent.length).toBeGreaterThan(2);
  expect(await read()).toBe(1);
});

it('one that was condemned since is sent again, under another key', async () => {
  const elsewhere = await tmp();
  let before: string[] = [];
  let after: string[] = [];
  const { fake, putAll, packs, read } = await putOfFive(async () => {
    while (packs().length === 0) await new Promise((resolve) => setImmediate(resolve));
    before = packs();
    await inSession(storesOnFake(fake, elsewhere), (session) =>
      collect(session, { emptyTrash: true, patience: IMPATIENT }),
    );
    after = packs();
  });
  await putAll();
  expect([before.length, after]).toEqual([1, []]);
  expect(packs()).not.toContain(before[0]);
  expect(await read()).toBe(1);
});

it('one that could not be sent is sent when the batch is published', async () => {
  let isBusy = true;
  const { fake, putAll, read } = await putOfFive(async () => {
    while (fake.log.filter(isPack).length < 9) await new Promise((resolve) => setImmediate(resolve));
    isBusy = false;
  });
  fake.fate = (what) => (isBusy && isPack(what) ? 'busy' : 'served');
  await putAll();
  expect(await read()).toBe(1);
});

it('nothing is under way once a put that fails has ended', async () => {
  const events: string[] = [];
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const fake = new FakeS3();
  const send = async (request: HttpRequest) => {
    if (!/^\/bucket\/some\/prefix\/p\//.test(request.target)) return fake.send(request);
    events.push('begun');
    await released;
    const given = await fake.send(request);
    events.push('ended');
    return given;
  };
  const { putAll, packs } = await putOfFive(
    async () => {
      while (events.length === 0) await new Promise((resolve) => setImmediate(resolve));
      setTimeout(release, 50);
      throw Object.assign(new Error('gone'), { code: 'ENOENT', errno: -2 });
    },
    send,
    fake,
  );
  await putAll().catch(() => events.push('failed'));
  expect(events).toEqual(['begun', 'ended', 'failed']);
  expect(packs()).toHaveLength(1);
});
