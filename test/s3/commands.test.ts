import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ensureDir } from 'fs-extra/esm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HsResult, hs } from '../helpers/hs.js';
import { makeTempDirectory } from '../helpers/tmp.js';
import { FakeS3 } from './fake-s3.js';
import { type FakeServer, serve } from './fake-server.js';

const STORE = 's3://bucket/team';
const SECRET = 'a-secret-that-nobody-sees';

const removals: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const remove of removals) await remove();
});

/** The command line on one machine. */
class Machine {
  readonly #fake: FakeS3;
  readonly #env: Record<string, string | undefined>;
  readonly work: string;

  private constructor(fake: FakeS3, work: string, env: Record<string, string | undefined>) {
    this.#fake = fake;
    this.work = work;
    this.#env = env;
  }

  static async make(fake: FakeS3, endpoint: string): Promise<Machine> {
    const { path: home, remove } = await makeTempDirectory();
    removals.push(remove);
    const work = `${home}/work`;
    await ensureDir(`${work}/tree`);
    await writeFile(`${work}/file`, `of ${home}`);
    await ensureDir(`${work}/many`);
    for (let n = 0; n < 40; n++) {
      await writeFile(`${work}/tree/${n}`, `file ${n}`);
      await writeFile(`${work}/many/${n}`, `one of many: ${n}`);
    }
    return new Machine(fake, work, {
      HOME: home,
      XDG_CACHE_HOME: undefined,
      XDG_STATE_HOME: undefined,
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: SECRET,
      AWS_ENDPOINT_URL_S3: endpoint,
      HS_STORE: STORE,
    });
  }

