import { createHash } from 'node:crypto';
import { mkdir, open, readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hs } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';

const MIB = 1024 * 1024;
const TMPFS_AND_THE_LIKE = 64 * 1024;
const sha256 = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
const allocated = async (path: string) => (await stat(path)).blocks * 512;

it('a hole in a file stays a hole in the store and in exports, alone and in a tree', async () => {
  const cwd = await tmp();
  await mkdir(join(cwd, 'src'));
  const file = await open(join(cwd, 'src/disk.img'), 'w');
  // Begins and ends with bytes, has some that are no block's, and an end that is a hole in a second file.
  for (const [at, text] of [
    [0, 'begin'],
    [5 * MIB + 17, 'middle'],
    [40 * MIB, 'end'],
  ] as const) {
    await file.write(text, at);
  }
  await file.close();
  const tail = await open(join(cwd, 'src/tail'), 'w');
  await tail.truncate(8 * MIB + 3);
  await tail.close();
  const before = await allocated(join(cwd, 'src/disk.img'));
  expect(before).toBeLessThan(MIB);
  for (const args of [['init'], ['put', 'src/disk.img', '--name', 'img'], ['put', 'src', '--name', 'tree']]) {
    expect(await hs(args, { cwd })).toMatchObject({ status: 0 });
  }
  expect(await hs(['export', 'img', 'out.img'], { cwd })).toMatchObject({ status: 0 });
  expect(await hs(['export', 'tree', 'out'], { cwd })).toMatchObject({ status: 0 });
  const hash = await sha256(join(cwd, 'src/disk.img'));
  const stored = join(cwd, `.hsstore/objects/${hash.slice(0, 2)}/${hash}`);
  const most = 4 * Math.max(TMPFS_AND_THE_LIKE, (await statfs(cwd)).bsize);
  for (const path of [stored, join(cwd, 'out.img'), join(cwd, 'out/disk.img')]) {
    expect([path, await sha256(path)]).toEqual([path, hash]);
    expect(await allocated(path)).toBeLessThan(before + most);
  }
  expect(await sha256(join(cwd, 'out/tail'))).toBe(await sha256(join(cwd, 'src/tail')));
  expect(await allocated(join(cwd, 'out/tail'))).toBeLessThan(most);
});
