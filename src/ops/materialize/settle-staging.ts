import { basename } from 'node:path';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { SafeDir } from '../../fsx/safe-dir.js';
import { identityAt, isUnchanged } from './list-replaced.js';
import { removeOwnedTree } from './remove-owned-tree.js';
import type { StagingRecord } from './staging-journal.js';

/** The state after an incomplete materialization. */
export interface StagingOutcome {
  /** Whether the destination is the staged file or tree. */
  readonly published: boolean;
  /** The name beside the destination of its old contents, if they were neither put back nor ours to remove. */
  readonly kept?: string;
}

/** The longest name that leaves room for a suffix. */
const MOST_NAME_BYTES = 200;

/**
 * Completes or undoes what is left beside the destination, after a failure or, in a later command, after a kill.
 * Removes what was staged, and the replaced tree if it is unchanged; keeps a tree that somebody has written to
 * meanwhile, and everything else. Idempotent.
 */
export async function settleStaging(parent: SafeDir, record: StagingRecord): Promise<StagingOutcome> {
  // Make the current names durable before removing anything because of them.
  await syncNames(parent);
  const published = await isPublished(parent, record);
  let kept: string | undefined;
  if (record.discard !== undefined) await removeOwnedTree(parent, record.discard);
  for (const waiting of [record.aside, record.temporary]) {
    const identity = waiting === undefined ? undefined : await identityAt(parent, waiting);
    if (waiting === undefined || identity === undefined) continue;
    // Until its inode is recorded, nothing else can have this name.
    const isStaged = waiting === record.temporary && identity === (record.staged ?? identity);
    if (isStaged) await removeOwnedTree(parent, waiting);
    else kept = (await settleOld(parent, record, waiting, identity, published)) ?? kept;
  }
  await syncNames(parent);
  return { published, ...(kept === undefined ? {} : { kept }) };
}

/** A filesystem that stores no names (/proc) cannot lose any. */
async function syncNames(parent: SafeDir): Promise<void> {
  try {
    await parent.sync();
  } catch (e) {
    if (!isErrno(e, 'EINVAL', 'ENOTSUP')) throw e;
  }
}

/** The state after settling failed, as far as it can be determined. */
export async function inspectStaging(parent: SafeDir, record: StagingRecord): Promise<StagingOutcome> {
  try {
    const published = await isPublished(parent, record);
    for (const kept of [record.temporary, record.aside]) {
      if (kept === undefined || record.replaced === undefined) continue;
      if ((await identityAt(parent, kept)) === record.replaced.identity) return { published, kept };
    }
    return { published };
  } catch (e) {
    if (!isErrno(e) && !(e instanceof HsError)) throw e;
    return { published: false };
  }
}

/**
 * Renames the replaced tree to the discard name before removing it: half of it would not compare equal any more. The
 * removal is durable before the journal is given up; a power cut would bring back a name that nobody knows.
 */
export async function discardReplaced(parent: SafeDir, waiting: string, discard: string): Promise<void> {
  await parent.rename(waiting, discard);
  await parent.sync();
  await removeOwnedTree(parent, discard);
  await parent.sync();
}

async function isPublished(parent: SafeDir, { path, staged }: StagingRecord): Promise<boolean> {
  return staged !== undefined && (await identityAt(parent, basename(path))) === staged;
}

/**
 * Moves the replaced tree back to its name, or removes it if the new one is in place; returns the name under which it
 * is kept.
 */
async function settleOld(
  parent: SafeDir,
  { path, aside, discard, replaced }: StagingRecord,
  waiting: string,
  identity: string,
  published: boolean,
): Promise<string | undefined> {
  const name = basename(path);
  const isOld = waiting === aside || identity === replaced?.identity;
  if (!published && isOld) {
    try {
      await parent.renameNoReplace(waiting, name);
      return undefined;
    } catch (e) {
      // Somebody has created the name again: neither of the two is ours to remove.
      if (!isErrno(e, 'EEXIST', 'ENOTEMPTY')) throw e;
    }
  }
  if (published && replaced !== undefined && discard !== undefined) {
    if (await isSurelyUnchanged(parent, waiting, replaced)) {
      await discardReplaced(parent, waiting, discard);
      return undefined;
    }
  }
  const kept = `${Buffer.byteLength(name) > MOST_NAME_BYTES ? '' : name}.hs-saved-${waiting.slice(-8)}`;
  await parent.renameNoReplace(waiting, kept);
  return kept;
}

/** A tree that cannot be compared is kept. */
async function isSurelyUnchanged(...tree: Parameters<typeof isUnchanged>): Promise<boolean> {
  try {
    return await isUnchanged(...tree);
  } catch (e) {
    if (!isErrno(e) && !(e instanceof HsError)) throw e;
    return false;
  }
}
