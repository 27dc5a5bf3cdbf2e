/**
 * Many small files, durable: `hs put` of 10,000 files of 4 KiB against `cp -r` and `sync -f`, each onto a
 * fresh ext4. Creating a file costs 16 to 400 µs depending on where a used filesystem puts it, so only
 * fresh ones compare.
 */

import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDirSync } from 'fs-extra/esm';
import { alternate, environment, HS, report, scratch, time, writeTree } from './lib.mjs';

const FILES = 10_000;
const IMAGE_BYTES = 2 ** 31;
let images = 0;

/** A new ext4 in an image file, mounted while `use` runs. */
export function onFreshExt4(dir, use) {
  // A name of its own: the kernel may let go of the one before only later.
  const image = join(dir, `image-${images++}`);
  const mount = join(dir, 'mount');
  const fd = openSync(image, 'w');
  ftruncateSync(fd, IMAGE_BYTES);
  closeSync(fd);
  time('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image]);
  ensureDirSync(mount);
  time('mount', ['-o', 'loop', image, mount]);
  try {
    time('sync', ['-f', mount]);
    return use(mount);
  } finally {
    time('umount', [mount]);
    rmSync(image);
  }
}

export function canMount(dir) {
  try {
    return onFreshExt4(dir, () => true);
  } catch {
    return false;
  }
}

export function run() {
  const dir = scratch();
  try {
    if (process.getuid() !== 0 || !canMount(dir.path)) {
      console.log(
        'skip   hs put of 10,000 files / cp -r; sync -f: needs root and a loop device for a fresh ext4',
      );
      return true;
    }
    const tree = join(dir.path, 'tree');
    writeTree(tree, FILES, 4096);
    spawnSync('sync', ['-f', tree]);
    const options = { cwd: dir.path, env: environment(dir.path) };
    const result = alternate(
      9,
      () =>
        onFreshExt4(dir.path, (mount) => {
          time(process.execPath, [HS, 'init', mount], options);
          time('sync', ['-f', mount]);
          return time(process.execPath, [HS, '--store', mount, 'put', tree], options);
        }),
      () =>
        onFreshExt4(dir.path, (mount) =>
          time('sh', ['-c', 'cp -r "$1" "$2" && sync -f "$2"', 'sh', tree, mount], options),
        ),
    );
    return report('hs put of 10,000 files of 4 KiB / cp -r; sync -f, on a fresh ext4', result, 1.5);
  } finally {
    dir.remove();
  }
}
