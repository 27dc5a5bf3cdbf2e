import { checkPath, comparePaths, refusedPath, type SafePath } from '../../core/paths/safe-path.js';
import { STORE_DIR } from '../../core/paths/store-dir.js';
import { escapeText } from '../../core/text/escape-control.js';
import { globOf, showName, textOfName } from '../../core/text/raw-name.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { DirEntry, Disk, DiskDir } from '../../fsx/disk.js';
import type { Excluder } from './excluder.js';

export interface WalkOptions {
  /** An excluded directory is not entered. */
  readonly exclude?: Excluder;
  /** Leave links out instead of refusing the tree. */
  readonly skipLinks?: boolean;
  /** A directory that is never entered: the store itself. */
  readonly omit?: { readonly dev: bigint; readonly ino: bigint };
}

/** An entry of the tree that is not part of the payload. */
export interface LeftOut {
  readonly path: string;
  readonly why: 'link' | 'empty directory' | 'store' | 'excluded';
}

export interface TreeFile {
  /** Relative to the root of the tree. */
  readonly path: SafePath;
  /** The path to open it now: below a descriptor of its directory, valid until the next file. */
  readonly location: string;
}

function shown(prefix: string, entry: DirEntry): string {
  return showName(prefix + (entry.name ?? textOfName(entry.bytes)));
}

/** The hint for a name that is refused; `canExclude`: the command has such an option. */
function renameHint(text: string, canExclude: boolean): string {
  return canExclude ? `rename it, or leave it out: --exclude '${globOf(text)}'` : 'rename it';
}

/** `text` is the path by `textOfName`. */
export function isNotText(text: string, canExclude: boolean): HsError {
  return new HsError('UNSAFE_PATH', `the name of '${showName(text)}' is not UTF-8`, {
    hint: renameHint(text, canExclude),
  });
}

/** The path of an entry; UNSAFE_PATH if it breaks the rules (B4), by what it contains or its length. */
function safePath(path: string, canExclude: boolean): SafePath {
  const { path: safe, problem } = checkPath(path);
  if (safe !== undefined) return safe;
  const shorten = canExclude ? 'shorten it, or leave it out with --exclude' : 'shorten it';
  throw refusedPath(path, problem, problem.rule === 'too-long' ? shorten : renameHint(path, canExclude));
}

/** `path` is escaped for display; `skipLinks` is undefined if the command has no such option. */
export function isLink(path: string, skipLinks: boolean | undefined): HsError {
  return new HsError('UNSAFE_PATH', `'${path}' is a symbolic link`, {
    hint:
      skipLinks === undefined
        ? 'links are never stored: remove it, or use hs put --skip-links on the directory'
        : 'links are never stored: --skip-links leaves them out, --exclude leaves this one out',
  });
}

/** The real path of a named directory; USAGE if it is not a directory. */
export async function realDirectory(disk: Disk, path: string): Promise<string> {
  const root = await disk.realpath(path);
  if ((await disk.lstat(root)).kind === 'directory') return root;
  throw new HsError('USAGE', `'${escapeText(path)}' is not a directory`, {
    hint: 'hs hash-object takes a file without --directory',
  });
}

/**
 * The regular files below `root`, opened by descriptors so that no directory can be swapped for a link on the way.
 * Links are refused with their path (UNSAFE_PATH), and so are special files and names that are not UTF-8 or break the
 * path rules (B4), unless they are excluded. Omissions are reported through `leave`.
 */
export async function* walkTree(
  disk: Disk,
  root: string,
  options: WalkOptions,
  leave: (left: LeftOut) => void,
): AsyncGenerator<TreeFile> {
  // The open directories, innermost last. Nested generators would pass each file up through every directory above it.
  const levels: Level[] = [];
  const canExclude = options.exclude !== undefined;
  try {
    const top = await openLevel(disk, root, '', options, leave);
    if (top !== undefined) levels.push(top);
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const entry = level.entries[level.next++];
      if (entry === undefined) {
        levels.pop();
        await level.dir.close();
        continue;
      }
      const { prefix } = level;
      const text = prefix + (entry.name ?? textOfName(entry.bytes));
      if (options.exclude?.excludes(text)) {
        leave({ path: entry.name === undefined ? showName(text) : text, why: 'excluded' });
        continue;
      }
      if (entry.name === undefined) throw isNotText(text, canExclude);
      const path = text;
      const below = `${level.dir.path}/${entry.name}`;
      switch (entry.kind) {
        case 'file':
          yield { path: safePath(path, canExclude), location: below };
          break;
        case 'directory': {
          // A store within the tree is not a payload: it could not be exported again.
          if (entry.name === STORE_DIR) {
            leave({ path, why: 'store' });
            break;
          }
          safePath(path, canExclude);
          const inner = await openLevel(disk, below, `${path}/`, options, leave);
          if (inner !== undefined) levels.push(inner);
          break;
        }
        case 'symlink':
          if (!options.skipLinks) {
            throw isLink(shown(prefix, entry), options.skipLinks);
          }
          leave({ path, why: 'link' });
          break;
        default:
          throw new HsError('UNSAFE_PATH', `'${shown(prefix, entry)}' is neither a file nor a directory`, {
            hint: 'FIFOs, sockets and devices cannot be stored: leave it out with --exclude',
          });
      }
    }
  } catch (e) {
    if (isErrno(e, 'ENOTDIR', 'ELOOP')) {
      throw new HsError('SOURCE_CHANGED', `'${escapeText(root)}' changed while it was read`, {
        hint: 'nothing was stored; run the command again when it no longer changes',
      });
    }
    throw e;
  } finally {
    for (const { dir } of levels.reverse()) await dir.close();
  }
}

/** A directory on the path to the current file, and the progress in it. */
interface Level {
  readonly dir: DiskDir;
  /** The prefix of its entries' paths. */
  readonly prefix: string;
  readonly entries: readonly DirEntry[];
  next: number;
}

/** Sorted by the bytes of the names. */
export function compareEntries(a: DirEntry, b: DirEntry): number {
  return a.name !== undefined && b.name !== undefined
    ? comparePaths(a.name, b.name)
    : Buffer.compare(a.bytes, b.bytes);
}

/** Undefined if the directory is `omit`. */
async function openLevel(
  disk: Disk,
  location: string,
  prefix: string,
  { omit }: WalkOptions,
  leave: (left: LeftOut) => void,
): Promise<Level | undefined> {
  const dir = await disk.openDir(location);
  try {
    if (prefix !== '' && omit !== undefined) {
      const { dev, ino } = await dir.stat();
      if (dev === omit.dev && ino === omit.ino) {
        leave({ path: prefix.slice(0, -1), why: 'store' });
        await dir.close();
        return undefined;
      }
    }
    // Close to the order of an index, in which the tree will later be read from its packs.
    const entries = (await disk.readdir(dir.path)).sort(compareEntries);
    if (entries.length === 0 && prefix !== '') leave({ path: prefix.slice(0, -1), why: 'empty directory' });
    return { dir, prefix, entries, next: 0 };
  } catch (e) {
    await dir.close();
    throw e;
  }
}
