import { basename } from 'node:path';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { SafeDir } from '../../fsx/safe-dir.js';
import { identityAt, isUnchanged } from './list-replaced.js';
import { removeTree } from './remove-owned-tree.js';
import type { StagingRecord } from './staging-journal.js';

/** What stands after a materialization that did not come to its end. */
export interface StagingOutcome {
  /** Whether the destination holds what was staged. */
  readonly published: boolean;
  /** What was there before, where it is neither back nor ours to remove: its name beside the destination. */
  readonly kept?: string;
}

/** The longest name that still has room for what is put after it. */
const MOST_NAME_BYTES = 200;

/**
 * Finishes or undoes what is left beside the destination, in the command that failed and in the one that
 * comes after a death. Removed is what was staged and the replaced tree as it was looked at; a tree that
 * somebody has written to meanwhile, and whatever else is found, is kept. Safe to run again.
 */
export async function settleStaging(parent: SafeDir, record: StagingRecord): Promise<StagingOutcome> {
  // What is found is durable before anything is removed because of it.
  await syncNames(parent);
  const published = await isPublished(parent, record);
  let kept: string | undefined;
  if (record.discard !== undefined) await removeTree(parent, record.discard);
  for (const waiting of [record.aside, record.temporary]) {
    const identity = waiting === undefined ? undefined : await identityAt(parent, waiting);
    if (waiting === undefined || identity === undefined) continue;
    // While it is built its inode is not on record: then nothing else can have this name.
    const isStaged = waiting === record.temporary && identity === (record.staged ?? identity);
    if (isStaged) await removeTree(parent, waiting);
    else kept = (await settleOld(parent, record, waiting, identity, published)) ?? kept;
  }
  await syncNames(parent);
  return { published, ...(kept === undefined ? {} : { kept }) };
}

/** Where a filesystem keeps no names (/proc), nothing of them can be lost either. */
async function syncNames(parent: SafeDir): Promise<void> {
  try {
    await parent.sync();
  } catch (e) {
    if (!isErrno(e, 'EINVAL', 'ENOTSUP')) throw e;
  }
}

/** What stands where settling failed, as far as it can be seen. */
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

/** Removes a replaced tree under a name that says it may be: half of it would not compare any more. */
export async function discardTree(parent: SafeDir, waiting: string, discard: string): Promise<void> {
  await parent.rename(waiting, discard);
  await parent.sync();
  await removeTree(parent, discard);
}

async function isPublished(parent: SafeDir, { path, staged }: StagingRecord): Promise<boolean> {
  return staged !== undefined && (await identityAt(parent, basename(path))) === staged;
}

/** The replaced tree goes back to its name, or away when the new one is there; returned is the name it is kept under. */
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
      // Somebody has made the name again: neither of the two is ours to remove.
      if (!isErrno(e, 'EEXIST', 'ENOTEMPTY')) throw e;
    }
  }
  if (published && replaced !== undefined && discard !== undefined) {
    if (await isSurelyUnchanged(parent, waiting, replaced)) {
      await discardTree(parent, waiting, discard);
      return undefined;
    }
  }
  const kept = `${Buffer.byteLength(name) > MOST_NAME_BYTES ? '' : name}.hs-saved-${waiting.slice(-8)}`;
  await parent.renameNoReplace(waiting, kept);
  return kept;
}

/** What cannot be compared is kept. */
async function isSurelyUnchanged(...tree: Parameters<typeof isUnchanged>): Promise<boolean> {
  try {
    return await isUnchanged(...tree);
  } catch (e) {
    if (!isErrno(e) && !(e instanceof HsError)) throw e;
    return false;
  }
}
