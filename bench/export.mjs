/**
 * The way out: `hs export` of a directory of 10,000 files of 4 KiB against `cp -r` and `sync -f` of the
 * same files, each onto a fresh ext4 (see many-files); and what it costs that every name is reached through an open
 * directory, against the same operations by plain paths.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { removeSync } from 'fs-extra/esm';
import { alternate, environment, HS, median, output, report, scratch, time, writeTree } from './lib.mjs';
import { canMount, onFreshExt4 } from './many-files.mjs';

const FILES = 10_000;

export async function run() {
  const exported = runExport();
  return (await runWalk()) && exported;
}

function runExport() {
  const dir = scratch();
  try {
    if (process.getuid() !== 0 || !canMount(dir.path)) {
      console.log('skip   hs export of 10,000 files / cp -r; sync -f: needs root and a loop device');
      return true;
    }
    const tree = join(dir.path, 'tree');
    writeTree(tree, FILES, 4096);
    const options = { cwd: dir.path, env: environment(dir.path) };
    time(process.execPath, [HS, 'init'], options);
    const id = output(process.execPath, [HS, 'put', tree], options).trim();
    const result = alternate(
      9,
      () =>
        onFreshExt4(dir.path, (mount) =>
          time(process.execPath, [HS, 'export', id, join(mount, 'out')], options),
        ),
      () =>
        onFreshExt4(dir.path, (mount) =>
          time('sh', ['-c', 'cp -r "$1" "$2" && sync -f "$2"', 'sh', tree, mount], options),
        ),
    );
    return report('hs export of 10,000 files of 4 KiB / cp -r; sync -f, on a fresh ext4', result, 1.3);
  } finally {
    dir.remove();
  }
}

/** Writes a tree through descriptors, or by paths; the files are made by the same function of the same disk. */
const WALK = `
import { nodeDisk } from './src/fsx/node-disk.js';
import { SafeDir } from './src/fsx/safe-dir.js';
const disk = nodeDisk();
const options = { mode: 0o644, sync: false };
export async function byDescriptor(root, dirs, files, bytes) {
  const top = await SafeDir.open(disk, root);
  for (let d = 0; d < dirs; d++) {
    const dir = await top.makeChild('d' + d, 0o755);
    for (let f = 0; f < files; f++) await dir.writeFile('f' + f, bytes, options);
    await dir.close();
  }
  await top.close();
}
export async function byPath(root, dirs, files, bytes) {
  for (let d = 0; d < dirs; d++) {
    await disk.mkdir(root + '/d' + d, 0o755);
    for (let f = 0; f < files; f++) await disk.writeFile(root + '/d' + d + '/f' + f, bytes, options);
  }
}
`;

async function runWalk() {
  const dir = scratch();
  try {
    const program = join(import.meta.dirname, `../node_modules/.hs-bench-walk-${process.pid}.mjs`);
    const { outputFiles } = await build({
      stdin: { contents: WALK, resolveDir: join(import.meta.dirname, '..') },
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['fs-extra', 'fs-native-extensions'],
      write: false,
    });
    writeFileSync(program, outputFiles[0].contents);
    const { byDescriptor, byPath } = await import(pathToFileURL(program));
    rmSync(program);
    const bytes = Buffer.alloc(4096);
    const timed = async (write) => {
      const root = mkdtempSync(join(dir.path, 'walk-'));
      const start = performance.now();
      await write(root, 100, 100, bytes);
      // Until it is durable, as an export is measured too.
      time('sync', ['-f', root]);
      const ms = performance.now() - start;
      removeSync(root);
      return ms;
    };
    const times = { ours: [], peer: [] };
    for (let i = -1; i < 15; i++) {
      for (const who of i % 2 === 0 ? ['ours', 'peer'] : ['peer', 'ours']) {
        const ms = await timed(who === 'ours' ? byDescriptor : byPath);
        if (i >= 0) times[who].push(ms);
      }
    }
    const [ours, peer] = [median(times.ours), median(times.peer)];
    const what = 'writing 10,000 files through held directories / by paths; sync -f';
    return report(what, { ours, peer, ratio: ours / peer }, 1.1);
  } finally {
    dir.remove();
  }
}
