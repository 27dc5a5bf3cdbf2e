import { readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { hs } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';
import { FakeS3, type Fate } from './fake-s3.js';
import { serve } from './fake-server.js';

interface Line {
  readonly event: string;
  readonly [fact: string]: unknown;
}

/** Nothing of these may be in a trace, nor of what is made of them. */
const SECRETS = {
  AWS_ACCESS_KEY_ID: 'a-key-id-3c1d',
  AWS_SECRET_ACCESS_KEY: 'a-secret-key-77e0',
  AWS_SESSION_TOKEN: 'a-session-token-9b2f',
};

async function traced(fates: (what: string) => Fate) {
  const fake = new FakeS3();
  const server = await serve(fake);
  const home = await tmp();
  await writeFile(`${home}/file`, 'a-payload-5f31');
  const env = {
    HOME: home,
    ...SECRETS,
    AWS_ENDPOINT_URL_S3: server.endpoint,
    HS_STORE: 's3://bucket/team',
    HS_TRACE: `${home}/trace`,
  };
  const run = (...args: string[]) => hs(args, { cwd: home, env });
  try {
    expect(await run('init', 's3://bucket/team')).toMatchObject({ status: 0 });
    await writeFile(env.HS_TRACE, '');
    fake.fate = fates;
    fake.log.length = 0;
    expect(await run('put', 'file', '--kind', 'file')).toMatchObject({ status: 0 });
  } finally {
    await server.close();
  }
  const text = await readFile(env.HS_TRACE, 'utf8');
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  return { text, log: fake.log, requests: lines.filter(({ event }) => event === 's3') };
}

it('a trace has each request to a service, and no try is left out', async () => {
  const left: Record<string, Fate[]> = {
    'PUT team/ledger/0000000001.json': ['busy', 'unanswered'],
    'LIST team/ledger/': ['dropped'],
  };
  const { requests, log } = await traced((what) => left[what]?.shift() ?? 'served');
  expect(requests).toHaveLength(log.length);
  const told = requests.map(({ method, key, list }) => `${list ? 'LIST' : method} team/${key}`);
  expect(told.sort()).toEqual([...log].sort());
  const tries = (key: string) =>
    requests
      .filter((line) => line.key === key)
      .map(({ method, attempt, status, error }) => [method, attempt, status ?? typeof error]);
  expect(tries('ledger/0000000001.json')).toEqual([
    ['PUT', 1, 503],
    ['PUT', 2, 'string'],
    ['PUT', 3, 412],
    // Whose bytes are they?
    ['GET', 1, 200],
  ]);
  expect(tries('ledger/')).toEqual([
    ['GET', 1, 'string'],
    ['GET', 2, 200],
  ]);
  const known = ['at', 'pid', 'event', 'method', 'key', 'list', 'attempt', 'status', 'error', 'bytes', 'ms'];
  for (const line of requests) {
    expect(known).toEqual(expect.arrayContaining(Object.keys(line)));
    expect(line.ms).toBeTypeOf('number');
  }
});

it('a trace has no credentials, signatures, headers, queries or payloads', async () => {
  const { text, requests } = await traced(() => 'served');
  expect(requests.length).toBeGreaterThan(2);
  for (const secret of [...Object.values(SECRETS), 'a-payload-5f31']) expect(text).not.toContain(secret);
  expect(text).not.toMatch(/authorization|signature|credential=|x-amz|AWS4|list-type|\?/i);
});
