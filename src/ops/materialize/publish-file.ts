import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { OpenDestination } from './destination.js';

/** Errors of filesystems without hard links, or without one to this file. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'] as const;

export function destinationExists(path: string, what: string, hint: string): HsError {
  return new HsError('DEST_EXISTS', `'${escapeText(path)}' ${what}`, { hint });
}

/** Checks the destination before a byte is written; the publishing step checks again. */
export async function checkFileDestination(
  { parent, name, path }: OpenDestination,
  force: boolean,
): Promise<'nothing' | 'file'> {
  const existing = await parent.lstat(name);
  if (existing === undefined) return 'nothing';
  if (existing.kind === 'directory') {
    throw destinationExists(path, 'is a directory', 'a file never replaces a directory; choose another name');
  }
  if (existing.kind === 'other') {
    throw destinationExists(path, 'is a device, FIFO or socket', 'choose another name');
  }
  if (!force) throw destinationExists(path, 'exists already', 'use --force to replace it');
  return 'file';
}

/**
 * Renames the staged file to its final name: with `force` over an existing file, otherwise only if the name is free.
 * `linked`: the temporary name still exists.
 */
export async function publishFile(
  { parent, name, path }: OpenDestination,
  temporary: string,
  force: boolean,
): Promise<'linked' | 'renamed'> {
  if (force) {
    try {
      // Never unlink first; a rename onto a link replaces the link, not its target.
      await parent.rename(temporary, name);
    } catch (e) {
      if (!isErrno(e, 'EISDIR', 'ENOTEMPTY', 'EEXIST')) throw e;
      throw destinationExists(path, 'has become a directory', 'choose another name');
    }
    return 'renamed';
  }
  try {
    try {
      await parent.link(temporary, name);
      return 'linked';
    } catch (e) {
      if (!isErrno(e, ...NO_LINKS)) throw e;
      await parent.renameNoReplace(temporary, name);
      return 'renamed';
    }
  } catch (e) {
    if (!isErrno(e, 'EEXIST')) throw e;
    throw destinationExists(path, 'exists already', 'use --force to replace it');
  }
}
