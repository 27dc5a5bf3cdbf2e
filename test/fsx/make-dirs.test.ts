import { mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { errnoError } from '../../src/fsx/errno.js';
import { makeDirs } from '../../src/fsx/make-dirs.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { surroundDisk } from '../../src/fsx/surround-disk.js';
import { tmp } from '../helpers/tmp.js';
import { interceptDisk } from '../sim/intercept-disk.js';

/** The real disk, on which what is done is noted; at most a hundred of it. */
function noting() {
  const done: string[] = [];
  const disk = interceptDisk(nodeDisk(), (operation, path) => {
    done.push(`${operation} ${path}`);
    if (done.length > 100) throw new Error('it goes on without end');
  });
  return { disk, done };
}

it('makes the missing directories, and leaves what is there', async () => {
  const dir = await tmp();
  const { disk } = noting();
  await mkdir(`${dir}/a`, { mode: 0o755 });
  await makeDirs(disk, `${dir}/a/b/c`, { durable: false });
  await makeDirs(disk, `${dir}/a/b/c`, { durable: true });
  const modes = await Promise.all(['a', 'a/b', 'a/b/c'].map((path) => stat(`${dir}/${path}`)));
  expect(modes.map(({ mode }) => mode & 0o777)).toEqual([0o755, 0o700, 0o700]);
});

it('syncs every new name where it is to last, from the outermost on, and none otherwise', async () => {
  const dir = await tmp();
  const { disk, done } = noting();
  await makeDirs(disk, `${dir}/x/y`, { durable: false });
  expect(done.filter((line) => line.startsWith('syncDir'))).toEqual([]);
  await makeDirs(disk, `${dir}/a/b`, { durable: true });
  expect(done.filter((line) => line.startsWith('syncDir'))).toEqual([`syncDir ${dir}`, `syncDir ${dir}/a`]);
});

it('ends below a dangling link, a file, and where the disk says that what is above is there', async () => {
  const dir = await tmp();
  await symlink(`${dir}/nowhere/x`, `${dir}/link`);
  await writeFile(`${dir}/file`, '');
  for (const durable of [true, false]) {
    const { disk } = noting();
    const made = (path: string) => makeDirs(disk, path, { durable });
    await expect(made(`${dir}/link/state/hs`)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(made(`${dir}/file/state/hs`)).rejects.toMatchObject({ code: 'ENOTDIR' });
    const odd = surroundDisk(noting().disk, (operation, path, run) => {
      if (operation !== 'mkdir') return run();
      throw errnoError(path === '/proc/a' ? 'EEXIST' : 'ENOENT', operation, path);
    });
    await expect(makeDirs(odd, '/proc/a/b', { durable })).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(makeDirs(odd, '/proc/c/b', { durable })).rejects.toMatchObject({ code: 'ENOENT' });
  }
});
