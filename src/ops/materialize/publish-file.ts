import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { OpenDestination } from './destination.js';

/** What a filesystem answers that has no hard links, or none to this file. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'] as const;

export function destinationExists(path: string, what: string, hint: string): HsError {
  return new HsError('DEST_EXISTS', `'${escapeText(path)}' ${what}`, { hint });
}

/** What is at the destination, checked before a byte is written; the publishing step decides again. */
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
 * Gives the staged file its name: with `force` over a file that is there, otherwise only if nothing is.
 * `linked`: its temporary name is still there too.
 */
export async function publishFile(
  { parent, name, path }: OpenDestination,
  temporary: string,
  force: boolean,
): Promise<'linked' | 'renamed'> {
  if (force) {
    try {
      // Never unlink first, and a rename onto a link replaces the link, not what it points to.
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
