import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { removeSync } from 'fs-extra/esm';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RootedDisk } from '../../src/fsx/disk.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { tmp } from '../helpers/tmp.js';

const ROOTING = { holds: (d: string) => d === 'd', remakes: (d: string) => d === 'd', mode: 0o700 };
const bytes = new TextEncoder().encode('new');

let root: string;
let outside: string;
let disk: RootedDisk;

beforeEach(async () => {
  const top = await tmp();
  [root, outside] = [`${top}/root`, `${top}/outside`];
  for (const dir of [root, `${root}/d`, outside, `${outside}/in`]) mkdirSync(dir);
  writeFileSync(`${outside}/f`, 'kept');
  disk = await nodeDisk().within(root, ROOTING);
});

const write = (path: string) => disk.writeFile(path, bytes, { mode: 0o600, sync: false });

/** What this process has open there. */
function heldBelow(dir: string): string[] {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return links.filter((to) => to.startsWith(dir));
}

describe('a disk within a directory', () => {
  it('changes nothing through a directory that is a link, whichever operation is asked for', async () => {
    symlinkSync(outside, `${root}/link`);
    writeFileSync(`${root}/d/mine`, 'mine');
    const at = `${root}/link/f`;
    const attempts: (() => Promise<unknown>)[] = [
      () => write(`${root}/link/new`),
      () => disk.open(`${root}/link/new`, { access: 'create' }),
      () => disk.open(at, { access: 'update' }),
      () => disk.readFile(at, 100),
      () => disk.mkdir(`${root}/link/new`, 0o700),
      () => disk.rmdir(`${root}/link/in`),
      () => disk.unlink(at),
      () => disk.removeTree(at),
      () => disk.removeTree(`${root}/link/in`),
      () => disk.rename(`${root}/d/mine`, `${root}/link/new`),
      () => disk.rename(at, `${root}/d/f`),
      () => disk.link(`${root}/d/mine`, `${root}/link/new`),
      () => disk.exchange(`${root}/d/mine`, at),
      () => disk.renameNoReplace(`${root}/d/mine`, `${root}/link/new`),
      () => disk.chmod(at, 0),
      () => disk.lstat(at),
      () => disk.find(at),
      () => disk.readdir(`${root}/link`),
      () => disk.readdir(`${root}/link/in`),
      () => disk.openDir(`${root}/link/in`),
      () => disk.syncDir(`${root}/link`),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: 'INTEGRITY' });
    expect(readdirSync(outside).sort()).toEqual(['f', 'in']);
    expect(readFileSync(`${outside}/f`, 'utf8')).toBe('kept');
    await disk.removeTree(`${root}/link`);
    expect([existsSync(`${root}/link`), existsSync(`${outside}/f`)]).toEqual([false, true]);
  });

  it('stays in a held directory that is swapped for a link', async () => {
    await write(`${root}/d/first`);
    renameSync(`${root}/d`, `${root}/away`);
    symlinkSync(outside, `${root}/d`);
    await write(`${root}/d/second`);
    expect(readdirSync(`${root}/away`).sort()).toEqual(['first', 'second']);
    expect(readdirSync(outside).sort()).toEqual(['f', 'in']);
  });

  it('makes a directory that is missing again when it is written to, and until then it is empty', async () => {
    await write(`${root}/d/first`);
    removeSync(`${root}/d`);
    expect(await disk.readdir(`${root}/d`)).toEqual([]);
    await expect(disk.readFile(`${root}/d/first`, 9)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(existsSync(`${root}/d`)).toBe(false);
    await write(`${root}/d/second`);
    expect(readdirSync(`${root}/d`)).toEqual(['second']);
    await expect(write(`${root}/other/f`)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('names a failed path as requested, not by a descriptor', async () => {
    await expect(disk.unlink(`${root}/d/none`)).rejects.toMatchObject({
      path: `${root}/d/none`,
      message: `ENOENT: no such file or directory, unlink '${root}/d/none'`,
    });
    await expect(disk.rename(`${root}/d/none`, `${root}/to`)).rejects.toMatchObject({
      path: `${root}/d/none`,
      dest: `${root}/to`,
    });
  });

  it('refuses every operation once it is released, and holds nothing', async () => {
    await write(`${root}/d/first`);
    await disk.release();
    const attempts = [
      () => write(`${root}/d/second`),
      () => disk.openDir(root),
      () => disk.openDir(`${root}/d`),
      () => disk.readdir(`${root}/d`),
      () => disk.lstat(root),
      () => disk.find(`${root}/d/first`),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: 'USAGE' });
    expect(heldBelow(root)).toEqual([]);
    await write(`${outside}/new`);
    await disk.release();
  });

  it('is released after the operations that are under way', async () => {
    const writing = [1, 2, 3].map((n) => write(`${root}/d/${n}`));
    await disk.release();
    expect([readdirSync(`${root}/d`).sort(), heldBelow(root)]).toEqual([['1', '2', '3'], []]);
    await Promise.all(writing);
  });

  it('refuses a path that does not name one place, and leaves paths outside to the disk it is of', async () => {
    await expect(write(`${root}/d/../../outside/f`)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    await write(`${outside}/new`);
    expect(readFileSync(`${outside}/new`, 'utf8')).toBe('new');
  });
});
