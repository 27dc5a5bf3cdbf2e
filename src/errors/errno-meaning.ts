import { isErrno } from './hs-error.js';

/** The next step where a disk or quota is full. */
export const FREE_SPACE =
  'free some space; hs gc --empty-trash frees what was removed, which then cannot be brought back';

/** Wording of system errors, the same in every message. */
const MEANINGS: Readonly<Record<string, readonly [meaning: string, hint?: string]>> = {
  ENOSPC: ['no space left on device', FREE_SPACE],
  EDQUOT: ['the disk quota is used up', FREE_SPACE],
  EACCES: ['permission denied', 'check the owner and mode with ls -ld'],
  EPERM: ['operation not permitted', 'check the owner and mode with ls -ld'],
  EFBIG: [
    'the file would be larger than this system allows',
    'see ulimit -f, and the limits of the filesystem',
  ],
  ETOOLARGE: ['it is larger than hs reads there'],
  EROFS: ['the filesystem is read-only', 'use a store on a filesystem that can be written'],
  ENOSYS: ['that is missing here', 'hs doctor tells what this machine lacks'],
  EIO: ['input/output error', 'the disk may be failing: see dmesg, then run hs fsck'],
  EMFILE: ['too many open files', 'raise the limit with ulimit -n'],
  ENFILE: ['too many open files in the system'],
  ENOENT: ['no such file or directory'],
  ENOTDIR: ['not a directory'],
  EISDIR: ['is a directory'],
  EEXIST: ['it exists already'],
  EINVAL: ['it does not allow that'],
  ELOOP: ['a symbolic link, which hs does not follow there'],
  ENAMETOOLONG: ['the name is too long'],
};

/** The meaning of a system error in words; for anything else its text. */
export function errnoMeaning(e: unknown): string {
  if (!isErrno(e)) return String(e);
  // Opening is refused so for anything but a file.
  if (e.code === 'EINVAL' && e.syscall === 'open') return 'it is not a regular file';
  return MEANINGS[e.code!]?.[0] ?? `the system reports ${e.code}`;
}

/** The next step after a system error, if any. */
export function errnoHint(e: NodeJS.ErrnoException): string | undefined {
  return MEANINGS[e.code ?? '']?.[1];
}
