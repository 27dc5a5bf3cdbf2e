import { type ChildProcess, spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { HS_PROGRAM, hs, hsEnvironment } from '../helpers/hs.js';
import { badNetwork } from './bad-network.js';
import { freshUrl, machine, makeBucket, SERVICE } from './on-real.js';

const SECONDS = Number(process.env.HS_SERVICE_SECONDS ?? 20);
const MACHINES = 4;

/** Kills a command, or stops it for seconds, now and then: as long as others need to collect meanwhile. */
function disturb(child: ChildProcess, totals: { kills: number; pauses: number }): NodeJS.Timeout | undefined {
  const dice = Math.random();
  if (dice > 0.3) return undefined;
  return setTimeout(() => {
    if (dice < 0.15) return child.kill('SIGKILL');
    if (child.kill('SIGSTOP')) totals.pauses++;
    return setTimeout(() => child.kill('SIGCONT'), Math.random() * 5000);
  }, Math.random() * 1500);
}

describe.skipIf(SERVICE === undefined)('machines on a real service (skipped without Ceph)', () => {
  beforeAll(makeBucket);

  it(
    'three put, one collects, over a bad network, killed or paused at random: what was acknowledged is there once',
    async () => {
      const store = freshUrl();
      const direct = await machine(store);
      expect(await hs(['init', store], { env: direct.env })).toMatchObject({ status: 0 });
      const network = await badNetwork(new URL(SERVICE!), 0.02);
      const acknowledged: string[] = [];
      const totals = { kills: 0, pauses: 0, failed: 0, collections: 0 };
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
          const timer = disturb(child, totals);
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
      const entries = (await hs(['ledger', 'cat'], { env: direct.env })).stdout.trim().split('\n');
      const having = (event: string) => entries.filter((entry) => entry.includes(`"${event}"`)).length;
      const ledger = {
        commits: entries.length,
        condemned: having('objects_condemned'),
        purged: having('objects_purged'),
      };
      expect(ledger.purged).toBeGreaterThan(0);
      console.log(`${SECONDS} s on Ceph, nothing lost:`, {
        ...ledger,
        acknowledged: acknowledged.length,
        ...totals,
        ...network.counts,
      });
    },
    SECONDS * 1000 + 600_000,
  );

  it('a file of 64 MiB goes there in parts and comes back whole', async () => {
    const store = freshUrl();
    const one = await machine(store);
    await hs(['init', store], { env: one.env });
    const file = await open(`${one.work}/large`, 'w');
    for (let n = 0; n < 64; n++) await file.write(Buffer.alloc(1024 * 1024, n));
    await file.close();
    const put = await hs(['put', 'large', '--name', 'large', '--kind', 'file'], {
      cwd: one.work,
      env: one.env,
    });
    expect(put).toMatchObject({ status: 0 });
    const two = await machine(store);
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
