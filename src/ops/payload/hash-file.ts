import type { ProgressSink } from '../../core/effects.js';
import { createSha256 } from '../../core/objects/hash.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk, DiskFile } from '../../fsx/disk.js';

export interface Hashed {
  readonly hash: ObjectId;
  /** Bytes. */
  readonly size: number;
}

const CHUNK_BYTES = 1024 * 1024;

/** The content hash of one regular file; links in the path are followed (A2). */
export async function hashFile(disk: Disk, path: string, progress?: ProgressSink): Promise<Hashed> {
  const file = await openFile(disk, path);
  try {
    const { size: expected } = await file.stat();
    const sha = createSha256();
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, Math.max(1, expected)));
    let size = 0;
    for (let n = await file.read(buffer, 0); n > 0; n = await file.read(buffer, size)) {
      sha.update(buffer.subarray(0, n));
      size += n;
      progress?.advance(n);
    }
    return { hash: sha.digest(), size };
  } finally {
    await file.close();
  }
}

async function openFile(disk: Disk, path: string): Promise<DiskFile> {
  try {
    return await disk.open(path, { access: 'read', follow: true });
  } catch (e) {
    if (!isErrno(e, 'EINVAL')) throw e;
    throw new HsError('UNSAFE_PATH', `'${path}' is not a regular file`, { cause: e });
  }
}

/** The content hash of a stream of bytes. */
export async function hashBytes(chunks: AsyncIterable<Uint8Array>, progress?: ProgressSink): Promise<Hashed> {
  const sha = createSha256();
  let size = 0;
  for await (const chunk of chunks) {
    sha.update(chunk);
    size += chunk.length;
    progress?.advance(chunk.length);
  }
  return { hash: sha.digest(), size };
}
