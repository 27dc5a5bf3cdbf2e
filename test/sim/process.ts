import { isErrno } from '../../src/errors/hs-error.js';
import type {
  DirEntry,
  Disk,
  DiskDir,
  DiskFile,
  FileStat,
  OpenOptions,
  RootedDisk,
  SmallFile,
  SpaceInfo,
} from '../../src/fsx/disk.js';
import type { DiskOperation } from '../../src/fsx/surround-disk.js';
import type { IndexPort } from '../../src/fsx/sync-read-file.js';
import { readSmall, removeTree, writeFile } from './composed-steps.js';
import { listEntries, SimDir, SimFile } from './handles.js';
import type { Kernel } from './kernel.js';
import { exchange, link, rename, renameNoReplace, rmdir, unlink } from './names.js';
import { type DirNode, type FileNode, Refusal, statOf } from './nodes.js';
import { permit } from './resolve.js';
import type { Mishaps, Scheduler } from './scheduler.js';
import { simIndex } from './sim-index.js';

const FAN_OUT_PARENT = '/objects/';
const FAN_OUT_DIR = /\/objects\/[0-9a-f]{2}$/;

const NONE: Mishaps = {};

/** How the work of a simulated process ended. */
export type Outcome<T> =
  | { readonly status: 'done'; readonly value: T }
  | { readonly status: 'failed'; readonly error: unknown }
  | { readonly status: 'killed' };

/**
 * A process on the simulated disk, with descriptors and locks of its own. Once it is killed nothing it
 * waits for comes: as in a real one, not even `finally` runs.
 */
export class SimProcess implements RootedDisk {
  readonly name: string;
  readonly uid: number;
  /** Open directories by descriptor, which is never used twice: a use after close is seen. */
  readonly dirs = new Map<number, DirNode>();
  /** Reads a catalog index; no turn is waited for, and nothing is made to fail. */
  readonly index: IndexPort;
  /** Settles when the process is killed. */
  readonly died: Promise<void>;
  readonly #kernel: Kernel;
  readonly #scheduler: Scheduler;
  readonly #handles = new Set<SimFile | SimDir>();
  #lastFd = 2;
  #die: () => void = () => {};
  #alive = true;

