import type { DiskFile } from '../../../fsx/disk.js';

/** Bytes of a file; undefined: it is too short. */
export async function readAt(file: DiskFile, position: number, size: number): Promise<Buffer | undefined> {
  if (position < 0) return undefined;
  const bytes = Buffer.allocUnsafe(size);
  return (await fillFrom(file, bytes, position)) ? bytes : undefined;
}

/** Fills a buffer from that position on; false: the file is too short. */
export async function fillFrom(file: DiskFile, bytes: Buffer, position: number): Promise<boolean> {
  for (let done = 0; done < bytes.length; ) {
    const count = await file.read(done === 0 ? bytes : bytes.subarray(done), position + done);
    if (count === 0) return false;
    done += count;
  }
  return true;
}
