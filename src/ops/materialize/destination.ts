import { basename, dirname, join } from 'node:path';
import { parseLoose } from '../../core/json/canonical.js';
import type { SafePath } from '../../core/paths/safe-path.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import type { DirEntry, Disk, DiskDir } from '../../fsx/disk.js';
import { ancestors, identity } from '../../fsx/file-identity.js';
import { SafeDir } from '../../fsx/safe-dir.js';

/** Where to create something. */
export interface Destination {
  /** Absolute: the directory that was typed, or the policy's output root. Its links are followed, once. */
  readonly root: string;
  /** The path below it; no component may be a link, and missing directories are created. */
  readonly path: SafePath;
  /** Create `root` itself if it is missing (the output root); its parent must exist. */
  readonly makeRoot?: boolean;
}

/** Paths that are never written into or replaced (B3). Absolute. */
export interface Protected {
  /** The `.hsstore` directory. */
  readonly store?: string;
  /** This user's anchor file of the store; those of other stores are beside it. */
  readonly anchor?: string | undefined;
  readonly cwd: string;
  readonly home?: string;
}

/** The directory that will hold the destination, open. */
export interface OpenDestination {
  readonly parent: SafeDir;
  readonly name: string;
  /** Absolute, without links; for the record and for messages. */
  readonly path: string;
  /** Directories created on the way, absolute, outermost first. */
  readonly made: readonly string[];
}

const FORMAT_NAME = 'format.json';
const MAX_FORMAT_BYTES = 16 * 1024;
/** What a disk says of a place without a file of that name, or with another thing or a larger file in its place. */
const NO_STORE_THERE = ['ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL', 'ETOOLARGE'];

/** Opens the destination's parent one component at a time, durably creating missing ones with `mode`. */
export async function openDestination(
  disk: Disk,
  destination: Destination,
  mode: number,
): Promise<OpenDestination> {
  const components = destination.path.split('/');
  const name = components.pop()!;
  const made: string[] = [];
  let parent = await openRoot(disk, destination, mode, made);
  try {
    for (const component of components) {
      const next = await enter(parent, component, mode, made);
      await parent.close();
      parent = next;
    }
    return { parent, name, path: join(await parent.where(), name), made };
  } catch (e) {
    await parent.close();
    throw e;
  }
}

async function openRoot(
  disk: Disk,
  { root, makeRoot }: Destination,
  mode: number,
  made: string[],
): Promise<SafeDir> {
  try {
    return await SafeDir.open(disk, root);
  } catch (e) {
    const above = dirname(root);
    if (makeRoot === true && isErrno(e, 'ENOENT') && above !== root) {
      const parent = await SafeDir.open(disk, above);
      try {
        return await enter(parent, root.slice(above.length).replace(/^\/+/, ''), mode, made);
      } finally {
        await parent.close();
      }
    }
    if (isErrno(e, 'ENOENT', 'ENOTDIR', 'ELOOP')) {
      const why = e.code === 'ENOENT' ? 'does not exist' : 'is not a directory';
      throw new HsError('NOT_FOUND', `directory '${escapeText(root)}' ${why}`, {
        hint: 'create the directory first; hs creates only directories below it',
        cause: e,
      });
    }
    throw e;
  }
}

async function enter(parent: SafeDir, name: string, mode: number, made: string[]): Promise<SafeDir> {
  if ((await parent.lstat(name)) === undefined) {
    try {
      const child = await parent.makeChild(name, mode);
      made.push(await child.where());
      await parent.sync();
      return child;
    } catch (e) {
      // Another process created it first, which is fine.
      if (!isErrno(e, 'EEXIST')) throw e;
    }
  }
  return parent.child(name);
}

/** Removes created directories that are still empty; errors are ignored in favour of the original failure. */
export async function removeMade(disk: Disk, made: readonly string[]): Promise<void> {
  for (const path of [...made].reverse()) {
    const above = await SafeDir.openExact(disk, dirname(path));
    if (above === undefined) return;
    try {
      await above.rmdir(basename(path));
    } catch (e) {
      if (!isErrno(e)) throw e;
      return;
    } finally {
      await above.close();
    }
  }
}

