import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, copyFileSync, mkdtempSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copySync, ensureDirSync, removeSync } from 'fs-extra/esm';
import { afterAll } from 'vitest';

/** Tests that run as root start programs as this user, who can read nothing of root's own. */
export const NOBODY = 65534;
export const ROOT = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');

/** In front of a command: runs it as NOBODY. */
export const AS_NOBODY: readonly string[] = [
  'setpriv',
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  '--clear-groups',
];

/** Why nothing can be started as NOBODY here, or `undefined`: tests put it into their names. */
export const whyNotNobody: string | undefined =
  process.getuid?.() !== 0
    ? 'needs root'
    : spawnSync(AS_NOBODY[0]!, [...AS_NOBODY.slice(1), 'true']).status !== 0
      ? 'needs setpriv'
      : undefined;

/** Why nothing can be mounted here, or `undefined`: root in a container often may not. */
export const whyNotMount: string | undefined =
  process.getuid?.() !== 0
    ? 'needs root'
    : spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status !== 0
      ? 'needs the right to mount'
      : undefined;

/** What a test's name ends with when it is skipped. */
export const because = (why: string | undefined) => (why === undefined ? '' : ` (${why})`);

/** What the built program needs of the checkout. */
const PARTS = [
  'bin',
  'dist',
  'package.json',
  ...['fs-native-extensions'].map((name) => `node_modules/${name}`),
];

/** Where bubblewrap puts something of its own over what the host has. */
const COVERED = /^\/(tmp|var\/tmp|run|dev|proc)(\/|$)/;

/** True where every user can reach the path, and a sandbox shows it. */
function openToAll(path: string): boolean {
  const real = realpathSync(path);
  if (COVERED.test(real)) return false;
  for (let up = real; up !== '/'; up = dirname(up)) if ((statSync(up).mode & 0o001) === 0) return false;
  return true;
}

/**
 * A directory that a sandbox shows and that every user can reach: in the working tree, unless that lies
 * in a covered or closed place, as a clone in /tmp or in a home directory of mode 700 does.
 */
export function visibleParent(): string {
  for (const dir of [join(ROOT, 'node_modules'), '/var/cache', '/srv', homedir()]) {
    try {
      accessSync(dir, constants.W_OK);
      if (!openToAll(dir)) continue;
      const parent = join(dir, '.hs-tests');
      ensureDirSync(parent);
      return parent;
    } catch {}
  }
  throw new Error('no directory outside /tmp that every user can reach: run the tests from another place');
}

const made: string[] = [];
afterAll(() => {
  for (const dir of made) removeSync(dir);
});

function openDirectory(prefix: string): string {
  const dir = mkdtempSync(join(visibleParent(), prefix));
  made.push(dir);
  chmodSync(dir, 0o755);
  return dir;
}

let node: string | undefined;

/** This Node, where every user can start it: a copy when it lies in somebody's home. */
export function nodeForAll(): string {
  if (node !== undefined) return node;
  if (process.getuid?.() !== 0 || openToAll(process.execPath)) node = process.execPath;
  else {
    node = join(openDirectory('node-'), basename(process.execPath));
    copyFileSync(process.execPath, node, constants.COPYFILE_FICLONE);
    chmodSync(node, 0o755);
  }
  return node;
}

let program: string | undefined;

/** Node and a copy of the built program in front of `args`, where every user can read them. */
export function hsForAll(...args: string[]): string[] {
  if (program === undefined) {
    const dir = openDirectory('hs-');
    for (const part of PARTS) copySync(join(ROOT, part), join(dir, part));
    spawnSync('chmod', ['-R', 'a+rX', dir]);
    program = join(dir, 'bin', 'hs.js');
  }
  return [nodeForAll(), program, ...args];
}

/** Command and arguments that run hs as NOBODY. */
export function hsAsNobody(...args: string[]): [command: string, args: string[]] {
  return [AS_NOBODY[0]!, [...AS_NOBODY.slice(1), ...hsForAll(...args)]];
}
