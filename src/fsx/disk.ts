/**
 * The disk port: every file operation hs makes goes through this interface, so that the
 * whole store also runs on a simulated disk that crashes at any operation and forgets what
 * was not fsynced. Every operation returns a promise; the real disk does small ones
 * synchronously inside (5-10 µs instead of 50-100 through the thread pool).
 *
 * Paths are absolute strings. `DiskDir.path` is a path too (`/proc/self/fd/N` on Linux), so
 * `${dir.path}/${name}` reaches one name below an open directory whatever happens to the
 * path it was opened by. Failures are Node's errno errors (`code` is `ENOENT`, `EEXIST`, …).
 */
export type FileKind = 'file' | 'directory' | 'symlink' | 'other';

export interface FileStat {
  readonly kind: FileKind;
  /** Bytes. */
  readonly size: number;
  /** Bytes allocated on disk. */
  readonly allocated: number;
  /** Permission bits only (`0o7777`). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

export interface DirEntry {
  /** The name, or `undefined` when its bytes are not UTF-8. */
  readonly name: string | undefined;
  readonly bytes: Uint8Array;
  readonly kind: FileKind;
}

export interface OpenOptions {
  /** `create`: exclusive, fails with EEXIST whatever is there; `update`: existing, read-write. */
  readonly access: 'read' | 'create' | 'update';
  /** Permission bits for `create`, exact whatever the umask. */
  readonly mode?: number;
  /** For `create`: long runs of zeros may become holes. */
  readonly sparse?: boolean;
  /** Follow a link in the last component. Default false: ELOOP. Never blocks on a FIFO. */
  readonly follow?: boolean;
}

/** A small file that was read at once. */
export interface SmallFile {
  /** How many bytes of the buffer are its content. */
  readonly count: number;
  /** Permission bits (`0o7777`). */
  readonly mode: number;
  /** Whether it had the same size and times after the last byte as before the first. */
  readonly atRest: boolean;
}

export interface DiskFile {
  /** Reads into `buffer` at `position`; 0 at the end of the file. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Appends all of `bytes`. */
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  stat(): Promise<FileStat>;
  chmod(mode: number): Promise<void>;
  /** Takes the exclusive kernel lock on the whole file, or says false. Freed by close and by death. */
  tryLock(): Promise<boolean>;
  close(): Promise<void>;
}

export interface DiskDir {
  /** Names below it are `${path}/${name}`. Valid until close. */
  readonly path: string;
  stat(): Promise<FileStat>;
  sync(): Promise<void>;
  /** Where the directory is now; for reports only. */
  where(): Promise<string>;
  /** Which mount it lies on: a bind mount is another one, also of the same filesystem. */
  mount(): Promise<string>;
  close(): Promise<void>;
}

export interface SpaceInfo {
  /** Filesystem type as statfs(2) gives it. */
  readonly type: number;
  readonly freeBytes: number;
}

/** How a disk within a directory treats the directories below it; names are relative to it. */
export interface Rooting {
  /** Whether the directory lasts, so that it may be held open: no command removes or renames it. */
  holds(directory: string): boolean;
  /** Whether it is made again where it is missing, and counts as empty until then. */
  remakes(directory: string): boolean;
  /** The mode of those that are made again. */
  readonly mode: number;
  /** Owner of new files, if it is not the creator, for example when root works for a user. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** Whether the group has the permissions of the owner, and directories pass on their group. */
  readonly shared?: boolean;
}

export interface RootedDisk extends Disk {
  /** Lets go of the directories that it holds; a later operation opens them anew. */
  release(): Promise<void>;
}

export interface Disk {
  /**
   * The same disk, following no link at or below the directory `root`, whatever paths it is given: a
   * component that is a link is INTEGRITY.
   */
  within(root: string, rooting: Rooting): Promise<RootedDisk>;
  /** Regular files only: `EINVAL` for anything else, at once. */
  open(path: string, options: OpenOptions): Promise<DiskFile>;
  /**
   * Opens a directory; ENOTDIR for a link unless `follow`. `DiskDir.path` is a link too: to open that
   * again takes `follow`.
   */
  openDir(path: string, options?: { readonly follow?: boolean }): Promise<DiskDir>;
  /** The whole of a regular file; a larger one fails with `EFBIG`, anything but a file with `EINVAL`. */
  readFile(path: string, maxBytes: number): Promise<Uint8Array>;
  /**
   * Reads a regular file whole into `buffer`, with one byte to spare; anything but a file is `EINVAL`, a link
   * `ELOOP` unless `follow`. Undefined when there is more of it, or more than it says.
   */
  readSmall(
    path: string,
    buffer: Uint8Array,
    options: { readonly follow: boolean },
  ): Promise<SmallFile | undefined>;
  /** Creates the file (EEXIST if there), writes, and fsyncs when `sync`; removes it again on failure. */
  writeFile(
    path: string,
    bytes: Uint8Array,
    options: { readonly mode: number; readonly sync: boolean },
  ): Promise<void>;
  lstat(path: string): Promise<FileStat>;
  /**
   * `lstat` for where nothing is an answer and no failure: undefined, also when a component is no
   * directory. An error costs ten times what the question does, and storing a tree asks for each file.
   */
  find(path: string): Promise<FileStat | undefined>;
  stat(path: string): Promise<FileStat>;
  /** In no particular order. */
  readdir(path: string): Promise<DirEntry[]>;
  readlink(path: string): Promise<string>;
  realpath(path: string): Promise<string>;
  /** With exactly this mode, and the setgid bit where the directory above hands it down. */
  mkdir(path: string, mode: number): Promise<void>;
  rmdir(path: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /**
   * Removes a name and all below it, links themselves and not what they lead to; nothing there is fine.
   * Only for directories that nobody else writes to: the walk is by path.
   */
  removeTree(path: string): Promise<void>;
  link(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Renames and fails with EEXIST when `to` exists, atomically (for filesystems without hard links). */
  renameNoReplace(from: string, to: string): Promise<void>;
  /** Exchanges two names in one step (`RENAME_EXCHANGE`); EINVAL or ENOSYS where it is refused. */
  exchange(a: string, b: string): Promise<void>;
  /** ELOOP for a link. */
  chmod(path: string, mode: number): Promise<void>;
  /** Another owner or group or both; of a link the link's own. */
  chown(path: string, owner: { readonly uid?: number; readonly gid?: number }): Promise<void>;
  syncDir(path: string): Promise<void>;
  /**
   * Makes everything that was written so far to the filesystem of `path` durable (syncfs).
   * False where it cannot be had: the caller then fsyncs each file. `EIO` when it was tried and failed.
   */
  syncFilesystem(path: string): Promise<boolean>;
  space(path: string): Promise<SpaceInfo>;
}
