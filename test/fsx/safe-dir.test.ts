import { mkdir, readdir, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import type { Disk } from '../../src/fsx/disk.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { SafeDir } from '../../src/fsx/safe-dir.js';
import { tmp } from '../helpers/tmp.js';
import { SimDisk } from '../sim/sim-disk.js';

const OPTIONS = { mode: 0o644, sync: false };
const bytes = Buffer.from('x');

/** A disk as it is without /proc: a directory is reached by its path alone. */
function withoutProc(disk: Disk): Disk {
  return {
    ...disk,
    openDir: async (path, options) => {
      const dir = await disk.openDir(path, options);
      return {
        path,
        stat: () => dir.stat(),
        sync: () => dir.sync(),
        where: async () => path,
        mount: () => dir.mount(),
        close: () => dir.close(),
      };
    },
  };
}

describe('a safe directory', () => {
  it('stays in the directory that was opened when its path changes', async () => {
    const base = await tmp();
    await mkdir(join(base, 'd'));
    await mkdir(join(base, 'outside'));
    const dir = await SafeDir.open(nodeDisk(), join(base, 'd'));
    await rename(join(base, 'd'), join(base, 'moved'));
    await symlink('outside', join(base, 'd'));
    await dir.writeFile('f', bytes, OPTIONS);
    expect(dir.guarantee).toBe('descriptor');
    expect(await readdir(join(base, 'outside'))).toEqual([]);
    expect(await readdir(join(base, 'moved'))).toEqual(['f']);
    expect(await dir.where()).toBe(join(base, 'moved'));
    await dir.close();
  });

  it('follows the links of the directory that was typed, and none below it', async () => {
    const base = await tmp();
    await ensureDir(join(base, 'real/sub'));
    await symlink('real', join(base, 'typed'));
    await symlink('sub', join(base, 'real/link'));
    const dir = await SafeDir.open(nodeDisk(), join(base, 'typed'));
    await (await dir.child('sub')).close();
    await expect(dir.child('link')).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    await dir.close();
  });

  it.each(['', '.', '..', 'a/b', '/a', 'a\0b', '\ud800'])(
    'refuses %j as a name for anything',
    async (name) => {
      const dir = await SafeDir.open(nodeDisk(), await tmp());
      for (const attempt of [
        () => dir.child(name),
        () => dir.makeChild(name, 0o755),
        () => dir.lstat(name),
        () => dir.createFile(name, 0o644),
        () => dir.writeFile(name, bytes, OPTIONS),
        () => dir.unlink(name),
        () => dir.rmdir(name),
        () => dir.rename('x', name),
        () => dir.link(name, 'x'),
        () => dir.exchange(name, 'x'),
      ]) {
        await expect((async () => attempt())()).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
      }
      await dir.close();
    },
  );

  it('is not found again by its exact path when a link was put into it', async () => {
    const sim = new SimDisk();
    sim.plant.dir('/a/b');
    sim.plant.symlink('/a', '/alias');
    const disk = sim.process('hs');
    expect(await SafeDir.openExact(disk, '/alias/b')).toBeUndefined();
    expect(await SafeDir.openExact(disk, '/a/gone')).toBeUndefined();
    const dir = await SafeDir.openExact(disk, '/a/b');
    expect(dir).toBeDefined();
    await dir!.close();
  });

  it('without /proc says that its guarantee is weaker, and finds a swap that has happened', async () => {
    const base = await tmp();
    await mkdir(join(base, 'd'));
    await mkdir(join(base, 'outside'));
    const dir = await SafeDir.open(withoutProc(nodeDisk()), join(base, 'd'));
    expect(dir.guarantee).toBe('recheck');
    await dir.writeFile('f', bytes, OPTIONS);
    await rename(join(base, 'd'), join(base, 'moved'));
    await symlink('outside', join(base, 'd'));
    await expect(dir.writeFile('g', bytes, OPTIONS)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    expect(await readdir(join(base, 'outside'))).toEqual([]);
    await dir.close();
  });
});
