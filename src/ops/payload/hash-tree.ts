import type { ProgressSink } from '../../core/effects.js';
import { encodeBundleIndex, type IndexEntry, toBundleIndex } from '../../core/objects/bundle-index.js';
import { sha256 } from '../../core/objects/hash.js';
import type { Disk } from '../../fsx/disk.js';
import { type Hashed, hashFile } from './hash-file.js';
import { realDirectory, walkTree } from './walk-tree.js';

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
  const omit = around === undefined ? undefined : await disk.find(around);
  const entries: IndexEntry[] = [];
  const walk = walkTree(disk, await realDirectory(disk, root), omit === undefined ? {} : { omit }, () => {});
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
  const bytes = encodeBundleIndex(toBundleIndex(entries));
  return { hash: sha256(bytes), size: bytes.byteLength };
}
