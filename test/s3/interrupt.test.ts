import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { HS_PROGRAM, hs, hsEnvironment } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';
import { FakeS3 } from './fake-s3.js';
import { serve } from './fake-server.js';

/** Less than one request takes to be given up, and far more than an interrupted command. */
const SOON_MS = 20_000;

it.each([
  ['before anything is sent: 130', 'LIST p/ledger/', 130, 'interrupted'],
  [
    'while an entry is under way: its outcome is unknown, and the event is named',
    'PUT p/ledger/',
    10,
    'event',
  ],
])('a command is interrupted though the service hangs, %s', async (_, hangs, status, message) => {
  const fake = new FakeS3();
  const server = await serve(fake);
  const home = await tmp();
  await writeFile(`${home}/file`, 'bytes');
  const options = {
    cwd: home,
    env: {
      HOME: home,
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL_S3: server.endpoint,
      HS_STORE: 's3://bucket/p',
    },
  };
  expect(await hs(['init', 's3://bucket/p'], options)).toMatchObject({ status: 0 });
  const env = await hsEnvironment(options.env);
  const child = spawn(process.execPath, [HS_PROGRAM, 'put', 'file', '--kind', 'file'], { cwd: home, env });
  let began = 0;
  fake.hangs = (what) => {
    if (!what.startsWith(hangs)) return false;
    began ||= performance.now();
    child.kill('SIGINT');
    fake.hangs = (next) => next.startsWith(hangs);
    return true;
  };
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect([code, said]).toEqual([status, expect.stringContaining(message)]);
  expect(performance.now() - began).toBeLessThan(SOON_MS);
  await server.close();
});
