import { closeSync, readFileSync, readSync } from 'node:fs';
import { errnoError } from './errno.js';
import { openNodeDir } from './node/dir.js';
import { openExisting } from './node/open.js';

/** A file that is read at once, since a look into an index cannot wait for a promise. Never mapped into memory. */
export interface OpenIndexFile {
  /** Bytes. */
  readonly size: number;
  /** EIO if the file no longer exists. */
  read(offset: number, length: number): Buffer;
  close(): void;
}

/** How an index on disk, and what it is derived from, are read. Failures are those of `Disk`. */
export interface IndexPort {
  /** A regular file below `root`, through no link. */
  open(root: string, path: string): OpenIndexFile;
  /** The whole of one. */
  readFile(root: string, path: string, maxBytes: number): Uint8Array;
}

/** Opens the last name of `path` below descriptors of the directories before it. */
function openBelow(root: string, path: string): ReturnType<typeof openExisting> {
  const names = path.split('/');
  const name = names.pop()!;
  const dirs = [openNodeDir(root, false)];
  try {
    for (const dir of names) dirs.unshift(openNodeDir(`${dirs[0]!.path}/${dir}`, false));
    return openExisting(`${dirs[0]!.path}/${name}`, 'read', false);
  } finally {
    for (const dir of dirs) void dir.close();
  }
}

function openNow(root: string, path: string): OpenIndexFile {
  const { fd, stats } = openBelow(root, path);
  return {
    size: Number(stats.size),
    read: (offset, length) => {
      const bytes = Buffer.allocUnsafe(length);
      for (let done = 0; done < length; ) {
        const count = readSync(fd, bytes, done, length - done, offset + done);
        if (count === 0) throw errnoError('EIO', 'read', path);
        done += count;
      }
      return bytes;
    },
    close: () => closeSync(fd),
  };
}

function readFileNow(root: string, path: string, maxBytes: number): Uint8Array {
  const { fd, stats } = openBelow(root, path);
  try {
    if (Number(stats.size) > maxBytes) throw errnoError('EFBIG', 'read', path);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

export const nodeIndex: IndexPort = { open: openNow, readFile: readFileNow };
