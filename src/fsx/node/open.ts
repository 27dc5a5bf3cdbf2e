import { type BigIntStats, closeSync, fchmodSync, constants as flags, fstatSync, openSync } from 'node:fs';
import { isErrno } from '../../errors/hs-error.js';
import type { OpenOptions } from '../disk.js';
import { errnoError } from '../errno.js';
import { umaskClears } from './mode.js';

// O_NONBLOCK: a planted FIFO must not hang the program; O_NOCTTY: nor may a terminal take control of it.
const EXISTING = flags.O_NONBLOCK | flags.O_NOCTTY;
const CREATE = flags.O_RDWR | flags.O_CREAT | flags.O_EXCL | flags.O_NOFOLLOW | flags.O_APPEND;

/** Creates a file with exactly this mode; EEXIST if the name exists, even as a dangling link. */
export function openNew(path: string, mode: number): number {
  const fd = openSync(path, CREATE, mode);
  try {
    if (umaskClears(mode)) fchmodSync(fd, mode);
    return fd;
  } catch (e) {
    closeSync(fd);
    throw e;
  }
}

/** Opens an existing regular file; EINVAL for anything else, ELOOP for a link unless `follow`. */
export function openExisting(
  path: string,
  access: Exclude<OpenOptions['access'], 'create'>,
  follow: boolean,
): { fd: number; stats: BigIntStats } {
  const fd =
    access === 'read'
      ? openToRead(path, follow)
      : openFileDescriptor(path, flags.O_RDWR | flags.O_APPEND, follow);
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile()) throw errnoError('EINVAL', 'open', path);
    return { fd, stats };
  } catch (e) {
    closeSync(fd);
    throw e;
  }
}

/** Opens anything but a socket; the caller must check the kind. ELOOP for a link unless `follow`. */
export function openToRead(path: string, follow: boolean): number {
  return openFileDescriptor(path, flags.O_RDONLY, follow);
}

/** Directories and sockets refuse some opens before their kind can be checked; they are not files either. */
function openFileDescriptor(path: string, direction: number, follow: boolean): number {
  try {
    return openSync(path, direction | EXISTING | (follow ? 0 : flags.O_NOFOLLOW));
  } catch (e) {
    if (isErrno(e, 'EISDIR', 'ENXIO')) throw errnoError('EINVAL', 'open', path);
    throw e;
  }
}
