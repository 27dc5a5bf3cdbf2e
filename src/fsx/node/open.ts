import { type BigIntStats, closeSync, fchmodSync, constants as flags, fstatSync, openSync } from 'node:fs';
import { isErrno } from '../../errors/hs-error.js';
import type { OpenOptions } from '../disk.js';
import { errnoError } from '../errno.js';
import { umaskClears } from './mode.js';

// O_NONBLOCK: a planted FIFO must not hang the program; O_NOCTTY: nor a terminal take it over.
const EXISTING = flags.O_NONBLOCK | flags.O_NOCTTY;
const CREATE = flags.O_RDWR | flags.O_CREAT | flags.O_EXCL | flags.O_NOFOLLOW | flags.O_APPEND;

/** A new file with exactly this mode; EEXIST whatever is there, a dangling link included. */
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

/** An existing regular file; anything else is EINVAL, and a link is ELOOP unless `follow`. */
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

/** Whatever it is, but for a socket: the caller is to ask. A link is ELOOP unless `follow`. */
export function openToRead(path: string, follow: boolean): number {
  return openFileDescriptor(path, flags.O_RDONLY, follow);
}

/** A directory and a socket refuse some opens before their kind can be asked; they are no files either. */
function openFileDescriptor(path: string, direction: number, follow: boolean): number {
  try {
    return openSync(path, direction | EXISTING | (follow ? 0 : flags.O_NOFOLLOW));
  } catch (e) {
    if (isErrno(e, 'EISDIR', 'ENXIO')) throw errnoError('EINVAL', 'open', path);
    throw e;
  }
}
