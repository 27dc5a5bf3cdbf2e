import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, chown, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import { BOUND_BY_MODES, hsBoundByModes } from '../helpers/bound-by-modes.js';
import { HS_PROGRAM, hs, hsEnvironment } from '../helpers/hs.js';
import { because, whyNotMount } from '../helpers/ordinary-user.js';
import { tmp } from '../helpers/tmp.js';

/** A store in a directory with an artifact `tree`. */
async function workspace(): Promise<string> {
  const dir = await tmp();
  await ensureDir(join(dir, 'src/sub/deep'));
  await writeFile(join(dir, 'src/a.txt'), 'hello');
  await writeFile(join(dir, 'src/sub/deep/b.sh'), '#!/bin/sh\n', { mode: 0o755 });
  for (const args of [['init'], ['put', 'src', '--name', 'tree'], ['put', 'src/a.txt', '--name', 'single']]) {
    expect(await hs(args, { cwd: dir })).toMatchObject({ status: 0, stderr: '' });
  }
  return dir;
}

const mode = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8);

describe('files written by hs export', () => {
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
    await ensureDir(join(left, 'sub'));
    await writeFile(join(left, 'sub/a'), 'a');
    execFileSync('chmod', ['-R', 'a-w', left]);
    await hsBoundByModes(['fsck', '--repair'], cwd);
    expect(await readdir(join(cwd, '.hsstore/cache'))).not.toContain(basename(left));
  },
);

describe('an executable file that is an artifact of its own', () => {
  const isExecutable = async (path: string) => ((await stat(path)).mode & 0o111) === 0o111;

  it('leaves as one, as file, directory, tar and bundle, and through another store', async () => {
    const cwd = await workspace();
    const run = async (...args: string[]) => expect(await hs(args, { cwd })).toMatchObject({ status: 0 });
    await run('put', 'src/sub/deep/b.sh', '--name', 'tool');
    await run('export', 'tool', 'tool');
    await run('export', 'tool', 'as-dir', '--format', 'dir');
    await run('export', 'tool', 'tool.tar', '--format', 'tar');
    await run('bundle', 'create', 'tool', '--name', 'pack');
    await run('export', 'pack', 'pack.tar', '--format', 'tar');
    execFileSync('tar', ['-xf', 'tool.tar', '--one-top-level=as-tar'], { cwd });
    const other = await tmp();
    for (const args of [['init'], ['import', join(cwd, 'pack.tar')], ['export', 'tool', 'tool']]) {
      expect(await hs(args, { cwd: other })).toMatchObject({ status: 0 });
    }
    for (const path of ['tool', 'as-dir/b.sh', 'as-tar/b.sh', join(other, 'tool')]) {
      expect([path, await isExecutable(resolve(cwd, path))]).toEqual([path, true]);
    }
    await run('export', 'single', 'single');
    expect(await isExecutable(join(cwd, 'single'))).toBe(false);
  });

  it('is one when a tool made it, and is one to the next tool', async () => {
    const cwd = await workspace();
    const make = 'printf "#!/bin/sh\\n" > "$HS_OUT/made" && chmod +x "$HS_OUT/made"';
    const ran = await hs(['run', '--sandbox', 'none', '--each', '--name', 'r', '--', 'sh', '-c', make], {
      cwd,
    });
    expect(ran).toMatchObject({ status: 0 });
    expect((await hs(['export', 'r/made', 'made'], { cwd })).status).toBe(0);
    expect(await isExecutable(join(cwd, 'made'))).toBe(true);
  });
});

describe(`hs export over a directory of a lower layer of overlayfs${because(whyNotMount)}`, () => {
  it.skipIf(whyNotMount)('replaces an empty one, and says of another what to do', async ({ skip }) => {
    const cwd = await workspace();
    const script = `mkdir m layers && mount -t tmpfs tmpfs layers && cd layers &&
      mkdir -p low/empty low/full up wk && touch low/full/mine &&
      mount -t overlay overlay -o lowerdir=low,upperdir=up,workdir=wk ../m || exit 42; cd ..
      for to in empty full; do "$0" "$1" export tree m/$to --force --discard-existing; echo "status $?"; done
      ls -A m m/empty m/full`;
    const env = await hsEnvironment();
    const options = { cwd, env, encoding: 'utf8' } as const;
    const { stdout, stderr, status } = spawnSync(
      'unshare',
      ['-m', 'sh', '-c', script, process.execPath, HS_PROGRAM],
      options,
    );
    if (status === 42) skip('needs overlayfs');
    expect(stdout).toBe(
      `${cwd}/m/empty\nstatus 0\nstatus 8\nm:\nempty\nfull\n\nm/empty:\na.txt\nsub\n\nm/full:\nmine\n`,
    );
    expect(stderr).toMatch(/'.*m\/full' lies in a lower layer of overlayfs.*\nhint: remove it, then export/);
  });
});
