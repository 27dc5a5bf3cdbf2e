import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hs } from '../helpers/hs.js';
import { makeTempDirectory, type TempDirectory } from '../helpers/tmp.js';
import { FakeS3 } from './fake-s3.js';
import { type FakeServer, serve } from './fake-server.js';

const STORE = 's3://bucket/team';

let fake: FakeS3;
let server: FakeServer;
const homes: TempDirectory[] = [];

beforeAll(async () => {
  fake = new FakeS3();
  server = await serve(fake);
});
afterAll(async () => {
  await server.close();
  for (const home of homes) await home.remove();
});

/** A machine with a local store and nothing else. */
async function machine() {
  const home = await makeTempDirectory();
  homes.push(home);
  const cwd = home.path;
  const env = {
    HOME: cwd,
    XDG_CACHE_HOME: undefined,
    XDG_STATE_HOME: undefined,
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'a-secret-that-nobody-sees',
    AWS_ENDPOINT_URL_S3: server.endpoint,
  };
  const run = async (...args: string[]) => {
    fake.log.length = 0;
    const { status, stdout, stderr } = await hs(args, { cwd, env });
    expect([args.join(' '), status, stderr]).toEqual([args.join(' '), 0, expect.any(String)]);
    return stdout;
  };
  await run('init');
  return { cwd, run };
}

it('is pushed to by one machine and pulled from by another, with requests that do not grow by the file', async () => {
  const [one, two] = [await machine(), await machine()];
  await one.run('init', STORE);
  await mkdir(`${one.cwd}/tree`);
  for (let n = 0; n < 200; n++) await writeFile(`${one.cwd}/tree/${n}`, `file ${n}`);
  const id = (await one.run('put', 'tree', '--name', 'tree')).trim();
  expect((await one.run('push', 'tree', STORE)).trim()).toBe(id);
  const pushed = fake.log.length;
  expect(await one.run('log')).toContain(`to ${STORE} (store)`);
  expect((await two.run('pull', '--all', STORE)).trim()).toBe(id);
  const pulled = fake.log.length;
  expect([pushed <= 8, pulled <= 12]).toEqual([true, true]);
  expect(await two.run('cat-artifact', '--path', '77', 'tree')).toBe('file 77');
  await two.run('fsck');
  // Again: the ledgers are compared, and nothing is sent.
  await one.run('push', '--all', STORE);
  expect(fake.log.filter((line) => line.startsWith('PUT'))).toEqual([]);
});
