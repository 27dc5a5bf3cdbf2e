import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
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
  for (const args of [['init'], ['put', 'src', '--name', 'tree'], ['put', 'src/a.txt', '--name', 'single']]) {
    expect(await hs(args, { cwd: dir })).toMatchObject({ status: 0, stderr: '' });
  }
  return dir;
}

const mode = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8);

describe('what hs export writes', () => {
  it.each([
    ['077', '700', '600', '700'],
    ['027', '750', '640', '750'],
    ['002', '775', '664', '775'],
    ['0777', '700', '0', '0'],
  ])(
    'has the modes that umask %s leaves, as tree, file and tar, and on the way to it',
    async (umask, dir, file, program) => {
      const cwd = await workspace();
      const modes = async (...paths: string[]) => Promise.all(paths.map((p) => mode(join(cwd, p))));
      for (const args of [['out'], ['out.tar', '--format', 'tar'], []]) {
        expect(await hsBoundByModes(['export', 'tree', ...args], cwd, umask)).toMatchObject({ status: 0 });
      }
      expect(await hsBoundByModes(['export', 'single', 'one'], cwd, umask)).toMatchObject({ status: 0 });
      expect(await modes('out', 'out/sub/deep', 'out/a.txt', 'out/sub/deep/b.sh')).toEqual([
        dir,
        dir,
        file,
        program,
      ]);
      expect(await modes('one', 'out.tar', 'hs-out', 'hs-out/tree')).toEqual([file, file, dir, dir]);
    },
  );

  it('gets the setgid bit of the directory that it is made in, and keeps that of one that it replaces', async () => {
    const cwd = await workspace();
    for (const dir of ['team', 'old']) {
      await mkdir(join(cwd, dir));
      await chmod(join(cwd, dir), 0o2755);
    }
    expect((await hs(['export', 'tree', 'team/out'], { cwd })).stderr).toBe('');
    expect((await hs(['export', 'tree', 'old', '--force'], { cwd })).stderr).toBe('');
    for (const path of ['team/out', 'team/out/sub/deep', 'old', 'old/sub/deep']) {
      expect([path, await mode(join(cwd, path))]).toEqual([path, '2755']);
    }
  });

  it.skipIf(process.getuid?.() !== 0)(
    'keeps the group of a setgid directory that it replaces (needs root)',
    async () => {
      const cwd = await workspace();
      await mkdir(join(cwd, 'old'));
      await chown(join(cwd, 'old'), 0, 65534);
      await chmod(join(cwd, 'old'), 0o2775);
      expect((await hs(['export', 'tree', 'old', '--force'], { cwd })).stderr).toBe('');
      for (const path of ['old', 'old/sub', 'old/sub/deep/b.sh']) {
        expect([path, (await stat(join(cwd, path))).gid]).toEqual([path, 65534]);
      }
    },
  );
});

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
