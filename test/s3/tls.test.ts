import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type HsResult, hs } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';
import { FakeS3 } from './fake-s3.js';
import { serve } from './fake-server.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const HERE = 'IP:127.0.0.1';

/** A certificate that nobody has signed but itself. */
function certify(home: string, name: string) {
  const [key, cert] = [`${home}/key.pem`, `${home}/cert.pem`];
  const args = `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=hs -keyout ${key} -out ${cert}`.split(
    ' ',
  );
  const { status, stderr } = spawnSync('openssl', [...args, '-addext', `subjectAltName=${name}`]);
  expect([status, status === 0 ? '' : String(stderr)]).toEqual([0, '']);
  return { key, cert };
}

/** What `hs init` and `hs put` come to on a service with a certificate for this name. */
async function overTls(name: string, env: (cert: string) => Record<string, string>) {
  const home = await tmp();
  const { key, cert } = certify(home, name);
  const fake = new FakeS3();
  const server = await serve(fake, { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') });
  await writeFile(`${home}/file`, 'bytes');
  const options = {
    cwd: home,
    env: {
      HOME: home,
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL_S3: server.endpoint,
      HS_STORE: 's3://bucket/team',
      ...env(cert),
    },
  };
  const results: HsResult[] = [];
  try {
    for (const args of [
      ['init', 's3://bucket/team'],
      ['put', 'file', '--kind', 'file'],
    ])
      results.push(await hs(args, options));
  } finally {
    await server.close();
  }
  return { results, requests: fake.log.length };
}

describe.skipIf(!hasOpenssl)('over TLS (needs openssl)', () => {
  it('a service with a certificate of an authority that Node was given is used', async () => {
    const { results, requests } = await overTls(HERE, (cert) => ({ NODE_EXTRA_CA_CERTS: cert }));
    expect(results.map(({ status, stderr }) => [status, stderr])).toEqual([
      [0, expect.any(String)],
      [0, expect.any(String)],
    ]);
    expect(requests).toBeGreaterThan(5);
  });

  it.each<[string, string, (cert: string) => Record<string, string>, string]>([
    ['is signed by itself', HERE, () => ({}), 'SELF_SIGNED'],
    ['is signed by itself, also with --insecure', HERE, () => ({ HS_S3_INSECURE: '1' }), 'SELF_SIGNED'],
    [
      "is another host's",
      'DNS:elsewhere.example',
      (cert) => ({ NODE_EXTRA_CA_CERTS: cert }),
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
  ])('one whose certificate %s is sent nothing, and the error says why', async (_, name, env, code) => {
    const { results, requests } = await overTls(name, env);
    for (const { status, stderr } of results) {
      expect(stderr).toMatch(/the certificate of '127\.0\.0\.1:\d+' is not trusted/);
      expect(stderr).toContain(code);
      expect(stderr).toContain('NODE_EXTRA_CA_CERTS');
      expect(status).toBe(10);
    }
    expect(requests).toBe(0);
  });
});
