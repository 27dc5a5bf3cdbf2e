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

/** Linux flag for a descriptor that refers to a file without opening it; node:fs does not export it. */
const O_PATH = 0o10000000;

let umask: number | undefined;

/**
 * Whether the umask clears bits of `mode`. Read once: reading the umask takes two system calls and a moment without
 * any.
 */
export function umaskClears(mode: number): boolean {
  umask ??= process.umask();
  return (mode & umask) !== 0;
}

/** Inherited by directories created in a directory that has it. */
const SETGID = 0o2000;

/**
 * `mkdir` with exactly this mode plus the setgid bit it inherits; undoing the umask cannot be diverted by a swapped
 * link.
 */
export function mkdirExact(path: string, mode: number): void {
  mkdirSync(path, { mode });
  if (umaskClears(mode)) changeMode(path, (made) => mode | (made & SETGID));
}

/** `chmod` that fails with ELOOP for a link: chmod(2) follows links, and Linux has no lchmod. */
export function chmodNoFollow(path: string, mode: number): void {
  changeMode(path, () => mode);
}

/** Changes the mode through an O_PATH descriptor, which works even if the umask removed read permission. */
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
