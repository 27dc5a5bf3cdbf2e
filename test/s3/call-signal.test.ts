import { writeFile } from 'node:fs/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { createStore, openStore } from '../../src/library/open-store.js';
import { tmp } from '../helpers/tmp.js';
import { FakeS3 } from './fake-s3.js';
import { serve } from './fake-server.js';

const URL_OF_STORE = 's3://bucket/team';
/** Less than one request takes to be given up, and far more than an aborted call. */
const SOON_MS = 20_000;
const enough = new Error('enough');

afterEach(() => vi.unstubAllEnvs());

/** A store on a service, and the environment of a program that uses it. */
async function setting() {
  const home = await tmp();
  const fake = new FakeS3();
  const server = await serve(fake);
  const env = {
    HOME: home,
    XDG_CACHE_HOME: `${home}/cache`,
    XDG_STATE_HOME: `${home}/state`,
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_S3: server.endpoint,
    HS_ACTOR: 'human:tester',
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  await (await createStore(URL_OF_STORE)).close();
  await writeFile(`${home}/file`, 'bytes');
  /** Resolves once a request that begins so hangs. */
  const hanging = (start: string) =>
    new Promise<void>((resolve) => {
      fake.hangs = (what) => {
        if (!what.startsWith(start)) return false;
        resolve();
        return true;
      };
    });
  return { home, fake, server, hanging };
}

it.each([
  ['a look', 'LIST team/ledger/', 'list'],
  ['an upload', 'PUT team/p/', 'put'],
] as const)(
  "the signal of a store ends a request of %s that hangs, with the signal's reason",
  async (_, start, method) => {
    const { home, fake, server, hanging } = await setting();
    const stop = new AbortController();
    const store = await openStore({ store: URL_OF_STORE, signal: stop.signal });
    const hangs = hanging(start);
    const entries = () => [...fake.objects.keys()].filter((key) => key.includes('/ledger/')).length;
    const before = entries();
    const call = method === 'list' ? store.list() : store.put(`${home}/file`);
    const outcome = call.catch((e: unknown) => e);
    await hangs;
    const began = performance.now();
    stop.abort(enough);
    expect(await outcome).toBe(enough);
    expect(performance.now() - began).toBeLessThan(SOON_MS);
    expect(entries()).toBe(before);
    await store.close();
    await server.close();
  },
);

it("the signal of one call ends it behind the request under way, and leaves the store's other calls alone", async () => {
  const { home, fake, server } = await setting();
  const store = await openStore({ store: URL_OF_STORE });
  const stop = new AbortController();
  fake.fate = (what) => {
    if (what.startsWith('PUT team/p/')) stop.abort(enough);
    return 'served';
  };
  await expect(store.put(`${home}/file`, { signal: stop.signal })).rejects.toBe(enough);
  const { artifactId } = await store.put(`${home}/file`);
  expect((await store.list()).map((each) => each.artifactId)).toEqual([artifactId]);
  await store.close();
  await server.close();
});
