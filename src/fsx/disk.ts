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
  /** Size in bytes. */
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
  /** `create`: exclusive, EEXIST if the name exists; `update`: existing file, read-write. */
  readonly access: 'read' | 'create' | 'update';
  /** Permission bits for `create`, exact regardless of the umask. */
  readonly mode?: number;
  /** For `create`: long runs of zeros may become holes. */
  readonly sparse?: boolean;
  /** Follow a link in the last component. Default false: ELOOP. Never blocks on a FIFO. */
  readonly follow?: boolean;
}

/** Result of reading a small file at once. */
export interface SmallFile {
  /** Number of content bytes in the buffer. */
  readonly count: number;
  /** Permission bits (`0o7777`). */
  readonly mode: number;
  /** Whether size and times were the same after the last byte as before the first. */
  readonly atRest: boolean;
}

export interface DiskFile {
  /** Reads into `buffer` at `position`; returns 0 at the end of the file. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Appends all of `bytes`. */
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  stat(): Promise<FileStat>;
  chmod(mode: number): Promise<void>;
  /** Takes the exclusive kernel lock on the whole file; false when it is held. Released by close and by death. */
  tryLock(): Promise<boolean>;
  close(): Promise<void>;
}

export interface DiskDir {
  /** Names below the directory are `${path}/${name}`. Valid until close. */
  readonly path: string;
  stat(): Promise<FileStat>;
  sync(): Promise<void>;
  /** The current path of the directory; for reports only. */
  where(): Promise<string>;
  /** Identifies the mount: a bind mount is a different one, even of the same filesystem. */
  mount(): Promise<string>;
  close(): Promise<void>;
}

export interface SpaceInfo {
  /** Filesystem type as returned by statfs(2). */
  readonly type: number;
  readonly freeBytes: number;
}

/** How a rooted disk treats the directories below its root; names are relative to it. */
export interface Rooting {
  /** Whether the directory is permanent and may be held open: no command removes or renames it. */
  holds(directory: string): boolean;
  /** Whether a missing directory is recreated, and counts as empty until then. */
  remakes(directory: string): boolean;
  /** Mode of recreated directories. */
  readonly mode: number;
  /** Owner of new files, if not the creator, for example when root works for a user. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** Whether the group gets the owner's permissions and directories pass on their group. */
  readonly shared?: boolean;
}

export interface RootedDisk extends Disk {
  /** Closes the held directories, after the operations that are under way; later ones are USAGE. */
  release(): Promise<void>;
}

export interface Disk {
  /**
   * The same disk, following no link at or below the directory `root`, whatever paths it is given: a component that
   * is a link is INTEGRITY.
   */
  within(root: string, rooting: Rooting): Promise<RootedDisk>;
  /** Regular files only: immediate `EINVAL` for anything else. */
  open(path: string, options: OpenOptions): Promise<DiskFile>;
  /**
   * Opens a directory; ENOTDIR for a link unless `follow`. `DiskDir.path` is itself a link: opening it again takes
   * `follow`.
   */
  openDir(path: string, options?: { readonly follow?: boolean }): Promise<DiskDir>;
  /**
   * Reads a whole regular file; `EINVAL` for anything but a file, and `ETOOLARGE`, a code of hs itself, when it is larger
   * than `maxBytes`.
   */
  readFile(path: string, maxBytes: number): Promise<Uint8Array>;
  /**
   * Reads a whole regular file into `buffer`, with one byte to spare; `EINVAL` for anything but a file, `ELOOP` for a
   * link unless `follow`. Undefined when it is too large or longer than its stated size.
   */
  readSmall(
    path: string,
    buffer: Uint8Array,
    options: { readonly follow: boolean },
  ): Promise<SmallFile | undefined>;
  /** Creates the file (EEXIST if it exists), writes, and fsyncs when `sync`; removes it again on failure. */
  writeFile(
    path: string,
    bytes: Uint8Array,
    options: { readonly mode: number; readonly sync: boolean },
  ): Promise<void>;
  lstat(path: string): Promise<FileStat>;
  /**
   * `lstat` for callers that expect missing files: undefined, also when a component is not a directory. An error
   * costs ten times as much as the call, and storing a tree looks up each file.
   */
  find(path: string): Promise<FileStat | undefined>;
  stat(path: string): Promise<FileStat>;
  /** In no particular order. */
  readdir(path: string): Promise<DirEntry[]>;
  readlink(path: string): Promise<string>;
  realpath(path: string): Promise<string>;
  /** Creates a directory with exactly this mode, plus the setgid bit inherited from its parent. */
  mkdir(path: string, mode: number): Promise<void>;
  rmdir(path: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /**
   * Removes a name and everything below it; removes links, not their targets; a missing name is fine. Only for
   * directories that nobody else writes to: the walk is by path.
   */
  removeTree(path: string): Promise<void>;
  link(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Atomic rename that fails with EEXIST when `to` exists (for filesystems without hard links). */
  renameNoReplace(from: string, to: string): Promise<void>;
  /** Atomically exchanges two names (`RENAME_EXCHANGE`); EINVAL or ENOSYS where it is not supported. */
  exchange(a: string, b: string): Promise<void>;
  /** ELOOP for a link. */
  chmod(path: string, mode: number): Promise<void>;
  /** Changes owner, group or both; of a link itself, not its target. */
  chown(path: string, owner: { readonly uid?: number; readonly gid?: number }): Promise<void>;
  syncDir(path: string): Promise<void>;
  /**
   * Makes everything written so far to the filesystem of `path` durable (syncfs). False where unavailable: the caller
   * then fsyncs each file. `EIO` when it was tried and failed.
   */
  syncFilesystem(path: string): Promise<boolean>;
  space(path: string): Promise<SpaceInfo>;
}
