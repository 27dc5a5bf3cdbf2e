import { mkdir, readdir, readlink } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { beforeEach, expect, it } from 'vitest';
import { type ArtifactStore, createStore, openStore } from '../src/index.js';
import { tmp } from './helpers/tmp.js';

const CLOSED = expect.objectContaining({ code: 'USAGE', message: 'the store was closed' });

let dir: string;
let store: ArtifactStore;

beforeEach(async () => {
  dir = await tmp();
  process.env.XDG_STATE_HOME = `${dir}/state`;
  store = await createStore(dir);
  await store.put(Buffer.alloc(3 * 1024 * 1024, 'ab'), { name: 'large' });
  await store.put(Buffer.from('api_key = "AKIAIOSFODNN7EXAMPLQ"\nAKIAIOSFODNN7EXAMPLR\n'), { name: 'small' });
});

/** What this process has open below the directory of the test. */
async function descriptors(): Promise<string[]> {
  const names = await readdir('/proc/self/fd');
  const links = await Promise.all(names.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  return links.filter((to) => to.startsWith(dir));
}

/** Nothing of the store is open, and no command is taken to be at work in it. */
async function expectClosed(): Promise<void> {
  expect(await descriptors()).toEqual([]);
  expect(await readdir(`${dir}/.hsstore/leases`)).toEqual([]);
}

/** A source that waits before its end until it is let go. */
function source() {
  let [begin, go] = [() => {}, () => {}];
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const going = new Promise<void>((resolve) => {
    go = resolve;
  });
  async function* chunks() {
    yield Buffer.from('first');
    begin();
    await going;
    yield Buffer.from('last');
  }
  return { begun, go, chunks: chunks() };
}

/** Whether it has ended once everything else had its turn many times. */
async function isOver(promise: Promise<unknown>): Promise<boolean> {
  let over = false;
  promise.then(() => {
    over = true;
  });
  for (let i = 0; i < 100; i++) await setImmediate();
  return over;
}

it('waits for a call that is under way, which does all that it would have done', async () => {
  const { begun, go, chunks } = source();
  const putting = store.put(chunks, { name: 'put' });
  await begun;
  const closing = store.close();
  expect(await isOver(closing)).toBe(false);
  await expect(store.list()).rejects.toEqual(CLOSED);
  expect(await isOver(store.close())).toBe(false);
  go();
  await closing;
  await expectClosed();
  const { artifactId } = await putting;
  const again = await openStore({ store: dir });
  expect(String(await again.read(artifactId))).toBe('firstlast');
  await again.close();
});

it('waits for a call that fails', async () => {
  const reads = Promise.allSettled([store.read('large'), store.read('nothing'), store.list()]);
  await store.close();
  await expectClosed();
  const [large, nothing, list] = await reads;
  expect([large.status, list.status]).toEqual(['fulfilled', 'fulfilled']);
  expect(nothing).toMatchObject({ reason: { code: 'NOT_FOUND' } });
});

it('of either store waits for a copy from one to the other', async () => {
  await mkdir(`${dir}/other`);
  const other = await createStore(`${dir}/other`);
  const pushing = store.push(other, ['large']);
  await Promise.all([other.close(), store.close()]);
  await expectClosed();
  const { artifacts, errors } = await pushing;
  expect([artifacts.length, errors]).toEqual([1, []]);
});

it('ends a stream that is not read to its end, and its bytes can be purged', async () => {
  const stream = store.stream('large');
  await stream.next();
  await store.close();
  await expectClosed();
  await expect(stream.next()).rejects.toEqual(CLOSED);
  await expect(stream.next()).rejects.toEqual(CLOSED);
  const again = await openStore({ store: dir });
  const { reclaimed } = await again.remove(['large'], { purge: true });
  expect(reclaimed.purgePending).toEqual([]);
  await again.close();
});

it('ends a stream after the piece that is being read', async () => {
  const stream = store.stream('large');
  const reading = stream.next();
  await store.close();
  await expectClosed();
  expect((await reading).value!.length).toBeGreaterThan(0);
  await expect(stream.next()).rejects.toEqual(CLOSED);
});

it('lets a call read the stream of the same store to its end', async () => {
  const putting = store.put(store.stream('large'), { name: 'copy' });
  const stream = store.stream('large');
  await stream.next();
  await store.close();
  await expectClosed();
  const { sizeBytes } = await putting;
  expect(sizeBytes).toBe(3 * 1024 * 1024);
  await expect(stream.return()).resolves.toEqual({ done: true, value: undefined });
});

it.each<[string, (opened: ArtifactStore) => AsyncGenerator<unknown, void>]>([
  ['artifacts', (opened) => opened.iterate()],
  ['the history', (opened) => opened.history()],
  ['entries', (opened) => opened.ledgerEntries()],
  ['a lineage', (opened) => opened.lineage('small')],
  ['findings', (opened) => opened.scan(['small'])],
  ['an object', (opened) => streamOf(opened)],
])('lets no loop over %s take what it had for all', async (_, iterate) => {
  await store.put(Buffer.from('made of it'), { name: 'made', sources: ['small'] });
  const iteration = iterate(store);
  expect((await iteration.next()).done).toBe(false);
  await store.close();
  await expectClosed();
  await expect(iteration.next()).rejects.toEqual(CLOSED);
});

async function* streamOf(opened: ArtifactStore) {
  const { contentHash } = await opened.resolve('large');
  yield* opened.streamObject(contentHash);
}

it('says that an iteration has ended that had', async () => {
  const rows = store.iterate();
  for await (const _ of rows);
  const left = store.iterate();
  for await (const _ of left) break;
  await store.close();
  const over = { done: true, value: undefined };
  expect([await rows.next(), await left.next()]).toEqual([over, over]);
  await expectClosed();
});

it('ends a loop that follows the history and is at a row', async () => {
  const followed: string[] = [];
  for await (const { type } of store.follow({ last: 1 })) {
    followed.push(type);
    await store.close();
    await expectClosed();
  }
  expect(followed).toEqual(['artifact_created']);
});
