import type { Environment } from '../core/effects.js';
import { errnoHint, errnoMeaning } from '../errors/errno-meaning.js';
import { HsError, isErrno } from '../errors/hs-error.js';
import { sourceFrames } from '../fsx/source-positions.js';

/** Enough frames to locate a bug and its caller. */
const SHORT_STACK = 5;

/** The attempted action, for system calls whose name is not a plain verb. */
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
  ftruncate: 'write',
  flock: 'lock',
};

/** Converts anything thrown into the error to be shown; an unexpected error is a bug in hs (70). */
export function toFailure(e: unknown): HsError {
  if (e instanceof HsError) return e;
  if (isErrno(e)) {
    const hint = e.syscall === 'uv_cwd' ? 'it may have been removed: cd to one that is there' : errnoHint(e);
    const subject = e.path === undefined ? '' : ` '${e.path}'`;
    const tried = e.syscall === undefined ? 'go on' : (TRIED[e.syscall] ?? e.syscall);
    const message = `cannot ${tried}${subject}: ${errnoMeaning(e)}`;
    return new HsError(isErrno(e, 'ENOENT', 'ENOTDIR') ? 'NOT_FOUND' : 'SYSTEM', message, {
      ...(hint === undefined ? {} : { hint }),
      details: { errno: e.code! },
      cause: e,
    });
  }
  const what = e instanceof Error ? `${classOf(e)}: ${e.message}` : String(e);
  return new HsError('BUG', `bug in hs: ${what}`, {
    hint: 'please report it, with the output of the same command with HS_DEBUG=1 set',
    cause: e,
  });
}

/** The class name of an error; a class that sets no name inherits `Error`. */
function classOf(e: Error): string {
  return e.name === 'Error' ? e.constructor.name : e.name;
}

/** For a bug in hs, its stack frames in the sources, innermost first; with HS_DEBUG all of them. */
export function bugFrames(e: HsError, environment?: Environment): string[] {
  if (e.code !== 'BUG') return [];
  const count = environment?.get('HS_DEBUG') ? Number.POSITIVE_INFINITY : SHORT_STACK;
  return sourceFrames(e.cause instanceof Error ? e.cause : e, count);
}

/** The error part of a JSON document. */
export function failureDocument(e: HsError): Record<string, unknown> {
  const stack = bugFrames(e);
  const details = stack.length > 0 ? { ...e.details, stack } : e.details;
  return {
    code: e.code,
    message: e.message,
    ...(e.hint === undefined ? {} : { hint: e.hint }),
    ...(details === undefined ? {} : { details }),
  };
}
