import type { Environment } from '../../core/effects.js';
import { BadValue, parseBytes } from '../../core/text/values.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import type { Layout } from '../local/layout.js';

const DEFAULT_BYTES = 10 * 2 ** 30;
/** A trim leaves some room, so that not every command has to do one. */
const KEPT_PART = 0.75;
/** A file on its way into the mirror that is this old has lost its command. */
const LEFTOVER_MS = 24 * 60 * 60 * 1000;
/** Of a file or a mirror on its way into its place. */
const INCOMING = /^(in-|\.hsstore\.)[0-9a-f]+$/;

/** `HS_MIRROR_SIZE`, in bytes. USAGE for what is no size. */
export function mirrorLimit(env: Environment): number {
  const given = env.get('HS_MIRROR_SIZE');
  if (given === undefined || given === '') return DEFAULT_BYTES;
  try {
    return parseBytes(given);
  } catch (e) {
    if (!(e instanceof BadValue)) throw e;
    throw new HsError('USAGE', `HS_MIRROR_SIZE '${given}' is ${e.message}`);
  }
}

interface Held {
  readonly path: string;
  readonly size: number;
  readonly mtimeNs: bigint;
}

async function held(disk: Disk, dir: string): Promise<Held[]> {
  const found: Held[] = [];
  for (const { name, kind } of await disk.readdir(dir)) {
    if (name === undefined) continue;
    const path = `${dir}/${name}`;
    if (kind === 'directory') found.push(...(await held(disk, path)));
    const stat = kind === 'file' ? await disk.find(path) : undefined;
    if (stat !== undefined) found.push({ path, size: stat.size, mtimeNs: stat.mtimeNs });
  }
  return found;
}

/** Another command removes the same. */
async function unlessGone(removal: Promise<unknown>): Promise<void> {
  await removal.catch((e) => {
    if (!isErrno(e, 'ENOENT')) throw e;
  });
}

/**
 * Removes the oldest objects and packs until the mirror is well below the limit; they are fetched again when they are
 * needed. Entries stay: each command follows the chain. For a time when no command here has a lease: the look at a
 * large mirror takes seconds, and `isIdle` is asked after it.
 */
export async function trimObjects(
  disk: Disk,
  layout: Layout,
  limit: number,
  isIdle: () => Promise<boolean>,
): Promise<void> {
  const files = [...(await held(disk, layout.objects)), ...(await held(disk, layout.packs))];
  let total = files.reduce((sum, { size }) => sum + size, 0);
  if (total <= limit || !(await isIdle())) return;
  files.sort((a, b) => (a.mtimeNs < b.mtimeNs ? -1 : 1));
  for (const { path, size } of files) {
    if (total <= limit * KEPT_PART) return;
    await unlessGone(disk.unlink(path));
    total -= size;
  }
}

/**
 * Removes what dead commands left beside the mirror, as far as possible: whoever fetches takes no lease, so that age
 * decides.
 */
export async function removeLeftovers(disk: Disk, dir: string, nowMs: number): Promise<void> {
  for (const { name, kind } of await disk.readdir(dir)) {
    if (name === undefined || !INCOMING.test(name)) continue;
    const path = `${dir}/${name}`;
    const stat = await disk.find(path);
    if (stat === undefined || nowMs - Number(stat.mtimeNs / 1_000_000n) < LEFTOVER_MS) continue;
    await (kind === 'directory' ? disk.removeTree(path) : disk.unlink(path)).catch((e) => {
      if (!isErrno(e)) throw e;
    });
  }
}
