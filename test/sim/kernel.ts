import type { SpaceInfo } from '../../src/fsx/disk.js';
import { Journal, type NameOp } from './journal.js';
import { KnownDirs } from './known-dirs.js';
import {
  BLOCK,
  type DirNode,
  dirNode,
  enter,
  type FileNode,
  fileNode,
  keyName,
  pathOf,
  Refusal,
  type SimNode,
} from './nodes.js';
import { treeAfterPowerCut } from './power-cut.js';
import { asDirectory, type Place, permit, resolve, type Task } from './resolve.js';
import type { Rng } from './rng.js';

/** What a filesystem may lack; each is refused the way Linux refuses it. */
export type Lack = 'link' | 'exchange' | 'syncFilesystem' | 'lock' | 'syncDir';

export interface Limits {
  /** Room for file content, in bytes. */
  readonly bytes: number;
  /** Room for inodes. */
  readonly inodes: number;
  readonly lacks: ReadonlySet<Lack>;
}

const EXT4 = 0xef53;

/** The system calls of the simulated disk, each at once and whole. Failures are `Refusal`s. */
export class Kernel {
  root: DirNode;
  journal = new Journal();
  limits: Limits;
  readonly #now: () => number;
  readonly #known = new KnownDirs();
  #ticks = 0n;
  #inodes = 0n;
  #usedBytes = 0;
  #usedInodes = 0;

  constructor(limits: Limits, now: () => number, uid: number) {
    this.limits = limits;
    this.#now = now;
    this.root = this.newDirectory({ uid, dev: 1n, mode: 0o755 }, undefined, '', false);
  }

  /** Everything unsynced may be gone; nothing is open or locked any more. */
  cutPower(rng: Rng): void {
    this.adopt(treeAfterPowerCut(this.root, this.journal, rng), this);
  }

  /** Takes over a tree that another kernel's power cut left. */
  adopt(root: DirNode, from: Kernel): void {
    this.root = root;
    this.#known.forget();
    this.journal = new Journal();
    this.#inodes = from.#inodes;
    this.#ticks = from.#ticks;
    this.#usedBytes = 0;
    const seen = new Set<SimNode>();
    const count = (node: SimNode): void => {
      if (seen.has(node)) return;
      seen.add(node);
      if (node.kind === 'file') this.#usedBytes += node.content.length;
      if (node.kind === 'directory') for (const child of node.entries.values()) count(child);
    };
    count(root);
    this.#usedInodes = seen.size;
  }

  place(task: Task, path: string, follow = false): Place {
    const known = this.#known.find(task, path, follow);
    if (known !== undefined) return known;
    const place = resolve(this.root, task, path, follow);
    this.#known.learn(task, path, place);
    return place;
  }

  node(task: Task, path: string, follow: boolean): SimNode {
    const { node } = this.place(task, path, follow);
    if (node === undefined) throw new Refusal('ENOENT');
    return node;
  }

