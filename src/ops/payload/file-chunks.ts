import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk, DiskFile } from '../../fsx/disk.js';

const CHUNK_BYTES = 1024 * 1024;

/** The bytes of an open file up to `end`, even if the file grows meanwhile. */
export async function* chunksOf(
  file: DiskFile,
  end = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array, void> {
  for (let position = 0; position < end; ) {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - position));
    const count = await file.read(buffer, position);
    if (count === 0) return;
    position += count;
    yield buffer.subarray(0, count);
  }
}

/** The bytes of a file that the user named; links are followed. NOT_FOUND, or UNSAFE_PATH for what is no file. */
export async function* fileChunks(disk: Disk, path: string): AsyncGenerator<Uint8Array, void> {
  const file = await disk.open(path, { access: 'read', follow: true }).catch((e: unknown) => {
    const shown = `'${escapeText(path)}'`;
    if (isErrno(e, 'ENOENT', 'ENOTDIR')) throw new HsError('NOT_FOUND', `${shown} does not exist`);
    if (isErrno(e, 'EINVAL', 'EISDIR')) throw new HsError('UNSAFE_PATH', `${shown} is not a regular file`);
    throw e;
  });
  try {
    yield* chunksOf(file);
  } finally {
    await file.close();
  }
}
