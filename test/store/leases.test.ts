import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Json } from '../../src/core/json/canonical.js';
import { errnoError } from '../../src/fsx/errno.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { systemRandom } from '../../src/fsx/system-effects.js';
import { Layout } from '../../src/store/local/layout.js';
import { LeaseFiles } from '../../src/store/local/leases.js';
import { behind, openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { faultDisk } from '../sim/fault-disk.js';

const HOLDER = fileURLToPath(new URL('../helpers/lock-holder.mjs', import.meta.url));
const token = (n: number) => String(n).padStart(24, '0');

/** As a user sees them whose secret is this; undefined: one without a state directory. */
function leasesOf(
  dir: string,
  secret: string | undefined = 'secret',
  id = 'store',
  disk = nodeDisk(),
): LeaseFiles {
  return new LeaseFiles(disk, new Layout(dir), systemRandom(), {
    id,
    state: { secret: async () => secret },
  });
}

async function leasesIn(dir: string) {
  await mkdir(`${dir}/leases`);
  return {
    leases: leasesOf(dir),
    at: (t: string) => `${dir}/leases/${t}`,
  };
}

/** A process that holds a lease until it is killed. */
async function holder(path: string, journal = ''): Promise<ChildProcess> {
  const child = spawn(process.execPath, [HOLDER, path, journal], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout!, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'close');
}

describe('leases', () => {
  it('are private files that are deleted on release', async () => {
    const { leases, at } = await leasesIn(await tmp());
    const lease = await leases.take();
    expect(await leases.list()).toEqual([lease.token]);
    expect((await stat(at(lease.token))).mode & 0o777).toBe(0o600);
    expect(await leases.judge(lease.token)).toBeUndefined();
    await lease.release();
    expect(await leases.list()).toEqual([]);
    expect(await leases.judge(lease.token)).toBeUndefined();
  });

  it.each(['file.tryLock', 'file.stat'])(
    'leave no file when %s fails, though the file cannot be closed',
    async (what) => {
      const dir = await tmp();
      await mkdir(`${dir}/leases`);
      const disk = faultDisk(nodeDisk(), {
        onOperation(operation) {
          if (operation === what || operation === 'file.close') throw errnoError('EIO', operation, dir);
        },
      });
      await expect(leasesOf(dir, 'secret', 'store', disk).take()).rejects.toMatchObject({
        code: 'EIO',
        syscall: what,
      });
      expect(await readdir(`${dir}/leases`)).toEqual([]);
    },
  );

  it('of eight processes all count as alive, and as dead as soon as they are killed', async () => {
    const { leases, at } = await leasesIn(await tmp());
    const children = await Promise.all(Array.from({ length: 8 }, (_, n) => holder(at(token(n)))));
    const judged = async () =>
      Promise.all(
        (await leases.list()).map(async (t) => {
          const dead = await leases.judge(t);
          await dead?.leave();
          return dead === undefined ? 'alive' : 'dead';
        }),
      );
    expect(await judged()).toEqual(Array(8).fill('alive'));
    await Promise.all(children.slice(0, 4).map(kill));
    expect((await judged()).filter((j) => j === 'dead')).toHaveLength(4);
    await Promise.all(children.slice(4).map(kill));
    expect(await judged()).toEqual(Array(8).fill('dead'));
  });

  it('of the dead are cleared by one judge alone', async () => {
    const { leases, at } = await leasesIn(await tmp());
    await kill(await holder(at(token(1))));
    const dead = await leases.judge(token(1));
    expect(dead).toBeDefined();
    expect(await leases.judge(token(1))).toBeUndefined();
    await dead!.clear();
    expect(await leases.list()).toEqual([]);
  });

  /** What is read of a journal that a command left. */
  async function left(leases: LeaseFiles, t: string) {
    const dead = await leases.judge(t);
    await dead!.leave();
    return { journal: dead!.journal, foreign: dead!.foreign };
  }

  /** A lease of which the command died after it journaled these. */
  async function died(leases: LeaseFiles, ...records: Json[]): Promise<string> {
    const lease = await leases.take();
    for (const record of records) await lease.journal(record);
    lease.abandon();
    await lease.release();
    return lease.token;
  }

  it('keep complete journal records only', async () => {
    const { leases, at } = await leasesIn(await tmp());
    const t = await died(leases, { a: 1 }, { b: 2 });
    expect(await left(leases, t)).toEqual({ journal: [{ a: 1 }, { b: 2 }], foreign: false });
    const whole = await readFile(at(t));
    for (const cut of [1, 20, whole.length / 4]) {
      await truncate(at(t), Math.floor(whole.length - cut));
      expect(await left(leases, t)).toEqual({ journal: [{ a: 1 }], foreign: false });
    }
    await truncate(at(t), 20);
    expect(await left(leases, t)).toEqual({ journal: [], foreign: false });
  });

  it('say nothing that was not journaled with the secret of this user, for this store, into this very file', async () => {
    const dir = await tmp();
    const { leases, at } = await leasesIn(dir);
    const nothing = { journal: [], foreign: true };
    await writeFile(at(token(1)), '{"a":1}\n{"b":2}\n');
    expect(await left(leases, token(1))).toEqual(nothing);
    expect(await left(leases, await died(leasesOf(dir, 'another'), { a: 1 }))).toEqual(nothing);
    expect(await left(leases, await died(leasesOf(dir, 'secret', 'another'), { a: 1 }))).toEqual(nothing);
    const t = await died(leases, { a: 1 });
    await copyFile(at(t), at(token(2)));
    expect(await left(leases, token(2))).toEqual(nothing);
    await writeFile(`${dir}/kept`, await readFile(at(t)));
    await unlink(at(t));
    await rename(`${dir}/kept`, at(t));
    expect(await left(leases, t)).toEqual(nothing);
    expect(await left(leasesOf(dir, ''), await died(leasesOf(dir, 'other'), { a: 1 }))).toEqual(nothing);
  });

  it('ignore what others append after the seal', async () => {
    const { leases, at } = await leasesIn(await tmp());
    const t = await died(leases, { a: 1 });
    await appendFile(at(t), `${(await readFile(at(t))).toString()}{"b":2}\n`);
    expect(await left(leases, t)).toEqual({ journal: [{ a: 1 }], foreign: false });
  });

  it('that cannot be judged count as alive, until they are declared dead', async () => {
    const dir = await tmp();
    const { leases, at } = await leasesIn(dir);
    await mkdir(at(token(1)));
    await writeFile(at('no-token'), '');
    for (const t of [token(1), 'no-token', token(9), '../x']) expect(await leases.judge(t)).toBeUndefined();
    await expect(leases.assumeDead(token(9))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(leases.assumeDead('../leases')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const child = await holder(at(token(2)));
    await leases.assumeDead(token(2));
    expect(await leases.exists(token(2))).toBe(false);
    await kill(child);
  });

  it('of the dead, and their staged files, are cleared by the next command that writes', async () => {
    const dir = await tmp();
    const session = await testStore(dir);
    const { leases, tmp: staging } = behind(session).layout;
    await kill(await holder(`${leases}/${token(1)}`));
    const living = await holder(`${leases}/${token(2)}`);
    for (const n of [1, 2]) await writeFile(`${staging}/${token(n)}-0`, 'x');
    await session.write('ledger.note', [], (tx) =>
      tx.commit(() => ({ type: 'note', payload: { text: 'x' } })),
    );
    expect(await readdir(leases)).toEqual([token(2)]);
    expect(await readdir(staging)).toEqual([`${token(2)}-0`]);
    await kill(living);
    await session.close();
  });

  it('are left alone by commands that only read', async () => {
    const dir = await tmp();
    const session = await testStore(dir);
    await kill(await holder(behind(session).layout.lease(token(1))));
    await session.close();
    const reader = await openTestSession(dir, { writes: false });
    await reader.read(async () => undefined);
    expect(await reader.store.leases.list()).toEqual([token(1)]);
    await reader.close();
  });
});