  /** Puts a new inode under a name that must be free. */
  make<T extends SimNode>(task: Task, path: string, build: (place: Place) => T): T {
    const place = this.place(task, path);
    if (place.key === '' || place.node !== undefined) throw new Refusal('EEXIST');
    this.mayChange(task, place.dir);
    if (this.#usedInodes >= this.limits.inodes) throw new Refusal('ENOSPC');
    const node = build(place);
    this.change([[place.dir, place.key, node]]);
    return node;
  }

  newFile(task: Pick<Task, 'uid'>, dev: bigint, mode: number): FileNode {
    return fileNode(this.attributes(task.uid, dev, mode), mode, new Uint8Array(0));
  }

  newDirectory(
    owner: { uid: number; dev: bigint; mode: number },
    parent: DirNode | undefined,
    name: string,
    mountPoint: boolean,
  ): DirNode {
    const attributes = this.attributes(owner.uid, owner.dev, owner.mode);
    const dir = dirNode(attributes, owner.mode, parent, name, mountPoint);
    if (parent === undefined) dir.nlink = 2;
    return dir;
  }

  attributes(uid: number, dev: bigint, mode: number) {
    this.#inodes += 1n;
    this.#usedInodes += 1;
    const now = this.tick();
    return {
      ino: this.#inodes,
      dev,
      uid,
      gid: uid,
      mode,
      syncedMode: mode,
      nlink: 0,
      opens: 0,
      mtimeNs: now,
      ctimeNs: now,
    };
  }

  /** Changes names in one step, in memory; the journal remembers it until a sync. */
  change(changes: ReadonlyArray<readonly [DirNode, string, SimNode | undefined]>, emptied?: DirNode): NameOp {
    const before = changes.map(([dir, key]) => dir.entries.get(key));
    const now = this.tick();
    for (const [dir, key, to] of changes) {
      enter(dir, 'entries', key, to);
      dir.mtimeNs = now;
      dir.ctimeNs = now;
      if (to === undefined) continue;
      to.nlink += to.kind === 'directory' ? 2 : 1;
      to.ctimeNs = now;
      if (to.kind === 'directory') {
        to.parent = dir;
        to.name = keyName(key) ?? '?';
      }
    }
    for (const node of before) {
      if (node === undefined) continue;
      if (node.kind === 'directory') this.#known.forget();
      node.nlink -= node.kind === 'directory' ? 2 : 1;
      this.release(node);
    }
    return this.journal.record(
      changes.map(([dir, key, to]) => ({ dir, key, to })),
      emptied,
    );
  }

  /** Gives back the room of an inode that has neither a name nor an open descriptor. */
  release(node: SimNode): void {
    if (node.nlink > 0 || node.opens > 0) return;
    this.#usedInodes -= 1;
    if (node.kind === 'file') this.#usedBytes -= node.content.length;
  }

  mayChange(task: Task, dir: DirNode, victim?: SimNode): void {
    if (dir.nlink === 0) throw new Refusal('ENOENT');
    permit(dir, task, 3);
    const sticky = (dir.mode & 0o1000) !== 0;
    if (victim !== undefined && sticky && task.uid !== 0 && task.uid !== victim.uid && task.uid !== dir.uid)
      throw new Refusal('EPERM');
  }

  /** Appends what there is room for: a full disk leaves a part of it, as Linux does. */
  append(file: FileNode, bytes: Uint8Array): void {
    const room = Math.max(0, this.limits.bytes - this.#usedBytes);
    const fits = bytes.length <= room ? bytes : bytes.subarray(0, room);
    const grown = new Uint8Array(file.content.length + fits.length);
    grown.set(file.content);
    grown.set(fits, file.content.length);
    this.replace(file, grown);
    if (fits.length < bytes.length) throw new Refusal('ENOSPC');
  }

  replace(file: FileNode, content: Uint8Array): void {
    this.#usedBytes += content.length - file.content.length;
    file.content = content;
    file.mtimeNs = this.tick();
    file.ctimeNs = file.mtimeNs;
  }

  syncFile(file: FileNode): void {
    if (file.poisoned) return;
    file.synced = file.content;
    file.syncedMode = file.mode;
  }

  syncDir(dir: DirNode): void {
    if (this.limits.lacks.has('syncDir')) throw new Refusal('EINVAL');
    dir.syncedMode = dir.mode;
    this.journal.syncDir(dir);
  }

  /** Everything on one filesystem, or on all. */
  syncAll(dev?: bigint): void {
    this.journal.syncAll(dev);
    const visit = (node: SimNode): void => {
      if (dev === undefined || node.dev === dev) {
        if (node.kind === 'file') this.syncFile(node);
        node.syncedMode = node.mode;
      }
      if (node.kind === 'directory') for (const child of node.entries.values()) visit(child);
    };
    visit(this.root);
  }

  chmod(task: Task, node: SimNode, mode: number): void {
    if (task.uid !== 0 && task.uid !== node.uid) throw new Refusal('EPERM');
    node.mode = mode & 0o7777;
    this.#known.forget();
    node.ctimeNs = this.tick();
  }

  chown(task: Task, node: SimNode, { uid, gid }: { readonly uid?: number; readonly gid?: number }): void {
    if (task.uid !== 0 && (task.uid !== node.uid || uid !== undefined)) throw new Refusal('EPERM');
    node.uid = uid ?? node.uid;
    node.gid = gid ?? node.gid;
    this.#known.forget();
    node.ctimeNs = this.tick();
  }

  realpath(task: Task, path: string): string {
    const place = this.place(task, path, true);
    if (place.node === undefined) throw new Refusal('ENOENT');
    if (place.node.kind === 'directory') return pathOf(place.node);
    return `${pathOf(place.dir).replace(/\/$/, '')}/${place.key}`;
  }

  directory(task: Task, path: string, follow: boolean): DirNode {
    return asDirectory(this.node(task, path, follow));
  }

  space(): SpaceInfo {
    const free = Math.max(0, this.limits.bytes - this.#usedBytes);
    return { type: EXT4, freeBytes: Math.min(free, 2 ** 40) - (Math.min(free, 2 ** 40) % BLOCK) };
  }

  /** Strictly increasing, so that no two changes have one time. */
  tick(): bigint {
    const now = BigInt(this.#now()) * 1_000_000n;
    this.#ticks = now > this.#ticks ? now : this.#ticks + 1000n;
    return this.#ticks;
  }
}
