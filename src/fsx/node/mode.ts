import {
  chmodSync,
  closeSync,
  constants as flags,
  fstatSync,
  lchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
} from 'node:fs';
import { errnoError } from '../errno.js';

/** Linux's flag for a descriptor that names a file without opening it; node:fs does not export it. */
const O_PATH = 0o10000000;

let umask: number | undefined;

/** Reading the umask is two system calls and a moment without any, so it is read once. */
export function umaskClears(mode: number): boolean {
  umask ??= process.umask();
  return (mode & umask) !== 0;
}

/** What a directory hands down to those that are made in it. */
const SETGID = 0o2000;

/** `mkdir` with exactly this mode, and the setgid bit that it is made with: no swapped link diverts what undoes the umask. */
export function mkdirExact(path: string, mode: number): void {
  mkdirSync(path, { mode });
  if (umaskClears(mode)) changeMode(path, (made) => mode | (made & SETGID));
}

/** `chmod` that refuses a link with ELOOP: chmod(2) follows it, and Linux has no lchmod. */
export function chmodNoFollow(path: string, mode: number): void {
  changeMode(path, () => mode);
}

/** A descriptor that only names what it is opened by, so that the umask may have taken the right to read. */
function changeMode(path: string, change: (mode: number) => number): void {
  if (process.platform !== 'linux') {
    refuseLink(path);
    lchmodSync(path, change(lstatSync(path).mode));
    return;
  }
  const fd = openSync(path, O_PATH | flags.O_NOFOLLOW);
  try {
    const stats = fstatSync(fd);
    if (stats.isSymbolicLink()) throw errnoError('ELOOP', 'chmod', path);
    chmodSync(`/proc/self/fd/${fd}`, change(stats.mode));
  } finally {
    closeSync(fd);
  }
}

function refuseLink(path: string): void {
  try {
    readlinkSync(path);
  } catch {
    return;
  }
  throw errnoError('ELOOP', 'chmod', path);
}
