import {
  chmodSync,
  closeSync,
  fchmodSync,
  constants as flags,
  fstatSync,
  lchmodSync,
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

/** `mkdir` with exactly this mode: the umask is undone through a descriptor, which no swapped link can divert. */
export function mkdirExact(path: string, mode: number): void {
  mkdirSync(path, { mode });
  if (!umaskClears(mode)) return;
  const fd = openSync(path, flags.O_RDONLY | flags.O_DIRECTORY | flags.O_NOFOLLOW);
  try {
    fchmodSync(fd, mode);
  } finally {
    closeSync(fd);
  }
}

/** `chmod` that refuses a link with ELOOP: chmod(2) follows it, and Linux has no lchmod. */
export function chmodNoFollow(path: string, mode: number): void {
  if (process.platform !== 'linux') {
    refuseLink(path);
    lchmodSync(path, mode);
    return;
  }
  const fd = openSync(path, O_PATH | flags.O_NOFOLLOW);
  try {
    if (fstatSync(fd).isSymbolicLink()) throw errnoError('ELOOP', 'chmod', path);
    chmodSync(`/proc/self/fd/${fd}`, mode);
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
