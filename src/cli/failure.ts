import { HsError, isErrno } from '../errors/hs-error.js';

const FREE_SPACE =
  'free some space; hs gc --empty-trash frees what was removed, which then cannot be brought back';

const SYSTEM: Readonly<Record<string, readonly [meaning: string, hint?: string]>> = {
  ENOSPC: ['no space left on the device', FREE_SPACE],
  EDQUOT: ['the disk quota is used up', FREE_SPACE],
  EACCES: ['permission denied', 'check the owner and mode with ls -ld'],
  EPERM: ['operation not permitted', 'check the owner and mode with ls -ld'],
  EROFS: ['the filesystem is read-only', 'use a store on a filesystem that can be written'],
  ENOSYS: ['that is missing here', 'hs doctor tells what this machine lacks'],
  EIO: ['input/output error', 'the disk may be failing: see dmesg, then run hs fsck'],
  EMFILE: ['too many open files', 'raise the limit with ulimit -n'],
  ENFILE: ['too many open files in the system'],
  ENOENT: ['no such file or directory'],
  ENOTDIR: ['not a directory'],
  EISDIR: ['is a directory'],
  EEXIST: ['it exists already'],
  EINVAL: ['it is not a regular file, or does not allow that'],
  ELOOP: ['a symbolic link, which hs does not follow there'],
  ENAMETOOLONG: ['the name is too long'],
};

/** What was tried, where the name of the system call is no word of this. */
const TRIED: Readonly<Record<string, string>> = {
  uv_cwd: 'tell the current directory',
  realpath: 'find',
  lstat: 'look at',
  stat: 'look at',
  fstat: 'look at',
  statfs: 'look at the filesystem of',
  scandir: 'list',
  opendir: 'list',
  readlink: 'read the link',
  mkdir: 'make the directory',
  rmdir: 'remove the directory',
  unlink: 'remove',
  rm: 'remove',
  tree: 'remove',
  rename: 'move',
  copyfile: 'copy',
  futime: 'set the times of',
  utime: 'set the times of',
  chmod: 'set the mode of',
  fchmod: 'set the mode of',
  fsync: 'write to disk',
  fdatasync: 'write to disk',
  syncfs: 'write to disk',
  ftruncate: 'cut',
  flock: 'lock',
};

/** What the system's refusal means, in words. */
export function meaningOf(e: unknown): string {
  if (!isErrno(e)) return String(e);
  return SYSTEM[e.code!]?.[0] ?? `the system reports ${e.code}`;
}

/** Whatever was thrown, as the one error that is shown; anything unexpected is a bug in hs (70). */
export function toFailure(e: unknown): HsError {
  if (e instanceof HsError) return e;
  if (isErrno(e)) {
    const [, known] = SYSTEM[e.code!] ?? [];
    const hint = e.syscall === 'uv_cwd' ? 'it may have been removed: cd to one that is there' : known;
    const subject = e.path === undefined ? '' : ` '${e.path}'`;
    const tried = e.syscall === undefined ? 'go on' : (TRIED[e.syscall] ?? e.syscall);
    const message = `cannot ${tried}${subject}: ${meaningOf(e)}`;
    return new HsError(isErrno(e, 'ENOENT', 'ENOTDIR') ? 'NOT_FOUND' : 'SYSTEM', message, {
      ...(hint === undefined ? {} : { hint }),
      details: { errno: e.code! },
      cause: e,
    });
  }
  const what = e instanceof Error ? `${e.name}: ${e.message}` : String(e);
  return new HsError('BUG', `this is a bug in hs: ${what}`, {
    hint: 'please report it, with the output of the same command under HS_DEBUG=1',
    cause: e,
  });
}

/** The error part of a JSON document. */
export function failureDocument(e: HsError): Record<string, unknown> {
  return {
    code: e.code,
    message: e.message,
    ...(e.hint === undefined ? {} : { hint: e.hint }),
    ...(e.details === undefined ? {} : { details: e.details }),
  };
}
