import type { Environment, ProgressSink } from '../../core/effects.js';
import { encodeBundleIndex, type IndexEntry, toBundleIndex } from '../../core/objects/bundle-index.js';
import { sha256 } from '../../core/objects/hash.js';
import { isHsError } from '../../errors/hs-error.js';
import type { Disk, FileStat } from '../../fsx/disk.js';
import { findStore } from '../../store/local/locate.js';
import { type Hashed, hashFile } from './hash-file.js';
import { realDirectory, walkTree } from './walk-tree.js';

/**
 * The content hash of a directory, which is that of its bundle index (A3), and the size of that index.
 * Nothing is stored. The store that `environment` is in is left out, as `put` leaves it out.
 */
export async function hashTree(
  disk: Disk,
  root: string,
  environment: Pick<Environment, 'cwd' | 'uid'>,
  progress: ProgressSink,
): Promise<Hashed> {
  const store = await storeAround(disk, environment);
  const entries: IndexEntry[] = [];
  const walk = walkTree(
    disk,
    await realDirectory(disk, root),
    store === undefined ? {} : { omit: store },
    () => {},
  );
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

async function storeAround(
  disk: Disk,
  { cwd, uid }: Pick<Environment, 'cwd' | 'uid'>,
): Promise<FileStat | undefined> {
  try {
    return await disk.lstat((await findStore(disk, cwd, uid)).root);
  } catch (e) {
    if (isHsError(e, 'NO_STORE', 'REFUSED')) return undefined;
    throw e;
  }
}