  async hs(args: readonly string[], env: Record<string, string> = {}): Promise<HsResult> {
    this.#fake.log.length = 0;
    const result = await hs(args, { cwd: this.work, env: { ...this.#env, ...env } });
    expect(result.stdout + result.stderr).not.toContain(SECRET);
    return result;
  }

  /** Runs a command that must succeed; returns what it printed, and its requests without names. */
  async ok(...args: string[]): Promise<{ readonly stdout: string; readonly requests: string[] }> {
    const { status, stdout, stderr } = await this.hs(args);
    expect([status, stderr.replaceAll(/^hs: warning.*\n/gm, '')]).toEqual([0, expect.any(String)]);
    const requests = this.#fake.log.map((line) => line.replace(/team\/([a-z-]+).*/, '$1'));
    return { stdout, requests };
  }
}

describe('the commands on an S3 service', () => {
  const fake = new FakeS3();
  let server: FakeServer;
  let a: Machine;
  let b: Machine;
  beforeAll(async () => {
    server = await serve(fake);
    [a, b] = [await Machine.make(fake, server.endpoint), await Machine.make(fake, server.endpoint)];
    expect((await a.hs(['init', STORE])).status).toBe(0);
  });
  afterAll(() => server.close());

  it('put, pin and show take 3, 2 and 1 requests once the store is known', async () => {
    await a.ok('put', 'file', '--kind', 'file', '--name', 'first');
    await writeFile(`${a.work}/file`, 'other bytes');
    const put = await a.ok('put', 'file', '--kind', 'file', '--name', 'report');
    expect(put.requests).toEqual(['LIST ledger', 'PUT p', 'PUT ledger']);
    expect((await a.ok('pin', 'report')).requests).toEqual(['LIST ledger', 'PUT ledger']);
    expect((await a.ok('show', 'report')).requests).toEqual(['LIST ledger']);
    const tree = await a.ok('put', 'tree', '--kind', 'file', '--name', 'tree');
    expect(tree.requests).toEqual(['LIST ledger', 'PUT p', 'PUT ledger']);
  });

  it('a tree that one machine put is exported by another', async () => {
    await b.ok('export', 'tree', 'out');
    expect(await readFile(`${b.work}/out/39`, 'utf8')).toBe('file 39');
    const again = await b.ok('export', 'tree', 'again');
    expect(again.requests).toEqual(['LIST ledger', 'PUT ledger', 'PUT ledger']);
  });

  it('purged objects are condemned in the ledger, removed, and gone from every mirror', async () => {
    const before = [...fake.objects.keys()].filter((key) => key.startsWith('team/p/'));
    await b.ok('rm', 'tree', '--purge', '--yes');
    const after = [...fake.objects.keys()];
    const gone = before.filter((key) => !after.includes(key));
    expect(gone.length).toBeGreaterThan(0);
    const condemned = [...fake.objects].filter(([, bytes]) => bytes.includes('"objects_condemned"'));
    for (const key of gone) expect(condemned.join()).toContain(key.slice('team/'.length));
    await a.ok('ls');
    expect((await a.hs(['export', 'tree', 'gone'])).status).toBe(4);
    expect((await a.hs(['fsck'])).stdout).toContain('no problems');
  });

  it('a pack of which parts went at several times is written again once', async () => {
    await a.ok('put', 'many', '--kind', 'file', '--name', 'many', '--each');
    for (const n of [1, 2, 3, 4, 5]) await a.ok('rm', `many/${n}`, '--yes');
    const { requests } = await a.ok('gc', '--yes', '--empty-trash');
    expect(requests.filter((request) => request === 'PUT p').length).toBeLessThan(5);
    expect((await b.ok('cat-artifact', 'many/6')).stdout).toBe('one of many: 6');
    expect((await a.hs(['fsck'])).stdout).toContain('no problems');
  });

  it('removed artifacts are restored, but not those collected meanwhile', async () => {
    await writeFile(`${a.work}/file`, 'to be removed');
    const { stdout } = await a.ok('put', 'file', '--kind', 'file', '--name', 'undo');
    await a.ok('rm', 'undo', '--yes');
    await b.ok('restore', stdout.trim());
    expect((await b.ok('cat-artifact', 'undo')).stdout).toBe('to be removed');
  });
});

describe('a service that cannot hold a store', () => {
  const cases: readonly [what: string, make: (fake: FakeS3) => void, message: RegExp, status: number][] = [
    [
      'ignores the condition',
      (f) => (f.knowsConditions = false),
      /put-if-absent race: 8 of 8 writers won/,
      10,
    ],
    ['knows other keys', (f) => (f.accessKeyId = 'another'), /does not accept the credentials/, 10],
  ];
  it.each(cases)('%s: refused', async (_, make, message, status) => {
    const fake = new FakeS3();
    make(fake);
    const server = await serve(fake);
    const machine = await Machine.make(fake, server.endpoint);
    const result = await machine.hs(['init', STORE]);
    expect([result.status, result.stderr]).toEqual([status, expect.stringMatching(message)]);
    expect([...fake.objects.keys()].filter((key) => !key.includes('/probe/'))).toEqual([]);
    await server.close();
  });

  it('is a web page, or has no such bucket: each is named', async () => {
    const page = createServer((_, response) =>
      response.writeHead(404, { 'content-type': 'text/html' }).end('<p>'),
    );
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    const fake = new FakeS3('other');
    const server = await serve(fake);
    const machine = await Machine.make(fake, server.endpoint);
    const url = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
    const web = await machine.hs(['ls', '--endpoint', url]);
    expect([web.status, web.stderr]).toEqual([
      10,
      expect.stringContaining('not an S3 service: it answered 404 with text/html'),
    ]);
    const bucket = await machine.hs(['ls']);
    expect([bucket.status, bucket.stderr]).toEqual([9, expect.stringContaining('there is no bucket')]);
    page.close();
    await server.close();
  });

  it.each([
    ['s3://Bucket!/x', 'the name of the bucket'],
    ['s3://bucket/a/../b', "'..'"],
    ['s3://bucket/a\u0007b', 'other characters'],
  ])('a place that cannot be one is a usage error: %s', async (url, message) => {
    const fake = new FakeS3();
    const machine = await Machine.make(fake, 'http://127.0.0.1:1');
    const result = await machine.hs(['ls', '--store', url]);
    expect([result.status, result.stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('plain http to another host is refused unless that is accepted', async () => {
    const machine = await Machine.make(new FakeS3(), 'http://s3.example.invalid');
    const refused = await machine.hs(['ls']);
    expect([refused.status, refused.stderr]).toEqual([6, expect.stringContaining('plain http')]);
    const accepted = await machine.hs(['ls', '--insecure']);
    expect([accepted.status, accepted.stderr]).toEqual([10, expect.stringContaining('gave no answer')]);
  });
});
