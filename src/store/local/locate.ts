import { STORE_DIR } from '../../core/paths/store-dir.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk, FileStat } from '../../fsx/disk.js';

export interface FoundStore {
  readonly root: string;
  /** Why the path to the store is not trusted; thrown unless this user has accepted the store. */
  readonly doubt?: HsError;
  /** A warning about a store that the user named. */
  readonly warning?: string;
}

const OTHERS_WRITE = 0o002;
const OTHERS_SEARCH = 0o001;
/** In a store that other users can enter, the directories only its owner may write to. */
const OWN_DIRS = ['objects', 'packs', 'ledger', 'leases', 'trash', 'tmp', 'cache'];

function noStore(message: string): HsError {
  return new HsError('NO_STORE', message, { hint: 'run hs init in the directory where you want one' });
}

function doubtful(message: string, root: string): HsError {
  const shown = escapeText(root);
  return new HsError('REFUSED', message, {
    hint: `if you trust it, give it with --store '${shown}', or accept it: hs --store '${shown}' doctor --accept`,
  });
}

async function statOrUndefined(disk: Disk, path: string): Promise<FileStat | undefined> {
  try {
    return await disk.lstat(path);
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw e;
  }
}

/** The path in the store that every user of this machine can write to, if any. */
async function openToAll(disk: Disk, root: string): Promise<string | undefined> {
  const stat = await statOrUndefined(disk, root);
  const mode = stat?.mode ?? 0;
  if ((mode & OTHERS_WRITE) !== 0) return root;
  if ((mode & OTHERS_SEARCH) === 0) return undefined;
  for (const dir of OWN_DIRS) {
    const path = `${root}/${dir}`;
    const below = await statOrUndefined(disk, path);
    if (below?.kind === 'directory' && (below.mode & OTHERS_WRITE) !== 0) return path;
  }
  return undefined;
}

const everybody = (path: string) => `every user of this machine can write to '${escapeText(path)}'`;

/**
 * The target of a link called `.hsstore`. A store may be moved to a larger disk and linked to, but a link can also
 * come with a clone: it is followed only to a store that this user created or accepted. That store's own policy
 * applies, wherever the link is.
 */
async function behindLink(disk: Disk, link: string): Promise<FoundStore> {
  let root: string;
  try {
    root = await disk.realpath(link);
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR', 'ELOOP'))
      throw noStore(`'${escapeText(link)}' is a link that leads nowhere`);
    throw e;
  }
  const what = `'${escapeText(link)}' is a link to '${escapeText(root)}', which you have neither made nor accepted`;
  return { root, doubt: doubtful(what, root) };
}

/** The store called `.hsstore` in a directory, if any. */
async function storeIn(disk: Disk, dir: string): Promise<FoundStore | undefined> {
  const root = `${dir === '/' ? '' : dir}/${STORE_DIR}`;
  const kind = (await statOrUndefined(disk, root))?.kind;
  if (kind === 'symlink') return behindLink(disk, root);
  return kind === 'directory' ? { root } : undefined;
}

/**
 * The nearest `.hsstore` at or above `from` (A1). REFUSED when every user can write to it; doubtful when it belongs
 * to another user: a directory that somebody else can write to must not decide where artifacts go.
 */
export async function findStore(disk: Disk, from: string, uid: number): Promise<FoundStore> {
  for (let dir = await disk.realpath(from); ; dir = dir.slice(0, dir.lastIndexOf('/')) || '/') {
    const found = await storeIn(disk, dir);
    if (found !== undefined) return judged(disk, found, uid);
    if (dir === '/') throw noStore(`there is no store at or above '${from}'`);
  }
}

async function judged(disk: Disk, found: FoundStore, uid: number): Promise<FoundStore> {
  const { root } = found;
  const open = await openToAll(disk, root);
  if (open !== undefined) {
    throw new HsError('REFUSED', everybody(open), {
      hint: `remove that permission: chmod -R o-w '${escapeText(root)}'; or give the store with --store '${escapeText(root)}'`,
    });
  }
  const owner = (await statOrUndefined(disk, root))?.uid;
  if (owner === uid || found.doubt !== undefined) return found;
  return { root, doubt: doubtful(`the store at '${escapeText(root)}' belongs to another user`, root) };
}

/** The named store, following links: a `.hsstore` directory, or the directory that contains one. */
export async function namedStore(disk: Disk, named: string): Promise<FoundStore> {
  let path: string;
  try {
    path = await disk.realpath(named);
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR')) throw noStore(`'${named}' does not exist`);
    throw e;
  }
  const isStore = (await statOrUndefined(disk, `${path}/format.json`))?.kind === 'file';
  const found = isStore ? { root: path } : await storeIn(disk, path);
  if (found === undefined) throw noStore(`'${named}' is not a store, and holds none`);
  const open = await openToAll(disk, found.root);
  return open === undefined ? found : { ...found, warning: everybody(open) };
}
