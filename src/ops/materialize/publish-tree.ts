import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { OpenDestination } from './destination.js';
import {
  identityOf,
  inventory,
  inventoryHash,
  isUnchanged,
  type Recorded,
  type ReplacedTree,
  unrecordedPaths,
} from './list-replaced.js';
import { destinationExists } from './publish-file.js';

/** What a filesystem answers that cannot exchange two names. */
const NO_EXCHANGE = ['EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'] as const;

export interface ReplaceRules {
  readonly force: boolean;
  /** Replace a directory whatever it holds. */
  readonly discardExisting: boolean;
  /** What exports have left at this destination; asked only when there is something to replace. */
  readonly recorded?: (() => Promise<Recorded>) | undefined;
}

/** A directory to be replaced: as it was looked at, and whose it is. */
export interface OldTree extends ReplacedTree {
  readonly mode: number;
  readonly gid: number;
}

/** What is at the destination and may be replaced; `undefined` when nothing is there. */
export async function checkTreeDestination(
  { parent, name, path }: OpenDestination,
  rules: ReplaceRules,
): Promise<OldTree | undefined> {
  const existing = await parent.lstat(name);
  if (existing === undefined) return undefined;
  if (existing.kind !== 'directory') {
    throw destinationExists(
      path,
      'is not a directory',
      'a directory never replaces a file; choose another name',
    );
  }
  if (!rules.force) throw destinationExists(path, 'exists already', 'use --force to replace it');
  const dir = await parent.child(name);
  try {
    const found = await inventory(dir);
    if (!rules.discardExisting && found.length > 0) {
      const lost = await unrecordedPaths(dir, found, (await rules.recorded?.()) ?? (() => false));
      if (lost.length > 0) {
        throw new HsError(
          'DEST_EXISTS',
          `'${escapeText(path)}' contains files that no export wrote: ${lost.map(escapeText).join(', ')}`,
          { hint: 'use --discard-existing to replace them as well', details: { paths: lost } },
        );
      }
    }
    const { mode, gid } = existing;
    return { identity: identityOf(existing), inventory: inventoryHash(found), mode, gid };
  } finally {
    await dir.close();
  }
}

/** Gives the staged tree its name where nothing has it. A plain rename would replace an empty directory. */
export async function publishNewTree(
  { parent, name, path }: OpenDestination,
  temporary: string,
): Promise<void> {
  try {
    await parent.renameNoReplace(temporary, name);
  } catch (e) {
    if (!isErrno(e, 'EEXIST', 'ENOTEMPTY')) throw e;
    throw destinationExists(path, 'exists already', 'use --force to replace it');
  }
}

/**
 * Puts the staged tree in the place of the old one in one step, and says under which name the old one
 * now waits to be removed, if it does; where the filesystem refuses that, in two renames by way of `aside`. What a
 * failure leaves is for {@link settleStaging}.
 */
export async function replaceTree(
  destination: OpenDestination,
  temporary: string,
  old: ReplacedTree,
  aside: string,
): Promise<string | undefined> {
  const { parent, name, path } = destination;
  try {
    await parent.exchange(temporary, name);
  } catch (e) {
    if (isErrno(e, 'EBUSY')) throw mountPoint(path);
    if (isErrno(e, 'ENOENT')) throw changed(path);
    if (isErrno(e, 'EXDEV')) return replaceEmpty(destination, temporary);
    if (!isErrno(e, ...NO_EXCHANGE)) throw e;
    return replaceInTwoSteps(destination, temporary, old, aside);
  }
  // Nobody can write to the old tree through its new name.
  let unchanged = false;
  try {
    unchanged = await isUnchanged(parent, temporary, old);
  } finally {
    if (!unchanged) await parent.exchange(temporary, name);
  }
  if (!unchanged) throw changed(path);
  return temporary;
}

/**
 * A directory of a lower layer of overlayfs cannot be renamed, and EXDEV is what says so. An empty one can be
 * renamed over, which is one step too.
 */
async function replaceEmpty({ parent, name, path }: OpenDestination, temporary: string): Promise<undefined> {
  try {
    await parent.rename(temporary, name);
  } catch (e) {
    if (!isErrno(e, 'ENOTEMPTY', 'EEXIST', 'EXDEV')) throw e;
    throw destinationExists(
      path,
      'lies in a lower layer of overlayfs, where no directory that holds anything can be replaced in one step',
      'remove it, then export again without --force; or choose another destination',
    );
  }
}

async function replaceInTwoSteps(
  { parent, name, path }: OpenDestination,
  temporary: string,
  old: ReplacedTree,
  aside: string,
): Promise<string> {
  try {
    await parent.rename(name, aside);
  } catch (e) {
    if (isErrno(e, 'EBUSY')) throw mountPoint(path);
    throw e;
  }
  if (!(await isUnchanged(parent, aside, old))) throw changed(path);
  await parent.renameNoReplace(temporary, name);
  return aside;
}

function mountPoint(path: string): HsError {
  return new HsError('UNSAFE_PATH', `destination '${escapeText(path)}' is refused: it is a mount point`);
}

function changed(path: string): HsError {
  return new HsError('CONFLICT', `'${escapeText(path)}' was changed while it was being replaced`, {
    hint: 'it was left unchanged; run the command again',
  });
}
