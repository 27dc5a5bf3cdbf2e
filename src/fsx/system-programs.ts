import { accessSync, constants, statSync } from 'node:fs';
import { isErrno } from '../errors/hs-error.js';

/**
 * Where helper programs are searched. Never in PATH: package managers put the project's own `node_modules/.bin` in
 * front of it, and a helper runs outside any sandbox.
 */
const SYSTEM_DIRS = [
  '/usr/bin',
  '/bin',
  '/usr/sbin',
  '/sbin',
  '/run/current-system/sw/bin',
  '/run/current-system/profile/bin',
  '/usr/local/bin',
];

/** Absolute path of a helper program such as `mv`, or undefined if the system has none. */
export function systemProgram(name: string): string | undefined {
  return SYSTEM_DIRS.map((dir) => `${dir}/${name}`).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch (e) {
    if (isErrno(e)) return false;
    throw e;
  }
}
