import { HsError, isErrno } from '../errors/hs-error.js';
import type { Disk, FileStat } from '../fsx/disk.js';
import { STORE_DIR } from './layout.js';

function noStore(message: string): HsError {
  return new HsError('NO_STORE', message, { hint: "run 'hs init' in the directory that is to hold one" });
}

async function statOrUndefined(disk: Disk, path: string): Promise<FileStat | undefined> {
  try {
    return await disk.lstat(path);
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw e;
  }
}

/**
 * The nearest `.hsstore` at or above `from` (A1). One that belongs to another user is refused: a
 * directory that somebody else can write to must not choose where our artifacts go.
 */
export async function findStore(disk: Disk, from: string, uid: number): Promise<string> {
  for (let dir = await disk.realpath(from); ; dir = dir.slice(0, dir.lastIndexOf('/')) || '/') {
    const root = `${dir === '/' ? '' : dir}/${STORE_DIR}`;
    const stat = await statOrUndefined(disk, root);
    if (stat?.kind === 'directory') {
      if (stat.uid !== uid) {
        throw new HsError('REFUSED', `the store at '${root}' belongs to another user`, {
          hint: `if you trust it, name it: --store ${root}`,
        });
      }
      return root;
    }
    if (dir === '/') throw noStore(`there is no store at or above '${from}'`);
  }
}

/** The store that was named: a `.hsstore` directory, or the directory that holds one. */
export async function namedStore(disk: Disk, named: string): Promise<string> {
  let path: string;
  try {
    path = await disk.realpath(named);
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR')) throw noStore(`'${named}' is not there`);
    throw e;
  }
  if ((await statOrUndefined(disk, `${path}/format.json`))?.kind === 'file') return path;
  if ((await statOrUndefined(disk, `${path}/${STORE_DIR}`))?.kind === 'directory')
    return `${path}/${STORE_DIR}`;
  throw noStore(`'${named}' is not a store, and holds none`);
}
