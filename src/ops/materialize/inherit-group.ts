import { escapeText } from '../../core/text/escape-control.js';
import { isErrno } from '../../errors/hs-error.js';
import type { OpenDestination } from './destination.js';
import type { OldTree } from './publish-tree.js';

/** On a directory: new entries get its group, and new directories this bit. */
export const SETGID = 0o2000;

/**
 * If the old directory passes on its group, makes the staged one do so before anything is built in it. Returns warnings
 * for the user.
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
