import { type ChildProcess, spawn } from 'node:child_process';
import { lstat, readdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDir } from 'fs-extra/esm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { toSafePath } from '../../../src/core/paths/safe-path.js';
import { isHsError } from '../../../src/errors/hs-error.js';
import { nodeDisk } from '../../../src/fsx/node-disk.js';
import { systemRandom } from '../../../src/fsx/system-effects.js';
import { materialize } from '../../../src/ops/materialize/materialize.js';
import { tmp } from '../../helpers/tmp.js';
import { filePayload, treePayload } from './payloads.js';

const SWAPPER = fileURLToPath(new URL('../../helpers/swapper.mjs', import.meta.url));

interface Arena {
  readonly root: string;
  readonly outside: string;
}

/** `root/d` is a directory and `root/evil` a link to `outside`; another process exchanges the two. */
async function arena(): Promise<Arena> {
  const base = await tmp();
  const [root, outside] = [join(base, 'root'), join(base, 'outside')];
  await ensureDir(join(root, 'd', 'e'));
  await ensureDir(join(outside, 'e'));
  await symlink(outside, join(root, 'evil'));
  await ready(spawn(process.execPath, [SWAPPER, join(root, 'd'), join(root, 'evil')]));
  return { root, outside };
}

function ready(child: ChildProcess): Promise<void> {
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.stdout!.once('data', () => resolve());
    child.once('exit', () => reject(new Error('the swapper did not start')));
  });
}

/** Attacked once a turn; a failure is the answer wanted, an escape is what is counted. */
type Attempt = (root: string, n: number) => Promise<void>;

async function attack(attempt: Attempt, forMs: number): Promise<{ escapes: number; wrote: number }> {
  const { root, outside } = await arena();
  const touched = async () =>
    (await Promise.all([outside, join(outside, 'e')].map((p) => lstat(p, { bigint: true })))).map(
      (s) => s.ctimeNs,
    );
  let [escapes, wrote, before] = [0, 0, await touched()];
  const end = Date.now() + forMs;
  for (let n = 0; Date.now() < end; n++) {
    try {
      await attempt(root, n);
      wrote += 1;
    } catch (e) {
      if (!(e instanceof Error)) throw e;
      if (isHsError(e) && e.code !== 'UNSAFE_PATH') throw e;
    }
    // A directory's times change with every name that is made in it, whether it stays or not.
    const now = await touched();
    if (now.some((t, i) => t !== before[i])) escapes += 1;
    before = now;
  }
  expect(await readdir(outside)).toContain('e');
  return { escapes, wrote };
}

const door =
  (payload: Parameters<typeof materialize>[1]): Attempt =>
  async (root, n) => {
    await materialize(
      nodeDisk(),
      payload,
      { root, path: toSafePath(`d/e/out-${n}`) },
      { protect: { cwd: '/' }, random: systemRandom() },
    );
  };

/** What one writes first: look where the directory really is, then write there by its name. */
const naive: Attempt = async (root, n) => {
  const path = join(root, 'd', 'e', `out-${n}`);
  const real = await realpath(dirname(path));
  if (!real.startsWith(`${root}/`)) throw new Error('outside the root');
  await writeFile(path, 'payload', { flag: 'wx' });
};

describe('a directory that is swapped for a link while exports run', () => {
  it('lets nothing be made outside the root by an export of a file', async () => {
    const { escapes, wrote } = await attack(door(filePayload('payload')), 1500);
    expect(escapes).toBe(0);
    expect(wrote).toBeGreaterThan(10);
  });

  it('lets nothing be made outside the root by an export of a tree', async () => {
    const payload = treePayload({ 'a.txt': 'a', 'sub/b.txt': 'b', 'sub/deep/c.txt': 'c' });
    const { escapes, wrote } = await attack(door(payload), 1500);
    expect(escapes).toBe(0);
    expect(wrote).toBeGreaterThan(5);
  });

  it('is found by this test in a writer that checks the path and then uses it', async () => {
    const { escapes } = await attack(naive, 1500);
    expect(escapes).toBeGreaterThan(0);
  });
});
