import { escapeText } from '../../core/text/escape-control.js';
import { isErrno } from '../../errors/hs-error.js';
import type { OpenDestination } from './destination.js';
import type { OldTree } from './publish-tree.js';

/** On a directory: what is made in it gets its group, and directories this bit. */
export const SETGID = 0o2000;

/**
 * A directory that hands its group down is replaced by one that does, before anything is built in that.
 * Returned is what a person should know.
 */
export async function inheritGroup(
  { parent, path }: OpenDestination,
  staged: string,
  old: OldTree,
): Promise<string[]> {
  if ((old.mode & SETGID) === 0) return [];
  const made = (await parent.lstat(staged))!;
  try {
    if (made.gid !== old.gid) await parent.chgrp(staged, old.gid);
  } catch (e) {
    if (!isErrno(e, 'EPERM')) throw e;
    return [`'${escapeText(path)}' could not keep its group, and so not its setgid bit`];
  }
  await parent.chmod(staged, made.mode | SETGID);
  return [];
}
