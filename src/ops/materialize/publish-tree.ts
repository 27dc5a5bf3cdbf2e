import { escapeText } from '../../core/escape.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { SafeDir } from '../../fsx/safe-dir.js';
import type { OpenDestination } from './destination.js';
import { type Found, inventory, type Recorded, sameInventory, unrecorded } from './inventory.js';
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

/** The directory that is to be replaced, as it was looked at. */
export interface OldTree {
  readonly identity: string;
  readonly found: readonly Found[];
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
      const lost = await unrecorded(dir, found, (await rules.recorded?.()) ?? (() => false));
      if (lost.length > 0) {
        throw new HsError(
          'DEST_EXISTS',
          `'${escapeText(path)}' holds files that no export recorded there: ${lost.map(escapeText).join(', ')}`,
          { hint: 'use --discard-existing to replace them too', details: { paths: lost } },
        );
      }
    }
    return { identity: `${existing.dev}:${existing.ino}`, found };
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
 * now waits to be removed; where the filesystem refuses that, in two renames, of which `aside` is told
 * before the first.
 */
export async function replaceTree(
  destination: OpenDestination,
  temporary: string,
  old: OldTree,
  aside: () => Promise<string>,
): Promise<string> {
  const { parent, name, path } = destination;
  try {
    await parent.exchange(temporary, name);
  } catch (e) {
    if (isErrno(e, 'EBUSY')) throw mountPoint(path);
    if (isErrno(e, 'ENOENT')) throw changed(path);
    if (!isErrno(e, ...NO_EXCHANGE)) throw e;
    return replaceInTwoSteps(destination, temporary, old, await aside());
  }
  let unchanged = false;
  try {
    unchanged = await isUnchanged(destination, temporary, old);
  } finally {
    if (!unchanged) await parent.exchange(temporary, name);
  }
  if (!unchanged) throw changed(path);
  return temporary;
}

async function replaceInTwoSteps(
  destination: OpenDestination,
  temporary: string,
  old: OldTree,
  waiting: string,
): Promise<string> {
  const { parent, name, path } = destination;
  try {
    await parent.rename(name, waiting);
  } catch (e) {
    if (isErrno(e, 'EBUSY')) throw mountPoint(path);
    throw e;
  }
  try {
    if (!(await isUnchanged(destination, waiting, old))) throw changed(path);
    await parent.renameNoReplace(temporary, name);
    return waiting;
  } catch (e) {
    const saved = await putBack(parent, waiting, name);
    if (saved === undefined) throw e;
    throw new HsError('CONFLICT', `'${escapeText(path)}' was made again while it was being replaced`, {
      hint: `what was there before is now '${escapeText(saved)}' beside it`,
      cause: e,
    });
  }
}

/**
 * Gives the old tree its name back. Where somebody has made that again it is saved under a name that
 * is returned: neither of the two is ours to remove.
 */
export async function putBack(parent: SafeDir, waiting: string, name: string): Promise<string | undefined> {
  try {
    await parent.renameNoReplace(waiting, name);
    return undefined;
  } catch (e) {
    if (!isErrno(e, 'EEXIST')) throw e;
    const saved = `${name}.hs-saved-${waiting.slice(-8)}`;
    await parent.renameNoReplace(waiting, saved);
    return saved;
  }
}

/** Somebody may have written to the old tree after it was looked at; nobody can through its new name. */
async function isUnchanged({ parent }: OpenDestination, name: string, old: OldTree): Promise<boolean> {
  const stat = await parent.lstat(name);
  if (stat === undefined || `${stat.dev}:${stat.ino}` !== old.identity) return false;
  const dir = await parent.child(name);
  try {
    return sameInventory(old.found, await inventory(dir));
  } finally {
    await dir.close();
  }
}

function mountPoint(path: string): HsError {
  return new HsError('UNSAFE_PATH', `destination '${escapeText(path)}' is refused: it is a mount point`);
}

function changed(path: string): HsError {
  return new HsError(
    'CONFLICT',
    `'${escapeText(path)}' was changed while it was being replaced; it is as it was`,
    {
      hint: 'run the command again',
    },
  );
}
