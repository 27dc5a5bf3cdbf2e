import { escapeText } from '../../core/escape.js';
import { createSha256 } from '../../core/hash.js';
import type { ObjectId } from '../../core/ids.js';
import { HsError } from '../../errors/hs-error.js';
import type { DiskFile } from '../../fsx/disk.js';
import type { SafeDir } from '../../fsx/safe-dir.js';
import { STORE_DIR } from '../../store/layout.js';
import { unnameable } from './remove-tree.js';

/** What lies in a directory that is about to be replaced. */
export interface Found {
  /** Path below the directory, `/`-separated. */
  readonly path: string;
  /** `link` stands for everything that no export ever makes. */
  readonly kind: 'file' | 'link';
  /** Changes when somebody writes to it or puts another in its place. */
  readonly stamp: string;
}

/** All files below a directory, in no promised order; a name that is not UTF-8 is CONFLICT, a mount point or a store UNSAFE_PATH. */
export async function inventory(dir: SafeDir, prefix = ''): Promise<Found[]> {
  const found: Found[] = [];
  for (const entry of await dir.readdir()) {
    if (entry.name === undefined) throw unnameable(prefix === '' ? '.' : prefix);
    const path = `${prefix}${entry.name}`;
    if (entry.kind === 'directory') {
      if (entry.name === STORE_DIR) throw holdsStore(path);
      const child = await dir.childOnMount(entry.name);
      try {
        found.push(...(await inventory(child, `${path}/`)));
      } finally {
        await child.close();
      }
      continue;
    }
    const stat = await dir.lstat(entry.name);
    if (stat === undefined) continue;
    const stamp = `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
    found.push({ path, kind: stat.kind === 'file' ? 'file' : 'link', stamp });
  }
  return found;
}

function holdsStore(path: string): HsError {
  return new HsError('UNSAFE_PATH', `what would be replaced holds a store: '${escapeText(path)}'`, {
    hint: 'choose another destination; --force does not change this',
  });
}

export function sameInventory(a: readonly Found[], b: readonly Found[]): boolean {
  const text = (found: readonly Found[]) => found.map((f) => `${f.path}\0${f.kind}\0${f.stamp}`).sort();
  return text(a).join('\n') === text(b).join('\n');
}

/** Does an export recorded for this destination hold exactly these bytes under this path? */
export type Recorded = (path: string, hash: ObjectId) => boolean;

/** The first paths that no recorded export accounts for: they would be lost by a replacement (B3). */
export async function unrecorded(
  dir: SafeDir,
  found: readonly Found[],
  recorded: Recorded,
): Promise<string[]> {
  const lost: string[] = [];
  for (const { path, kind } of found) {
    if (kind === 'link' || !recorded(path, await hashBelow(dir, path.split('/')))) lost.push(path);
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
