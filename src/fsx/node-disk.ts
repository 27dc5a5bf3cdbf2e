import {
  closeSync,
  fstatSync,
  lchownSync,
  linkSync,
  lstatSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statfsSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { decodeName, decodePath } from './decode-name.js';
import type { DirEntry, Disk, FileKind, FileStat } from './disk.js';
import { errnoError } from './errno.js';
import { moveNoReplace, syncFilesystemOf } from './node/coreutils.js';
import { fsyncLater } from './node/descriptor.js';
import { openDirectory, openNodeDir } from './node/dir.js';
import { openNodeFile } from './node/file.js';
import { withShownPaths } from './node/held-names.js';
import { chmodNoFollow, mkdirExact } from './node/mode.js';
import { exchangeNames } from './node/native.js';
import { openExisting, openNew } from './node/open.js';
import { readSmallFile } from './node/read-small.js';
import { kindOf, toFileStat } from './node/stat.js';
import { readFully, writeFully } from './node/transfer.js';
import { rootedDisk } from './rooted-disk.js';

/**
 * The real disk. Small operations are synchronous inside their promise (5–10 µs; the thread pool costs 50–100); large
 * reads and writes and every fsync use the thread pool.
 */
export function nodeDisk(): Disk {
  const disk: Disk = {
    within: (root, rooting) => rootedDisk(shown, root, rooting),
    open: async (path, options) => openNodeFile(path, options),
    openDir: async (path, options) => openNodeDir(path, options?.follow ?? false),
    readFile,
    readSmall: async (path, buffer, { follow }) => readSmallFile(path, buffer, follow),
    writeFile,
    lstat: async (path): Promise<FileStat> => toFileStat(lstatSync(path, { bigint: true })),
    find: async (path) => {
      const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
      return stats && toFileStat(stats);
    },
    stat: async (path): Promise<FileStat> => toFileStat(statSync(path, { bigint: true })),
    readdir,
    readlink: async (path) => decodePath(readlinkSync(path, { encoding: 'buffer' }), 'readlink', path),
    realpath: async (path) => decodePath(realpathSync.native(path, { encoding: 'buffer' }), 'realpath', path),
    mkdir: async (path, mode) => mkdirExact(path, mode),
    rmdir: async (path) => rmdirSync(path),
    unlink: async (path) => unlinkSync(path),
    // Loaded on demand: reading commands should not pay for it.
    removeTree: async (path) => (await import('./node/remove-tree.js')).removeTree(path),
    link: async (from, to) => linkSync(from, to),
    rename: async (from, to) => renameSync(from, to),
    renameNoReplace: moveNoReplace,
    exchange: exchangeNames,
    chmod: async (path, mode) => chmodNoFollow(path, mode),
    chown: async (path, { uid, gid }) => lchownSync(path, uid ?? UNCHANGED, gid ?? UNCHANGED),
    syncDir,
    syncFilesystem: syncFilesystemOf,
    space: async (path) => {
      const { type, bavail, bsize } = statfsSync(path);
      return { type, freeBytes: bavail * bsize };
    },
  };
  const shown = withShownPaths(disk);
  return shown;
}

/** Tells chown(2) to leave the owner or group unchanged. */
const UNCHANGED = -1;
const LEAST_READ = 511;

async function readFile(path: string, maxBytes: number): Promise<Uint8Array> {
  const { fd, stats } = openExisting(path, 'read', false);
  const stated = Number(stats.size);
  try {
    if (stated > maxBytes) throw errnoError('ETOOLARGE', 'read', path);
    // One byte more than expected: a file that grew meanwhile is read again at its new size.
    let buffer = new Uint8Array(Math.max(stated, LEAST_READ) + 1);
    let count = await readFully(fd, buffer, stated);
    while (count === buffer.length) {
      const size = Math.max(fstatSync(fd).size, count);
      if (size > maxBytes) throw errnoError('ETOOLARGE', 'read', path);
      // Files in /proc report size 0 whatever they contain, so the buffer has a minimum size and also grows.
      buffer = new Uint8Array(2 * size + 1);
      count = await readFully(fd, buffer, size);
    }
    if (count > maxBytes) throw errnoError('ETOOLARGE', 'read', path);
    return buffer.subarray(0, count);
  } finally {
    closeSync(fd);
  }
}

async function writeFile(
  path: string,
  bytes: Uint8Array,
  options: { readonly mode: number; readonly sync: boolean },
): Promise<void> {
  const fd = openNew(path, options.mode);
  try {
    try {
      const writing = writeFully(fd, bytes);
      if (writing !== undefined) await writing;
      if (options.sync) await fsyncLater(fd);
    } finally {
      closeSync(fd);
    }
  } catch (e) {
    removeQuietly(path);
    throw e;
  }
}

/** The original error matters more than a failure to clean up after it. */
function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {}
}

const NOT_TEXT = '\ufffd';

/** A directory entry whose name is valid UTF-8. */
class TextEntry implements DirEntry {
  readonly name: string;
  readonly kind: FileKind;

  constructor(name: string, kind: FileKind) {
    this.name = name;
    this.kind = kind;
  }

  get bytes(): Uint8Array {
    return Buffer.from(this.name);
  }
}

function readdirBytes(path: string): DirEntry[] {
  return readdirSync(path, { withFileTypes: true, encoding: 'buffer' }).map((entry) => ({
    name: decodeName(entry.name),
    bytes: entry.name,
    kind: kindOf(entry),
  }));
}

async function readdir(path: string): Promise<DirEntry[]> {
  const entries = readdirSync(path, { withFileTypes: true });
  // Bytes that are not UTF-8 become the replacement character; names are read again as bytes only when it occurs,
  // since a buffer for each name costs as much as the rest of a listing.
  if (entries.some(({ name }) => name.includes(NOT_TEXT))) return readdirBytes(path);
  return entries.map((entry) => new TextEntry(entry.name, kindOf(entry)));
}

async function syncDir(path: string): Promise<void> {
  // Following a link is harmless here, and `DiskDir.path` is one.
  const fd = openDirectory(path, true);
  try {
    await fsyncLater(fd);
  } finally {
    closeSync(fd);
  }
}
