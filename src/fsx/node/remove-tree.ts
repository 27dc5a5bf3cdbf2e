import { readdirSync } from 'node:fs';
// A static import, from which a bundler keeps only this function; all of fs-extra takes 24 ms to load.
import { remove } from 'fs-extra/esm';
import { isErrno } from '../../errors/hs-error.js';
import { chmodNoFollow } from './mode.js';

/** `Disk.removeTree`. Makes read-only directories writable to remove them as well. */
export async function removeTree(path: string): Promise<void> {
  try {
    await remove(path);
  } catch (e) {
    if (!isErrno(e, 'EACCES')) throw e;
    makeWritable(path);
    await remove(path);
  }
}

function makeWritable(directory: string): void {
  chmodNoFollow(directory, 0o700);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(`${directory}/${entry.name}`);
  }
}