  constructor(name: string, uid: number, kernel: Kernel, scheduler: Scheduler) {
    this.name = name;
    this.uid = uid;
    this.#kernel = kernel;
    this.#scheduler = scheduler;
    this.index = simIndex(kernel, this);
    this.died = new Promise((resolve) => {
      this.#die = resolve;
    });
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Does some work as this process; resolves also when it is killed in the middle. */
  run<T>(work: (disk: Disk) => Promise<T>): Promise<Outcome<T>> {
    const ended = Promise.resolve()
      .then(() => work(this))
      .then(
        (value): Outcome<T> => ({ status: 'done', value }),
        (error: unknown): Outcome<T> => ({ status: 'failed', error }),
      );
    return Promise.race([ended, this.died.then((): Outcome<T> => ({ status: 'killed' }))]);
  }

  /** SIGKILL: descriptors and locks are freed, what it wrote stays. */
  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#scheduler.drop(this);
    for (const handle of this.#handles) handle.release();
    this.#handles.clear();
    this.#die();
  }

  /** Waits for a turn and does one operation. */
  step<T>(operation: DiskOperation, path: string, act: () => T, mishaps: Mishaps = NONE): Promise<T> {
    if (!this.#alive) return new Promise<T>(() => {});
    return new Promise<T>((resolve, reject) => {
      const done = resolve as (value: unknown) => void;
      this.#scheduler.submit({ process: this, operation, path, act, resolve: done, reject, mishaps });
    });
  }

  forget(handle: SimFile | SimDir): void {
    handle.release();
    this.#handles.delete(handle);
  }

  /** Nobody plants links behind the back of a simulated store: what follows none has tests of its own. */
  async within(): Promise<RootedDisk> {
    return this;
  }

  async release(): Promise<void> {}

  open(path: string, options: OpenOptions): Promise<DiskFile> {
    const { access, mode = 0o600, follow = false } = options;
    return this.step(`open:${access}`, path, () => {
      const node = access === 'create' ? this.#create(path, mode) : this.#existing(path, access, follow);
      const file = new SimFile(this, this.#kernel, node, path, access !== 'read');
      this.#handles.add(file);
      return file;
    });
  }

  openDir(path: string, options: { readonly follow?: boolean } = {}): Promise<DiskDir> {
    return this.step('openDir', path, () => {
      const node = this.#kernel.directory(this, path, options.follow ?? false);
      permit(node, this, 4);
      this.#lastFd += 1;
      const dir = new SimDir(this, this.#kernel, node, this.#lastFd, path);
      this.#handles.add(dir);
      return dir;
    });
  }

  async readFile(path: string, maxBytes: number): Promise<Uint8Array> {
    const node = await this.step('open:read', path, () => this.#existing(path, 'read', false));
    const act = () => {
      if (node.content.length > maxBytes) throw new Refusal('ETOOLARGE');
      return node.content.slice();
    };
    return this.step('file.read', path, act, { short: () => ({ rest: { act } }) });
  }

  readSmall(
    path: string,
    buffer: Uint8Array,
    options: { readonly follow: boolean },
  ): Promise<SmallFile | undefined> {
    return readSmall(this, path, buffer, options);
  }

  writeFile(
    path: string,
    bytes: Uint8Array,
    options: { readonly mode: number; readonly sync: boolean },
  ): Promise<void> {
    return writeFile(this, path, bytes, options);
  }

  /** No step of an empty directory of objects/ once all is calm, as of {@link readdir}: fsck looks at all of them. */
  lstat(path: string): Promise<FileStat> {
    const node = this.#scheduler.isCalm ? this.#emptyFanOut(path) : undefined;
    if (node !== undefined) return Promise.resolve(statOf(node));
    return this.step('lstat', path, () => statOf(this.#kernel.node(this, path, false)));
  }
  find(path: string): Promise<FileStat | undefined> {
    return this.step('find', path, () => {
      try {
        return statOf(this.#kernel.node(this, path, false));
      } catch (e) {
        if (isErrno(e, 'ENOENT', 'ENOTDIR')) return undefined;
        throw e;
      }
    });
  }

  stat(path: string): Promise<FileStat> {
    return this.step('stat', path, () => statOf(this.#kernel.node(this, path, true)));
  }

  /**
   * Listing is not one step: under a scheduler a name that moves meanwhile can be missed or seen twice. An empty directory
   * of objects/ is no step: the 256 of them would be most of a run.
   */
  readdir(path: string): Promise<DirEntry[]> {
    if (this.#emptyFanOut(path) !== undefined) return Promise.resolve([]);
    return this.#list(path);
  }

  async #list(path: string): Promise<DirEntry[]> {
    const list = (half?: 0 | 1) =>
      this.step('readdir', path, () => listEntries(this.#kernel.directory(this, path, true), this, half));
    if (!this.#scheduler.interleaves) return list();
    return [...(await list(1)), ...(await list(0))];
  }

  readlink(path: string): Promise<string> {
    return this.step('readlink', path, () => {
      const node = this.#kernel.node(this, path, false);
      if (node.kind !== 'symlink') throw new Refusal('EINVAL');
      return node.magic === undefined ? node.target : this.#kernel.realpath(this, path);
    });
  }

  realpath(path: string): Promise<string> {
    return this.step('realpath', path, () => this.#kernel.realpath(this, path));
  }

  mkdir(path: string, mode: number): Promise<void> {
    return this.step('mkdir', path, () => {
      this.#kernel.make(this, path, ({ dir, key }) =>
        this.#kernel.newDirectory({ uid: this.uid, dev: dir.dev, mode }, dir, key, false),
      );
    });
  }

  rmdir(path: string): Promise<void> {
    return this.step('rmdir', path, () => rmdir(this.#kernel, this, path));
  }

  unlink(path: string): Promise<void> {
    return this.step('unlink', path, () => unlink(this.#kernel, this, path));
  }

  removeTree(path: string): Promise<void> {
    return removeTree(this, path);
  }

  link(from: string, to: string): Promise<void> {
    return this.step('link', to, () => link(this.#kernel, this, from, to));
  }

  rename(from: string, to: string): Promise<void> {
    return this.step('rename', to, () => rename(this.#kernel, this, from, to));
  }

  renameNoReplace(from: string, to: string): Promise<void> {
    return this.step('renameNoReplace', to, () => renameNoReplace(this.#kernel, this, from, to));
  }

  exchange(a: string, b: string): Promise<void> {
    return this.step('exchange', b, () => exchange(this.#kernel, this, a, b));
  }

  chmod(path: string, mode: number): Promise<void> {
    return this.step('chmod', path, () => {
      const node = this.#kernel.node(this, path, false);
      if (node.kind === 'symlink') throw new Refusal('ELOOP');
      this.#kernel.chmod(this, node, mode);
    });
  }

  chown(path: string, owner: { readonly uid?: number; readonly gid?: number }): Promise<void> {
    return this.step('chown', path, () =>
      this.#kernel.chown(this, this.#kernel.node(this, path, false), owner),
    );
  }

  syncDir(path: string): Promise<void> {
    return this.step('syncDir', path, () => this.#kernel.syncDir(this.#kernel.directory(this, path, true)));
  }

  syncFilesystem(path: string): Promise<boolean> {
    return this.step('syncFilesystem', path, () => {
      const node = this.#kernel.node(this, path, true);
      if (this.#kernel.limits.lacks.has('syncFilesystem')) return false;
      this.#kernel.syncAll(node.dev);
      return true;
    });
  }

  space(path: string): Promise<SpaceInfo> {
    return this.step('space', path, () => {
      this.#kernel.node(this, path, true);
      return this.#kernel.space();
    });
  }

  #emptyFanOut(path: string): DirNode | undefined {
    if (!this.#alive || !path.startsWith(FAN_OUT_PARENT, path.length - FAN_OUT_PARENT.length - 2))
      return undefined;
    if (!FAN_OUT_DIR.test(path)) return undefined;
    try {
      const node = this.#kernel.directory(this, path, true);
      return node.entries.size === 0 ? node : undefined;
    } catch (e) {
      if (e instanceof Refusal) return undefined;
      throw e;
    }
  }

  #create(path: string, mode: number): FileNode {
    return this.#kernel.make(this, path, ({ dir }) => this.#kernel.newFile(this, dir.dev, mode));
  }

  #existing(path: string, access: 'read' | 'update', follow: boolean): FileNode {
    const node = this.#kernel.node(this, path, follow);
    if (node.kind === 'symlink') throw new Refusal('ELOOP');
    if (node.kind !== 'file') throw new Refusal('EINVAL');
    permit(node, this, access === 'read' ? 4 : 6);
    return node;
  }
}
