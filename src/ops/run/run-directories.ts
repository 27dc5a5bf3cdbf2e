import type { Json } from '../../core/json/canonical.js';
import { HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import { removeScratch } from '../../sandbox/sandbox.js';
import type { Lease } from '../../store/port/lease-table.js';
import type { Session } from '../session/session.js';

/** Filesystems that cannot hold the upper directory of an overlay: overlayfs itself, and NFS. */
const NO_UPPER = new Set([0x794c7630, 0x6969]);
/** mount(8) splits options at commas and the kernel at colons, each with its own escapes. */
const NO_MOUNT_OPTION = /[,:\\"'\s]/;

/** The directories of a run while it lasts. */
export interface RunPlaces {
  /** In the store, where the output goes anyway: contains `$HS_OUT`, the inputs and the transcripts. */
  readonly root: string;
  readonly capture: string;
  readonly inputs: string;
  /** Outside the workspace, for the sandbox's own files. */
  readonly scratch: string;
}

/** Named after the lease, so that the directory of a dead one can be found. */
export function runRoot(session: Session, token: string): string {
  return session.store.local.runs.pathOf(token);
}

/** Creates the directories, all with mode 0700. `journal` is recorded in the lease's journal first. */
export async function makeRunDirectories(
  session: Session,
  lease: Lease,
  journal: (scratch: string) => Json,
): Promise<RunPlaces> {
  const { disk } = session.store.local.runs;
  const name = `hs-run-${session.random.hex(16)}`;
  const bases = await scratchBases(session);
  const root = runRoot(session, lease.token);
  for (const [i, base] of bases.entries()) {
    const scratch = `${base}/${name}`;
    await lease.journal(journal(scratch));
    try {
      await session.disk.mkdir(scratch, 0o700);
    } catch (e) {
      if (isErrno(e) && i < bases.length - 1) continue;
      throw e;
    }
    const places = { root, capture: `${root}/out`, inputs: `${root}/in`, scratch };
    try {
      for (const dir of [root, places.capture, places.inputs]) await disk.mkdir(dir, 0o700);
      return places;
    } catch (e) {
      for (const dir of [root, scratch]) await discard(session, dir);
      throw e;
    }
  }
  throw new HsError('SYSTEM', 'no directory for temporary files found', {
    hint: 'set TMPDIR to one outside the workspace',
  });
}

/**
 * Directories for temporary files, best first: outside the workspace, on a filesystem and under a path that an overlay
 * can use.
 */
async function scratchBases(session: Session): Promise<string[]> {
  const { disk, environment, store } = session;
  const workspace = await disk.realpath(store.local.workspace);
  const good: string[] = [];
  const poor: string[] = [];
  for (const typed of [environment.get('TMPDIR'), '/tmp', '/var/tmp', '/dev/shm']) {
    if (typed === undefined || !typed.startsWith('/')) continue;
    const base = await realDirectory(disk, typed);
    if (base === undefined || [...good, ...poor].includes(base)) continue;
    const inWorkspace = `${base}/`.startsWith(workspace === '/' ? '/' : `${workspace}/`);
    const fits = !inWorkspace && !NO_MOUNT_OPTION.test(base) && !NO_UPPER.has((await disk.space(base)).type);
    (fits ? good : poor).push(base);
  }
  return [...good, ...poor];
}

async function realDirectory(disk: Disk, path: string): Promise<string | undefined> {
  try {
    const real = await disk.realpath(path);
    return (await disk.stat(real)).kind === 'directory' ? real : undefined;
  } catch (e) {
    if (isErrno(e)) return undefined;
    throw e;
  }
}

/** Removes a directory of a run. Failures are reported, and the rest is left. */
export async function discard(session: Session, dir: string, whose: 'any' | 'own' = 'any'): Promise<void> {
  // A directory in the store is reached without links, one outside by its path.
  const { disk } = session.store.local.runs;
  try {
    const { kind, uid } = await disk.lstat(dir);
    // In a world-writable directory, another user may have created the name again.
    if (kind !== 'directory' || (whose === 'own' && uid !== session.environment.uid)) return;
    // The fallback starts two programs (10 ms), for trees that a tool has made hard to remove.
    await disk.removeTree(dir).catch((e) => (isErrno(e) ? removeScratch(dir) : Promise.reject(e)));
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR')) return;
    if (!isErrno(e) && !isHsError(e, 'SYSTEM')) throw e;
    session.warn(`could not remove a directory of the run: ${(e as Error).message}`);
  }
}
