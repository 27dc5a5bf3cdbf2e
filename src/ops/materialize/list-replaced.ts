import { createSha256, sha256 } from '../../core/objects/hash.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { STORE_DIR } from '../../core/paths/store-dir.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import type { DiskFile, FileStat } from '../../fsx/disk.js';
import type { SafeDir } from '../../fsx/safe-dir.js';
import { unnameable } from './remove-owned-tree.js';

/** One entry in a directory that is about to be replaced. */
export interface ReplacedFile {
  /** Path below the directory, `/`-separated. */
  readonly path: string;
  /** `link` stands for every type that no export creates. */
  readonly kind: 'file' | 'link';
  /** Changes when somebody writes to the file or replaces it. */
  readonly stamp: string;
}

/** The directory to be replaced, as examined. */
export interface ReplacedTree {
  /** See {@link identityOf}. */
  readonly identity: string;
  /** See {@link inventoryHash}. */
  readonly inventory: ObjectId;
}

/**
 * How the journal identifies a file or directory independently of its name. Only the inode: it is searched in a single
 * directory, and the device number may change at a restart.
 */
export function identityOf(stat: FileStat): string {
  return String(stat.ino);
}

export async function identityAt(parent: SafeDir, name: string): Promise<string | undefined> {
  const stat = await parent.lstat(name);
  return stat === undefined ? undefined : identityOf(stat);
}

/** Whether a tree is the same as when it was examined; throws if that cannot be determined. */
export async function isUnchanged(parent: SafeDir, name: string, tree: ReplacedTree): Promise<boolean> {
  if ((await identityAt(parent, name)) !== tree.identity) return false;
  try {
    const dir = await parent.child(name);
    try {
      return inventoryHash(await inventory(dir)) === tree.inventory;
    } finally {
      await dir.close();
    }
  } catch (e) {
    // Or a directory of it is a file now.
    if (isErrno(e, 'ENOENT') || isHsError(e, 'DEST_EXISTS')) return false;
    throw e;
  }
}

/**
 * All files below a directory, unordered. CONFLICT for a name that is not UTF-8, UNSAFE_PATH for a mount point or a
 * store.
 */
export async function inventory(dir: SafeDir, prefix = ''): Promise<ReplacedFile[]> {
  const found: ReplacedFile[] = [];
  for (const entry of await dir.readdir()) {
    if (entry.name === undefined) throw unnameable(prefix === '' ? '.' : prefix);
    const path = `${prefix}${entry.name}`;
    if (entry.kind === 'directory') {
      if (entry.name === STORE_DIR) throw holdsStore(path);
      const child = await dir.childOnMount(entry.name);
      try {
        for (const below of await inventory(child, `${path}/`)) found.push(below);
      } finally {
        await child.close();
      }
      continue;
    }
    const stat = await dir.lstat(entry.name);
    if (stat === undefined) continue;
    const stamp = `${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
    found.push({ path, kind: stat.kind === 'file' ? 'file' : 'link', stamp });
  }
  return found;
}

function holdsStore(path: string): HsError {
  return new HsError('UNSAFE_PATH', `the directory to be replaced contains a store: '${escapeText(path)}'`, {
    hint: 'choose another destination; --force does not change this',
  });
}

/** The hash of an inventory for the journal; without device numbers, which may change at a restart. */
export function inventoryHash(found: readonly ReplacedFile[]): ObjectId {
  const lines = found.map((f) => `${f.path}\0${f.kind}\0${f.stamp}\0`).sort();
  return sha256(Buffer.from(lines.join('')));
}

/** What exports have written at a destination. */
export interface Recorded {
  /** Whether a recorded export has written exactly these bytes to this path. */
  has(path: string, hash: ObjectId): boolean;
  /** Whether another one to this destination has begun and is not recorded yet. */
  readonly isOneUnderWay: boolean;
}

/** The first paths that no recorded export accounts for: a replacement would lose them (B3). */
export async function unrecordedPaths(
  dir: SafeDir,
  found: readonly ReplacedFile[],
  recorded: Recorded,
): Promise<string[]> {
  const lost: string[] = [];
  for (const { path, kind } of found) {
    if (kind === 'link' || !recorded.has(path, await hashBelow(dir, path.split('/')))) lost.push(path);
    if (lost.length === MOST_SHOWN) break;
  }
  return lost;
}

const MOST_SHOWN = 5;

async function hashBelow(dir: SafeDir, components: readonly string[]): Promise<ObjectId> {
  const [first, ...rest] = components;
  if (rest.length > 0) {
    const child = await dir.child(first!);
    try {
      return await hashBelow(child, rest);
    } finally {
      await child.close();
    }
  }
  const file = await dir.openFile(first!);
  try {
    return await hashOf(file);
  } finally {
    await file.close();
  }
}

async function hashOf(file: DiskFile): Promise<ObjectId> {
  const hash = createSha256();
  const buffer = new Uint8Array(256 * 1024);
  for (let position = 0; ; ) {
    const count = await file.read(buffer, position);
    if (count === 0) return hash.digest();
    hash.update(buffer.subarray(0, count));
    position += count;
  }
}
