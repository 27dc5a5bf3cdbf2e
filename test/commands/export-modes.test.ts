import { execFileSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BOUND_BY_MODES, hsBoundByModes } from '../helpers/bound-by-modes.js';
import { hs } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';

/** A store in a directory with an artifact `tree`. */
async function workspace(): Promise<string> {
  const dir = await tmp();
  await mkdir(join(dir, 'src/sub/deep'), { recursive: true });
  await writeFile(join(dir, 'src/a.txt'), 'hello');
  await writeFile(join(dir, 'src/sub/deep/b.sh'), '#!/bin/sh\n', { mode: 0o755 });
  for (const args of [['init'], ['put', 'src', '--name', 'tree']]) {
    expect(await hs(args, { cwd: dir })).toMatchObject({ status: 0, stderr: '' });
  }
  return dir;
}

describe('hs export of a tree over one that was made read-only', () => {
  it.skipIf(BOUND_BY_MODES === undefined)(
    'removes the old one, leaves nothing beside it and no lease (root: needs setpriv)',
    async () => {
      const cwd = await workspace();
      const out = ['export', 'tree', 'out'];
      expect(await hsBoundByModes(out, cwd)).toMatchObject({ status: 0 });
      execFileSync('chmod', ['-R', 'a-w', 'out'], { cwd });
      expect(await hsBoundByModes([...out, '--force'], cwd)).toMatchObject({ status: 0, stderr: '' });
      expect((await readdir(cwd)).sort()).toEqual(['.hsstore', 'out', 'src']);
      expect(await readdir(join(cwd, '.hsstore/leases'))).toEqual([]);
      expect(await hsBoundByModes(['pin', 'tree'], cwd)).toMatchObject({ status: 0, stderr: '' });
    },
  );
});

it.skipIf(BOUND_BY_MODES === undefined)(
  'hs fsck --repair removes a left-over index that was made read-only (root: needs setpriv)',
  async () => {
    const cwd = await workspace();
    const left = join(cwd, '.hsstore/cache/discarded-0011223344556677');
    await mkdir(join(left, 'sub'), { recursive: true });
    await writeFile(join(left, 'sub/a'), 'a');
    execFileSync('chmod', ['-R', 'a-w', left]);
    await hsBoundByModes(['fsck', '--repair'], cwd);
    expect(await readdir(join(cwd, '.hsstore/cache'))).not.toContain(basename(left));
  },
);
