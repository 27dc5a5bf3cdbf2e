import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { HS_PROGRAM, hs, hsEnvironment } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';
import { badNetwork } from './bad-network.js';
import { environmentOfService, freshUrl, makeBucket, SERVICE } from './on-real.js';

const SECONDS = Number(process.env.HS_SERVICE_SECONDS ?? 20);
const MACHINES = 4;

describe.skipIf(SERVICE === undefined)('machines on a real service (skipped without Ceph)', () => {
  beforeAll(makeBucket);

  const machine = async (store: string, endpoint: string) => {
    const home = await tmp();
    await mkdir(`${home}/work`);
    const env = {
      ...environmentOfService,
      AWS_ENDPOINT_URL_S3: endpoint,
      HOME: home,
      XDG_CACHE_HOME: undefined,
      XDG_STATE_HOME: undefined,
      HS_STORE: store,
    };
    return { work: `${home}/work`, env };
  };

  it('three put, one collects, over a bad network, killed at random: what was acknowledged is there once', async () => {
    const store = freshUrl();
    const direct = await machine(store, SERVICE!);
    expect(await hs(['init', store], { env: direct.env })).toMatchObject({ status: 0 });
    const network = await badNetwork(new URL(SERVICE!), 0.02);
    const acknowledged: string[] = [];
    const totals = { kills: 0, failed: 0, collections: 0 };
    const end = Date.now() + SECONDS * 1000;
    const live = async (n: number) => {
      const { work, env } = await machine(store, network.endpoint);
      for (let i = 0; Date.now() < end; i++) {
        const name = `m${n}-${i}`;
        await writeFile(`${work}/file`, `content ${i % 5}`);
        const words =
          n === 0 ? ['gc', '--yes', '--empty-trash'] : ['put', 'file', '--name', name, '--kind', 'file'];
        const child = spawn(process.execPath, [HS_PROGRAM, ...words], {
          cwd: work,
          env: await hsEnvironment(env),
          stdio: 'ignore',
        });
        const timer =
          Math.random() < 0.15 ? setTimeout(() => child.kill('SIGKILL'), Math.random() * 1500) : undefined;
        const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
          child.on('close', (...how) => resolve(how)),
        );
        clearTimeout(timer);
        if (signal !== null) totals.kills++;
        else if (code !== 0) totals.failed++;
        else if (n === 0) totals.collections++;
        else acknowledged.push(name);
        if (n !== 0 && code === 0 && i % 3 === 0) {
          await hs(['rm', name, '--yes', '--purge'], { cwd: work, env });
          acknowledged.splice(acknowledged.indexOf(name), 1);
        }
      }
    };
    await Promise.all(Array.from({ length: MACHINES }, (_, n) => live(n)));
    await network.close();
    const { stdout } = await hs(['for-each-artifact', '--format', '%(name)'], { env: direct.env });
    const rows = stdout.split('\n');
    for (const name of acknowledged) {
      expect(
        rows.filter((row) => row === name),
        name,
      ).toHaveLength(1);
      expect(await hs(['cat-artifact', name], { env: direct.env })).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(/^content \d$/),
      });
    }
    expect(await hs(['ledger', 'verify'], { env: direct.env })).toMatchObject({ status: 0 });
    expect((await hs(['fsck'], { env: direct.env })).stdout).toContain('no problems');
    expect(acknowledged.length).toBeGreaterThan(3);
    console.log(`${SECONDS} s on Ceph:`, { acknowledged: acknowledged.length, ...totals, ...network.counts });
  });

  it('a file of 64 MiB goes there in parts and comes back whole', async () => {
    const store = freshUrl();
    const one = await machine(store, SERVICE!);
    await hs(['init', store], { env: one.env });
    const file = await open(`${one.work}/large`, 'w');
    for (let n = 0; n < 64; n++) await file.write(Buffer.alloc(1024 * 1024, n));
    await file.close();
    const put = await hs(['put', 'large', '--name', 'large', '--kind', 'file'], {
      cwd: one.work,
      env: one.env,
    });
    expect(put).toMatchObject({ status: 0 });
    const two = await machine(store, SERVICE!);
    expect(await hs(['export', 'large', 'back'], { cwd: two.work, env: two.env })).toMatchObject({
      status: 0,
    });
    let n = 0;
    for await (const chunk of createReadStream(`${two.work}/back`, { highWaterMark: 1024 * 1024 })) {
      expect(chunk.every((byte: number) => byte === n)).toBe(true);
      n++;
    }
    expect(n).toBe(64);
  });
});
