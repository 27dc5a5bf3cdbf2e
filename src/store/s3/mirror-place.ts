import type { Environment } from '../../core/effects.js';
import { errnoMeaning } from '../../errors/errno-meaning.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import { makeDirs } from '../../fsx/make-dirs.js';
import type { LocalPorts } from '../local/local-backend.js';
import { MAX_FORMAT_BYTES } from '../port/format.js';

/** Where this user's mirrors are. */
export function cacheDirectory(env: Environment): string | undefined {
  const given = env.get('XDG_CACHE_HOME');
  const base = given?.startsWith('/') ? given : env.home === undefined ? undefined : `${env.home}/.cache`;
  return base === undefined ? undefined : `${base}/hs`;
}

/** Why a mirror cannot be made. */
export function noPlace(why: string, cause?: unknown): HsError {
  return new HsError('SYSTEM', why, { hint: 'set XDG_CACHE_HOME', cause });
}

/** The directory around a mirror. SYSTEM where it cannot be there. */
export async function makePlace(disk: Disk, dir: string): Promise<void> {
  try {
    await makeDirs(disk, dir, { durable: false });
  } catch (e) {
    if (!isErrno(e, 'ENOENT', 'ENOTDIR')) throw e;
    throw noPlace(`cannot make the directory '${dir}' of the mirror: ${errnoMeaning(e)}`, e);
  }
}

/** Writes `format.json` of a mirror anew where it was damaged: that of a store never changes. */
export async function correctFormat(
  { disk, random }: LocalPorts,
  dir: string,
  path: string,
  formatBytes: Uint8Array,
): Promise<void> {
  try {
    if (Buffer.compare(await disk.readFile(path, MAX_FORMAT_BYTES), formatBytes) === 0) return;
  } catch (e) {
    if (!isErrno(e)) throw e;
  }
  const staged = `${dir}/in-${random.hex(8)}`;
  try {
    await disk.writeFile(staged, formatBytes, { mode: 0o444, sync: false });
    await disk.rename(staged, path);
  } catch (e) {
    // There is no mirror yet; or it cannot be written, and opening it says what is wrong.
    if (!isErrno(e)) throw e;
    await disk.unlink(staged).catch(() => undefined);
  }
}
