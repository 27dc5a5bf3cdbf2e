import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type HsResult, hs } from '../helpers/hs.js';
import { freshUrl, machine, makeBucket } from './on-real.js';

const CEPH = inject('ceph');
const run = promisify(execFile);

function ceph(what: 'kill' | 'revive', daemon: string) {
  const env = { ...process.env, D: CEPH!.directory, PORT: CEPH!.port };
  return run('bash', [CEPH!.script, what, daemon], { env });
}

describe.skipIf(CEPH === undefined)('a part of the service that is killed (skipped without Ceph)', () => {
  beforeAll(makeBucket);

  it.each(['client.rgw', 'osd.0'])(
    '%s: commands end with a typed error or succeed, and nothing is lost',
    async (daemon) => {
      const store = freshUrl();
      const first = await machine(store);
      expect(await hs(['init', store], { env: first.env })).toMatchObject({ status: 0 });
      const acknowledged: string[] = [];
      const ended: HsResult[] = [];
      let isOver = false;
      const live = async (n: number) => {
        const { work, env } = await machine(store);
        for (let i = 0; !isOver; i++) {
          const name = `m${n}-${i}`;
          await writeFile(`${work}/file`, `content ${i % 3}`);
          const isGc = n === 0 && i % 2 === 1;
          const words = isGc ? ['gc', '--yes', '--empty-trash'] : ['put', 'file', '--name', name];
          const result = await hs(words, { cwd: work, env });
          ended.push(result);
          if (isGc || result.status !== 0) continue;
          if (i % 3 === 0) await hs(['rm', name, '--yes'], { cwd: work, env });
          else acknowledged.push(name);
        }
      };
      const lives = [live(0), live(1)];
      for (let n = 0; n < 2; n++) {
        await setTimeout(4000);
        await ceph('kill', daemon);
        await setTimeout(4000);
        await ceph('revive', daemon);
      }
      const before = ended.length;
      while (ended.length < before + 4) await setTimeout(100);
      isOver = true;
      await Promise.all(lives);
      for (const { status, stderr } of ended) if (status !== 0) expect(stderr).toMatch(/^hs: /m);
      expect(ended.at(-1)).toMatchObject({ status: 0 });
      expect(acknowledged.length).toBeGreaterThan(0);
      const other = await machine(store);
      for (const name of acknowledged) {
        const read = await hs(['cat-artifact', name], { cwd: other.work, env: other.env });
        expect(read, name).toMatchObject({ status: 0, stdout: expect.stringMatching(/^content \d$/) });
      }
      expect(await hs(['ledger', 'verify'], { env: other.env })).toMatchObject({ status: 0 });
      expect((await hs(['fsck'], { env: other.env })).stdout).toContain('no problems');
    },
  );
});
