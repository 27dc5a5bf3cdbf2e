import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeSync } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import { tmp } from '../helpers/tmp.js';
import { hasStrace } from '../helpers/written-paths.js';
import { Listener, surely } from './power.js';
import { callSweep } from './sweep.js';
import { type Known, verdict } from './verdict.js';
import { plant } from './worker.js';

const ROOT = join(import.meta.dirname, '../..');
const id = (n: number) => `0000000${n}-0000-4000-8000-000000000000` as ArtifactId;
const NOTHING: Known = { acknowledged: [], pinned: [], outside: [] };

describe('what must hold after a power cut', () => {
  it('is what was acknowledged before it, and not what was begun to be undone until its end', () => {
    const listener = new Listener();
    listener.hear({ put: [id(1)] });
    listener.hear({ pinned: ['stays', id(1)] });
    listener.hear({ pinned: ['goes', id(1)] });
    listener.hear({ begin: '/out', content: 'one' });
    listener.hear({ done: '/out', content: 'one' });
    const before = listener.known();
    listener.hear({ put: [id(2)] });
    listener.hear({ unpinning: 'goes' });
    listener.hear({ begin: '/out', content: 'two' });
    listener.hear({ begin: '/new', content: 'one' });
    expect(surely(before, listener.known())).toEqual({
      acknowledged: [id(1)],
      pinned: [['stays', id(1)]],
      outside: [
        ['/out', ['one', 'two']],
        ['/new', ['', 'one']],
      ],
    });
  });

  it('does not hold where an artifact is lost, a destination torn or something left beside it', async () => {
    const dir = await tmp();
    await plant(dir);
    expect(await verdict(dir, NOTHING)).toEqual({ broken: [], misplaced: 0 });
    writeFileSync(join(dir, 'out/file'), 'half');
    writeFileSync(join(dir, 'out/.hs-tmp-1'), '');
    const known = { ...NOTHING, acknowledged: [id(1)], outside: [[join(dir, 'out/file'), ['']]] } as const;
    expect((await verdict(dir, known)).broken).toEqual([
      `acknowledged ${id(1)}`,
      '.hs-tmp-1 is left in the directory of a destination',
      `${join(dir, 'out/file')} is neither old nor new`,
    ]);
    removeSync(join(dir, 'w/.hsstore/ledger/000000/0000000001.json'));
    expect((await verdict(dir, NOTHING)).broken.length).toBeGreaterThan(0);
  });
});

it.skipIf(!hasStrace)(
  'commands that are killed or failed at a system call lose nothing (needs strace)',
  async () => {
    const dir = await tmp();
    mkdirSync(join(dir, 'sweep'));
    const { signal } = new AbortController();
    const { broken, kills, failures, missed, calls } = await callSweep({
      root: ROOT,
      dir: join(dir, 'sweep'),
      points: 4,
      seed: 3,
      signal,
    });
    expect(broken).toEqual([]);
    expect(kills + failures + missed).toBe(4);
    expect(calls).toBeGreaterThan(200);
  },
  600_000,
);

it.runIf(process.getuid?.() !== 0)('npm run crash says what it skips for an ordinary user', () => {
  const { status, stdout } = spawnSync(process.execPath, [join(ROOT, 'scripts/crash.mjs')], {
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: 'crash: skipped: it needs root, and mounts of its own\n',
  });
});
