import type { DiskFile } from '../../fsx/disk.js';

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
