import { closeSync, readSync } from 'node:fs';
import { type BlockCompressor, compressAhead } from './compress-ahead.js';
import { errnoError } from './errno.js';
import { openNodeDir } from './node/dir.js';
import { openExisting } from './node/open.js';
import { type ReadAhead, readAhead } from './read-ahead.js';

/** A file read synchronously, since an index lookup cannot wait for a promise. Never memory-mapped. */
export interface OpenIndexFile {
  /** Size in bytes. */
  readonly size: number;
  /** EIO if the file no longer exists. Reads into the beginning of `into`, if given and large enough. */
  read(offset: number, length: number, into?: Buffer): Buffer;
  /** For a scan of at most `most` blocks. It is closed before the file is. */
  readAhead?(most: number): ReadAhead | undefined;
  close(): void;
}

/** Reads an index on disk. Errors are those of `Disk`. */
export interface IndexPort {
  /** Opens a regular file below `root`, following no link. */
  open(root: string, path: string): OpenIndexFile;
  /** For many blocks that are written; undefined where another thread would not pay. */
  compressAhead?(): BlockCompressor | undefined;
}

/** Opens the last component of `path` through descriptors of the directories before it. */
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
    read: (offset, length, into) => {
      const fits = into !== undefined && length <= into.length;
      const bytes = fits ? into.subarray(0, length) : Buffer.allocUnsafe(length);
      for (let done = 0; done < length; ) {
        const count = readSync(fd, bytes, done, length - done, offset + done);
        if (count === 0) throw errnoError('EIO', 'read', path);
        done += count;
      }
      return bytes;
    },
    readAhead: (most) => readAhead(fd, most),
    close: () => closeSync(fd),
  };
}

export const nodeIndex: IndexPort = { open: openNow, compressAhead };