/**
 * Refuses a destination that is, contains or is inside the store or the directory of the anchors, one inside another
 * store, and one that is or contains the home or current directory (B3). Compares device and inode, so that no other
 * spelling, link or bind mount gets around it.
 */
export async function refuseProtected(
  disk: Disk,
  { parent, name, path }: OpenDestination,
  kept: Protected,
): Promise<void> {
  const refuse = (why: string) =>
    new HsError('UNSAFE_PATH', `destination '${escapeText(path)}' is refused: ${why}`, {
      hint: 'choose another destination; --force does not change this',
    });
  const anchors = kept.anchor === undefined ? undefined : dirname(kept.anchor);
  const around = await ancestors(disk, await parent.where());
  for (const [what, where] of [
    ['the store', kept.store],
    ['the directory of the anchors', anchors],
  ] as const) {
    const own = where === undefined ? undefined : await identity(disk, where);
    if (own !== undefined && around.has(own)) throw refuse(`it lies in ${what}`);
  }
  if (kept.store !== undefined && (await onAnotherMount(disk, parent, kept.store))) {
    for await (const inner of directoriesIn(disk, kept.store)) {
      if (around.has(inner)) throw refuse('it lies in the store');
    }
  }
  for (const at of [path, ...around.values()]) {
    if (await isStore(disk, at)) throw refuse(`'${escapeText(at)}' is a store`);
  }
  const existing = await parent.lstat(name);
  if (existing?.kind !== 'directory') return;
  if (existing.dev !== (await parent.stat()).dev) throw refuse('it is a mount point');
  const own = `${existing.dev}:${existing.ino}`;
  for (const [what, where] of [
    ['the store', kept.store],
    ['the directory of the anchors', anchors],
    ['the current directory', kept.cwd],
    ['the home directory', kept.home],
  ] as const) {
    if (where === undefined) continue;
    if ((await identity(disk, where)) === own) throw refuse(`it is ${what}`);
    if ((await ancestors(disk, where)).has(own)) throw refuse(`it contains ${what}`);
  }
}

/** A bind mount shows part of a store without the store above it. */
async function onAnotherMount(disk: Disk, parent: SafeDir, store: string): Promise<boolean> {
  let dir: DiskDir;
  try {
    dir = await disk.openDir(store, { follow: true });
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR', 'EACCES')) return true;
    throw e;
  }
  try {
    return (await dir.mount()) !== (await parent.mount());
  } finally {
    await dir.close();
  }
}

/** The identities of the directories of a store, which has two levels of them. */
async function* directoriesIn(disk: Disk, path: string, levels = 2): AsyncGenerator<string> {
  let entries: DirEntry[];
  try {
    entries = await disk.readdir(path);
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR', 'EACCES')) return;
    throw e;
  }
  for (const { name, kind } of entries) {
    if (kind !== 'directory' || name === undefined) continue;
    const id = await identity(disk, join(path, name));
    if (id !== undefined) yield id;
    if (levels > 1) yield* directoriesIn(disk, join(path, name), levels - 1);
  }
}

/**
 * Any store, of any version. A directory that may not be searched is none: nothing could be written there either. What
 * cannot be told, as of a disk that fails or a file that may not be read, is thrown: a store must not be taken for none.
 */
async function isStore(disk: Disk, path: string): Promise<boolean> {
  const file = join(path, FORMAT_NAME);
  try {
    if ((await disk.find(file))?.kind !== 'file') return false;
  } catch (e) {
    if (isErrno(e, 'EACCES', ...NO_STORE_THERE)) return false;
    throw e;
  }
  try {
    const bytes = await disk.readFile(file, MAX_FORMAT_BYTES);
    return (parseLoose(bytes, MAX_FORMAT_BYTES) as { format?: unknown } | null)?.format === 'hsstore';
  } catch (e) {
    if (isErrno(e, ...NO_STORE_THERE) || isHsError(e, 'INVALID_RECORD')) return false;
    throw e;
  }
}
