import type { ProgressSink } from '../../core/effects.js';
import {
  type BundleIndex,
  encodeBundleIndex,
  type IndexEntry,
  toBundleIndex,
} from '../../core/objects/bundle-index.js';
import { sha256 } from '../../core/objects/hash.js';
import type { Disk } from '../../fsx/disk.js';
import { type Hashed, hashFile } from './hash-file.js';
import { type LeftOut, realDirectory, walkTree } from './walk-tree.js';

/**
 * The content hash of a directory, which is the hash of its bundle index (A3), and the size of that index. Stores
 * nothing. `around` is the store directory that it may contain, which is left out, as in `put`.
 */
export async function hashTree(
  disk: Disk,
  root: string,
  around: string | undefined,
  progress: ProgressSink,
): Promise<Hashed> {
  const bytes = encodeBundleIndex(await indexTree(disk, root, around, progress));
  return { hash: sha256(bytes), size: bytes.byteLength };
}

/** The bundle index of a directory. Links are refused, or left out and given to `skip`. */
export async function indexTree(
  disk: Disk,
  root: string,
  around: string | undefined,
  progress: ProgressSink,
  skip?: (left: LeftOut) => void,
): Promise<BundleIndex> {
  const omit = around === undefined ? undefined : await disk.find(around);
  const entries: IndexEntry[] = [];
  const options = { skipLinks: skip !== undefined, ...(omit === undefined ? {} : { omit }) };
  const walk = walkTree(disk, await realDirectory(disk, root), options, (left) => skip?.(left));
  for await (const file of walk) {
    const { hash, size } = await hashFile(disk, file.location, progress);
    const { mode } = await disk.lstat(file.location);
    entries.push({
      path: file.path,
      content_hash: hash,
      size_bytes: size,
      ...((mode & 0o100) === 0 ? {} : { executable: true as const }),
    });
  }
  return toBundleIndex(entries);
}
