import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HttpAnswer } from '../../src/fsx/http.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { CredentialChain } from '../../src/store/s3/client/credentials.js';
import { hs } from '../helpers/hs.js';
import { testEnvironment } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { answer, FakeS3 } from './fake-s3.js';
import { type FakeServer, serve } from './fake-server.js';

const ROLE = 'arn:aws:iam::123456789012:role/ci';
const MINUTE = 60_000;
const at = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');

function keysOf(id: string, until: number | string): HttpAnswer {
  const ends = typeof until === 'number' ? at(until) : until;
  return answer(
    200,
    `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
      <Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>secret-of-${id}</SecretAccessKey>
      <SessionToken>session-of-${id}+/=</SessionToken><Expiration>${ends}</Expiration></Credentials>
      </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
  );
}
const refused = (status: number, code: string) =>
  answer(status, `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code></Error></ErrorResponse>`);

/** A machine with a token, and the service of temporary keys that it asks. */
async function machine(sts: FakeS3['sts'], more: Record<string, string> = {}) {
  const fake = new FakeS3();
  const forms: URLSearchParams[] = [];
  fake.sts = (form) => {
    forms.push(form);
    return sts!(form);
  };
  const home = await tmp();
  await writeFile(`${home}/token`, 'web.token.one\n');
  const env = testEnvironment(home, {
    AWS_WEB_IDENTITY_TOKEN_FILE: `${home}/token`,
    AWS_ROLE_ARN: ROLE,
    AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:1',
    ...more,
  });
  const clock = { ms: 0 };
  const chain = new CredentialChain(
    { disk: nodeDisk(), env, runProcess: async () => '' },
    {
      http: fake.http(),
      clock: { now: () => clock.ms },
      wait: async () => undefined,
      jitter: () => 0,
    },
  );
  return { home, fake, forms, clock, chain };
}

it('a token in a file is exchanged for keys of the role, with what the service asks for and no more', async () => {
  const { chain, forms } = await machine(() => keysOf('ASIA1', 60 * MINUTE));
  expect(await chain.get(0)).toEqual({
    accessKeyId: 'ASIA1',
    secretAccessKey: 'secret-of-ASIA1',
    sessionToken: 'session-of-ASIA1+/=',
  });
  expect(forms.map((form) => Object.fromEntries(form))).toEqual([
    {
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: ROLE,
      RoleSessionName: 'hs',
      WebIdentityToken: 'web.token.one',
    },
  ]);
});

it('temporary keys are renewed before they end, once for all that ask, with the token that is in the file then', async () => {
  const { chain, forms, clock, home } = await machine(() =>
    keysOf(`ASIA${forms.length}`, clock.ms + 60 * MINUTE),
  );
  const ask = (ms: number) => {
    clock.ms = ms;
    return Promise.all(Array.from({ length: 16 }, () => chain.get(ms)));
  };
  const idsOf = async (ms: number) => [...new Set((await ask(ms)).map((keys) => keys.accessKeyId))];
  expect(await idsOf(0)).toEqual(['ASIA1']);
  expect(await idsOf(54 * MINUTE)).toEqual(['ASIA1']);
  await writeFile(`${home}/token`, 'web.token.two');
  expect(await idsOf(56 * MINUTE)).toEqual(['ASIA2']);
  expect(await idsOf(110 * MINUTE)).toEqual(['ASIA2']);
  expect(await idsOf(112 * MINUTE)).toEqual(['ASIA3']);
  expect(forms.map((form) => form.get('WebIdentityToken'))).toEqual([
    'web.token.one',
    'web.token.two',
    'web.token.two',
  ]);
});

it('a profile has a web identity too; keys of the environment come first, and a profile that is named before both', async () => {
  const profile = (home: string) =>
    `[profile ci]\nweb_identity_token_file = ${home}/token\nrole_arn = ${ROLE}\nrole_session_name = nightly\n`;
  const named = await machine(() => keysOf('ASIA1', MINUTE), { AWS_PROFILE: 'ci', AWS_ROLE_ARN: '' });
  const config = `${named.home}/.aws`;
  await nodeDisk().mkdir(config, 0o700);
  await writeFile(`${config}/config`, profile(named.home));
  expect(await named.chain.get(0)).toMatchObject({ accessKeyId: 'ASIA1' });
  expect(named.forms[0]!.get('RoleSessionName')).toBe('nightly');

  const both = await machine(() => keysOf('ASIA1', MINUTE), {
    AWS_ACCESS_KEY_ID: 'AKIA1',
    AWS_SECRET_ACCESS_KEY: 's',
  });
  expect(await both.chain.get(0)).toMatchObject({ accessKeyId: 'AKIA1' });
  expect(both.forms).toEqual([]);
});

it('a service that is busy, or cannot reach the provider of identities, is asked again', async () => {
  const answers = [
    refused(503, 'ServiceUnavailable'),
    refused(400, 'IDPCommunicationError'),
    keysOf('ASIA1', MINUTE),
  ];
  const { chain, forms } = await machine(() => answers.shift()!);
  expect(await chain.get(0)).toMatchObject({ accessKeyId: 'ASIA1' });
  expect(forms).toHaveLength(3);
});

it('after a failure it is asked again by the next request', async () => {
  const { chain, home } = await machine(() => keysOf('ASIA1', 60 * MINUTE));
  await rm(`${home}/token`);
  await expect(chain.get(0)).rejects.toMatchObject({ code: 'SYSTEM' });
  await writeFile(`${home}/token`, 'web.token.two');
  expect(await chain.get(0)).toMatchObject({ accessKeyId: 'ASIA1' });
});

describe('what goes wrong is said, without the token or what was answered', () => {
  const HOUR = 60 * MINUTE;
  const gone = Object.assign(new Error('reset'), { code: 'ECONNRESET', errno: -104 });
  const cases: readonly [
    what: string,
    sts: () => HttpAnswer,
    message: RegExp,
    more?: Record<string, string>,
  ][] = [
    [
      'no file',
      () => keysOf('A', HOUR),
      /token in '\/no-such-token' cannot be read: no such file/,
      { AWS_WEB_IDENTITY_TOKEN_FILE: '/no-such-token' },
    ],
    [
      'a directory',
      () => keysOf('A', HOUR),
      /token in '\/' cannot be read/,
      { AWS_WEB_IDENTITY_TOKEN_FILE: '/' },
    ],
    ['no role', () => keysOf('A', HOUR), /a web identity is for a role/, { AWS_ROLE_ARN: '' }],
    [
      'a role that is none',
      () => keysOf('A', HOUR),
      /the role of a web identity is none/,
      { AWS_ROLE_ARN: `${ROLE}\n` },
    ],
    [
      'a session that cannot be one',
      () => keysOf('A', HOUR),
      /name of the session/,
      { AWS_ROLE_SESSION_NAME: 'a b' },
    ],
    ['refused', () => refused(403, 'AccessDenied'), /'127\.0\.0\.1:1' answered 403 \(AccessDenied\)/],
    [
      'a token that has ended',
      () => refused(400, 'ExpiredTokenException'),
      /answered 400 \(ExpiredTokenException\)/,
    ],
    ['a refusal that repeats the token', () => refused(400, 'web.token.one'), /answered 400 to/],
    [
      'no answer',
      () => {
        throw gone;
      },
      /the service of temporary keys at '127\.0\.0\.1:1' gave no answer \(ECONNRESET\)/,
    ],
    [
      'a web page',
      () => answer(200, '<html>web.token.one</html>'),
      /answered with what are no temporary keys/,
    ],
    ['keys that no header takes', () => keysOf('A&#13;&#10;x: y', HOUR), /what are no temporary keys/],
    [
      'too much',
      () => answer(200, `${Buffer.from(keysOf('A', HOUR).body)}${' '.repeat(70_000)}`),
      /what are no temporary keys/,
    ],
    ['keys without an end', () => keysOf('A', 'soon'), /keys without an end/],
    ['keys that have ended', () => keysOf('A', 0), /keys that have ended/],
  ];
  it.each(cases)('%s', async (_, sts, message, more) => {
    const { chain } = await machine(sts, more);
    const e = await chain.get(0).then(
      () => undefined,
      (e) => e,
    );
    expect(e.message).toMatch(message);
    expect(e).toMatchObject({
      code: 'SYSTEM',
      message: expect.stringMatching(message),
      hint: expect.any(String),
    });
    expect(`${e.message} ${e.hint} ${e.cause} ${JSON.stringify(e.details)}`).not.toMatch(
      /web\.token|secret-of|session-of/,
    );
  });

  it.each(['', 'a b', 'x'.repeat(20_001), '\u001b[2J'])('a file that has no token: %j', async (text) => {
    const { chain, home, forms } = await machine(() => keysOf('A', HOUR));
    await writeFile(`${home}/token`, text);
    await expect(chain.get(0)).rejects.toMatchObject({
      code: 'SYSTEM',
      message: /is not a token|cannot be read/,
    });
    expect(forms).toEqual([]);
  });

  it('a token is not sent to another host by plain http, unless that is accepted', async () => {
    const elsewhere = { AWS_ENDPOINT_URL_STS: 'http://sts.example.invalid' };
    const { chain, forms } = await machine(() => keysOf('A', HOUR), elsewhere);
    await expect(chain.get(0)).rejects.toMatchObject({ code: 'REFUSED' });
    expect(forms).toEqual([]);
    const accepted = await machine(() => keysOf('A', HOUR), { ...elsewhere, HS_S3_INSECURE: '1' });
    expect(await accepted.chain.get(0)).toMatchObject({ accessKeyId: 'A' });
  });
});

describe('the program with a web identity', () => {
  const fake = new FakeS3();
  let server: FakeServer;
  beforeEach(async () => {
    server = await serve(fake);
  });
  afterEach(() => server.close());

  it('uses a store by temporary keys, and leaves nothing of them or of the token anywhere', async () => {
    fake.sts = () => keysOf('ASIA1', Date.now() + 60 * MINUTE);
    fake.accessKeyId = 'ASIA1';
    const home = await tmp();
    await writeFile(`${home}/token`, 'web.token.one');
    await writeFile(`${home}/file`, 'some bytes');
    const env = {
      HOME: home,
      XDG_CACHE_HOME: undefined,
      XDG_STATE_HOME: undefined,
      AWS_WEB_IDENTITY_TOKEN_FILE: `${home}/token`,
      AWS_ROLE_ARN: ROLE,
      AWS_ENDPOINT_URL: server.endpoint,
      HS_STORE: 's3://bucket/team',
      HS_TRACE: `${home}/trace`,
    };
    const said: string[] = [];
    for (const args of [
      ['init', 's3://bucket/team'],
      ['put', 'file', '--kind', 'file', '--name', 'x'],
      ['cat-artifact', 'x'],
    ]) {
      const { status, stdout, stderr } = await hs(args, { cwd: home, env });
      expect([args, status, stderr]).toEqual([args, 0, expect.any(String)]);
      said.push(stdout, stderr);
    }
    const sent = (await readFile(`${home}/trace`, 'utf8')).match(/.*"event":"sts".*/g) ?? [];
    // Making a store opens it as well.
    expect(sent.map((line) => JSON.parse(line))).toEqual(
      Array(4).fill(expect.objectContaining({ event: 'sts', attempt: 1, status: 200 })),
    );
    const kept = await readdir(home, { recursive: true, withFileTypes: true });
    const files = kept
      .filter((e) => e.isFile() && e.name !== 'token')
      .map((e) => `${e.parentPath}/${e.name}`);
    expect(files.length).toBeGreaterThan(5);
    for (const path of files) said.push(await readFile(path, 'latin1'));
    for (const bytes of fake.objects) said.push(bytes.join());
    expect(said.join('\n')).not.toMatch(/web\.token|secret-of|session-of/);
  });
});
