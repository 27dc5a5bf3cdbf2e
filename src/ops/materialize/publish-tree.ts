import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import type { SafeDir } from '../../fsx/safe-dir.js';
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

/** Errors of what is not any more as it was when its directory was read. */
const CHANGED = ['ENOENT', 'ELOOP', 'EINVAL'] as const;
/** Errors of filesystems that cannot exchange two names. */
const NO_EXCHANGE = ['EINVAL', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'] as const;

const NOTHING_RECORDED: Recorded = { has: () => false, isOneUnderWay: false };

export interface ReplaceRules {
  readonly force: boolean;
  /** Replace a directory regardless of its contents. */
  readonly discardExisting: boolean;
  /** The files that exports have written at this destination; called only if there is something to replace. */
  readonly recorded?: (() => Promise<Recorded>) | undefined;
}

/** A directory to be replaced: as examined, and its owner. */
export interface OldTree extends ReplacedTree {
  readonly mode: number;
  readonly gid: number;
}

/**
 * The existing directory at the destination; `undefined` if nothing exists. DEST_EXISTS if it may not be replaced,
 * CONFLICT if another command takes it or a part of it away meanwhile.
 */
export async function checkTreeDestination(
  { parent, name, path }: OpenDestination,
  rules: ReplaceRules,
): Promise<OldTree | undefined> {
  const existing = await parent.lstat(name);
  if (existing === undefined) return undefined;
  if (existing.kind !== 'directory') {
    throw existing.kind === 'symlink'
      ? destinationExists(
          path,
          'is a symbolic link',
          'a directory never replaces a link; choose another name',
        )
      : destinationExists(
          path,
          'is not a directory',
          'a directory never replaces a file; choose another name',
        );
  }
  if (!rules.force) throw destinationExists(path, 'exists already', 'use --force to replace it');
  const { found, lost, isOneUnderWay } = await examine(parent, name, rules).catch((e) => {
    throw isErrno(e, ...CHANGED) || isHsError(e, 'DEST_EXISTS') ? changed(path) : e;
  });
  // Another one may have written them, and need not end as it has begun.
  if (lost.length > 0 && isOneUnderWay) throw underWay(path);
  if (lost.length > 0) {
    throw new HsError(
      'DEST_EXISTS',
      `'${escapeText(path)}' contains files that no export is known to have written: ${lost.map(escapeText).join(', ')}`,
      { hint: 'use --discard-existing to replace them as well', details: { paths: lost } },
    );
  }
  const { mode, gid } = existing;
  return { identity: identityOf(existing), inventory: inventoryHash(found), mode, gid };
}

/**
 * What is in the directory, and the first files of it that no recorded export has written. One that changes its kind
 * meanwhile fails with an error of {@link CHANGED}, or DEST_EXISTS.
 */
async function examine(parent: SafeDir, name: string, rules: ReplaceRules) {
  const dir = await parent.child(name);
  try {
    const found = await inventory(dir);
    if (rules.discardExisting || found.length === 0) return { found, lost: [], isOneUnderWay: false };
    const recorded = (await rules.recorded?.()) ?? NOTHING_RECORDED;
    return {
      found,
      lost: await unrecordedPaths(dir, found, recorded),
      isOneUnderWay: recorded.isOneUnderWay,
    };
  } finally {
    await dir.close();
  }
}

/**
 * Renames the staged tree to its final name if the name is free. A plain rename would replace an empty directory. What
 * came there meanwhile was not examined, so that `force` does not replace it: CONFLICT.
 */
export async function publishNewTree(
  { parent, name, path }: OpenDestination,
  temporary: string,
  force: boolean,
): Promise<void> {
  try {
    await parent.renameNoReplace(temporary, name);
  } catch (e) {
    if (!isErrno(e, 'EEXIST', 'ENOTEMPTY')) throw e;
    if (force) throw changed(path);
    throw destinationExists(path, 'exists already', 'use --force to replace it');
  }
}

/**
 * Exchanges the staged tree with the old one in one step, and returns the name under which the old one awaits removal,
 * if any; where the filesystem cannot exchange, in two renames through `aside`. Leftovers of a failure are for {@link
 * settleStaging}.
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
 * A directory of a lower layer of overlayfs cannot be renamed, and fails with EXDEV. An empty one can be replaced by
 * rename, which is a single step too.
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
    if (isErrno(e, 'ENOENT')) throw changed(path);
    throw e;
  }
  if (!(await isUnchanged(parent, aside, old))) throw changed(path);
  await parent.renameNoReplace(temporary, name);
  return aside;
}

function mountPoint(path: string): HsError {
  return new HsError('UNSAFE_PATH', `destination '${escapeText(path)}' is refused: it is a mount point`);
}

function underWay(path: string): HsError {
  return new HsError('CONFLICT', `another export to '${escapeText(path)}' is under way`, {
    hint: 'run the command again when it has ended, or use --discard-existing to replace what is there',
  });
}

function changed(path: string): HsError {
  return new HsError('CONFLICT', `'${escapeText(path)}' was changed while this command was at work`, {
    hint: 'it was left unchanged; run the command again',
  });
}
