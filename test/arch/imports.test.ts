import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { allImports, files, type Import, importsOf, ROOT } from './imports.js';

const imports = allImports();

function layerOf(path: string): string {
  return (
    /^src\/([^/]+)\//.exec(path)?.[1] ?? (path.startsWith('commands/') ? 'commands' : path.split('/')[0]!)
  );
}

/** What each layer may import besides itself, `core` and `errors`: arrows go one way. */
const MAY_USE: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  core: [],
  fsx: [],
  store: ['fsx'],
  archive: [],
  sandbox: ['fsx'],
  ops: ['store', 'fsx', 'archive', 'sandbox'],
  ui: ['cli'],
  cli: ['ops', 'store', 'fsx'],
  commands: ['cli', 'ops', 'store', 'ui', 'sandbox'],
  library: ['ops', 'store', 'fsx', 'sandbox'],
  src: ['library', 'ops', 'store', 'sandbox'],
  bin: ['dist'],
};

function wrongWay(list: readonly Import[]): string[] {
  return list
    .filter(({ file, target }) => {
      if (!/^(src|commands|bin|dist)\//.test(target)) return false;
      const from = layerOf(file);
      const to = layerOf(target);
      // The composition root: it alone hands the real disk to everything else.
      if (file === 'commands/main.ts' && to === 'fsx') return false;
      return !(from === to || ['core', 'errors'].includes(to) || MAY_USE[from]?.includes(to));
    })
    .map(({ file, target }) => `${file} imports ${target}`);
}

/** A backend of the storage port is known to itself, and to those who put hs together. */
const BACKEND = /^src\/store\/(local|memory|s3)\//;
const COMPOSED_IN = ['commands/main.ts', 'src/library/open-store.ts'];

function reachBackends(list: readonly Import[]): string[] {
  return list
    .filter(({ file, target }) => {
      const backend = BACKEND.exec(target)?.[1];
      // The mirror of a store on a service is a store in a directory.
      if (backend === 'local' && file.startsWith('src/store/s3/')) return false;
      return (
        backend !== undefined && !file.startsWith(`src/store/${backend}/`) && !COMPOSED_IN.includes(file)
      );
    })
    .map(({ file, target }) => `${file} imports ${target}`);
}

/** What is the same for every home of a store knows no disk; what waits for the event loop is none. */
function reachDisk(list: readonly Import[]): string[] {
  return list
    .filter(({ file, target }) => {
      if (!file.startsWith('src/store/') || BACKEND.test(file) || !target.startsWith('src/fsx/'))
        return false;
      // The part of a store that is on this machine has paths.
      if (file === 'src/store/port/local-side.ts') return false;
      return !/^src\/fsx\/(cooperative|yielding-disk)\.js$/.test(target);
    })
    .map(({ file, target }) => `${file} imports ${target}`);
}

/** Ways to write, or to reach the system at all, that only `fsx` has. */
const WRITERS =
  /^(node:)?(fs|fs\/promises|worker_threads|vm|module|net|http|https|dgram)$|^(fs-extra|fs-native-extensions|graceful-fs)$/;
const STARTERS = /^(node:)?(child_process|cluster)$/;
/** The type of an index is no way to write; `process.binding` and friends are. */
// node:tty can do nothing but ask, node:zlib computes, and both are loaded only where they are needed.
const BACK_DOORS =
  /process\.(binding|dlopen|_linkedBinding)|getBuiltinModule\b(?!\('node:(?:tty|zlib)'\))|\beval\(|new Function\(/;

function outside(list: readonly Import[], forbidden: RegExp, allowed: readonly string[]): string[] {
  return list
    .filter(({ file, target }) => forbidden.test(target) && !allowed.some((dir) => file.startsWith(dir)))
    .map(({ file, target }) => `${file} imports ${target}`);
}

it('imports go one way: bin, commands, cli and ops, store, fsx, core', () => {
  expect(imports.length).toBeGreaterThan(100);
  expect(wrongWay(imports)).toEqual([]);
});

it('stores are reached through the port alone: only who puts hs together knows a backend', () => {
  expect(reachBackends(imports)).toEqual([]);
  expect(imports.filter(({ target }) => target.startsWith('src/store/port/')).length).toBeGreaterThan(40);
});

it('code shared by all backends uses no disk', () => {
  expect(reachDisk(imports)).toEqual([]);
});

it('only fsx can write: nothing else imports a way to reach the disk', () => {
  expect(outside(imports, WRITERS, ['src/fsx/'])).toEqual([]);
});

it('the loader of the program reads alone', () => {
  const loader = readFileSync(join(ROOT, 'build/loader.cjs'), 'utf8');
  const taken = [...loader.matchAll(/const (\{.*\}) = require\('node:(\w+)'\)/g)].map(
    (m) => `${m[2]} ${m[1]}`,
  );
  expect(taken).toEqual([
    'crypto { createHash }',
    'fs { openSync, readFileSync, readSync }',
    'path { join }',
    'vm { Script }',
  ]);
  // Without flags, which is for reading.
  expect(loader.match(/\bopenSync\(.*/g)).toEqual(['openSync(join(__dirname, CACHE));']);
  expect(loader.match(/\brequire\(/g)).toHaveLength(taken.length + 1);
});

it('only fsx and sandbox start programs', () => {
  expect(outside(imports, STARTERS, ['src/fsx/', 'src/sandbox/'])).toEqual([]);
});

/** What runs in a thread can import nothing, and what starts one loads it only where it is needed. Both may reach the disk. */
const THREADS = ['src/fsx/compress-blocks.ts', 'src/fsx/expand-blocks.ts', 'src/fsx/second-thread.ts'];

it('there is no way around the imports', () => {
  const found = files.filter(
    (file) => !THREADS.includes(file) && BACK_DOORS.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  expect(found).toEqual([]);
});

it('sees each kind of import that it forbids', () => {
  const text = `
    import { writeFile } from 'node:fs/promises';
    const { spawn } = await import('node:child_process');
    const x = require('fs-native-extensions');
    import type { Dirent } from 'node:fs';
    export { y } from '../fsx/disk.js';
  `;
  const found = importsOf('src/core/bad.ts', text);
  expect(outside(found, WRITERS, ['src/fsx/'])).toHaveLength(3);
  expect(found.filter((i) => i.types)).toHaveLength(1);
  expect(outside(found, STARTERS, ['src/fsx/'])).toHaveLength(1);
  expect(wrongWay(found)).toHaveLength(1);
  const past = `
    import { Layout } from '../../store/local/layout.js';
    import type { MemoryStore } from '../../store/memory/memory-store.js';
  `;
  expect(reachBackends(importsOf('src/ops/put/bad.ts', past))).toHaveLength(2);
  expect(
    reachDisk(importsOf('src/store/ledger/bad.ts', `import type { Disk } from '../../fsx/disk.js'`)),
  ).toHaveLength(1);
});
