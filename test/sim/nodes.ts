import type { FileKind, FileStat } from '../../src/fsx/disk.js';

/** What every inode of the simulated disk has. */
export interface NodeBase {
  readonly ino: bigint;
  readonly dev: bigint;
  uid: number;
  gid: number;
  mode: number;
  /** The mode that a power cut leaves for certain. */
  syncedMode: number;
  nlink: number;
  /** Open descriptors: the inode lives on without a name while there is one. */
  opens: number;
  mtimeNs: bigint;
  ctimeNs: bigint;
}

export interface FileNode extends NodeBase {
  readonly kind: 'file';
  content: Uint8Array;
  /** The part that a power cut leaves for certain. */
  synced: Uint8Array;
  /** A sync failed: the kernel calls the pages clean, and no later sync writes them (as Linux does). */
  poisoned: boolean;
  /** The open file that holds the lock. */
  lock: object | undefined;
}

export interface DirNode extends NodeBase {
  readonly kind: 'directory';
  /** Keys are names, or for bytes that are not UTF-8 the mark of `rawKey`. */
  entries: ReadonlyMap<string, SimNode>;
  /** Those that a power cut leaves for certain; the same map as long as they are the same. */
  syncedEntries: ReadonlyMap<string, SimNode>;
  parent: DirNode;
  name: string;
  readonly mountPoint: boolean;
}

export interface LinkNode extends NodeBase {
  readonly kind: 'symlink';
  readonly target: string;
  /** `/proc/self/fd/N`: leads to the open directory, wherever that is. */
  readonly magic?: DirNode;
}

export interface SpecialNode extends NodeBase {
  readonly kind: 'other';
}

export type SimNode = FileNode | DirNode | LinkNode | SpecialNode;

/** A file with these attributes; all are made here, alike, which makes them fast for the engine. */
export function fileNode(of: NodeBase, mode: number, content: Uint8Array): FileNode {
  const { ino, dev, uid, gid, mtimeNs, ctimeNs } = of;
  return {
    kind: 'file',
    ino,
    dev,
    uid,
    gid,
    mode,
    syncedMode: mode,
    nlink: 0,
    opens: 0,
    mtimeNs,
    ctimeNs,
    content,
    synced: content,
    poisoned: false,
    lock: undefined,
  };
}

const NO_ENTRIES: ReadonlyMap<string, SimNode> = new Map();

/** Changes what a name of a directory is, now or after a power cut; undefined takes it away. */
export function enter(
  dir: DirNode,
  when: 'entries' | 'syncedEntries',
  key: string,
  to: SimNode | undefined,
): void {
  if (dir.entries === dir.syncedEntries || dir[when] === NO_ENTRIES) dir[when] = new Map(dir[when]);
  const entries = dir[when] as Map<string, SimNode>;
  if (to === undefined) entries.delete(key);
  else entries.set(key, to);
}

/** An empty directory with these attributes; without a parent it is a root. */
export function dirNode(
  of: NodeBase,
  mode: number,
  parent: DirNode | undefined,
  name: string,
  mountPoint: boolean,
): DirNode {
  const { ino, dev, uid, gid, mtimeNs, ctimeNs } = of;
  const dir = {
    kind: 'directory' as const,
    ino,
    dev,
    uid,
    gid,
    mode,
    syncedMode: mode,
    nlink: 0,
    opens: 0,
    mtimeNs,
    ctimeNs,
    entries: NO_ENTRIES,
    syncedEntries: NO_ENTRIES,
    parent: parent as DirNode,
    name,
    mountPoint,
  };
  dir.parent ??= dir;
  return dir;
}

/** A refusal by the simulated kernel; whoever calls it knows the operation and path to report with it. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

// No name holds a NUL, so a key that starts with one cannot be a name that is UTF-8.
const RAW = '\0';

/** The directory key for name bytes that are not UTF-8. */
export function rawKey(bytes: Uint8Array): string {
  return RAW + Buffer.from(bytes).toString('latin1');
}

export function keyBytes(key: string): Uint8Array {
  return key.startsWith(RAW) ? Buffer.from(key.slice(1), 'latin1') : Buffer.from(key, 'utf8');
}

export function keyName(key: string): string | undefined {
  return key.startsWith(RAW) ? undefined : key;
}

export const BLOCK = 4096;

export function sizeOf(node: SimNode): number {
  if (node.kind === 'file') return node.content.length;
  return node.kind === 'symlink' ? Buffer.byteLength(node.target) : node.kind === 'directory' ? BLOCK : 0;
}

export function statOf(node: SimNode): FileStat {
  const kind: FileKind = node.kind;
  return {
    kind,
    size: sizeOf(node),
    allocated: Math.ceil(sizeOf(node) / BLOCK) * BLOCK,
    mode: node.mode,
    uid: node.uid,
    gid: node.gid,
    nlink: node.nlink,
    dev: node.dev,
    ino: node.ino,
    mtimeNs: node.mtimeNs,
    ctimeNs: node.ctimeNs,
  };
}

/** Where a directory is now, as the kernel tells it. */
export function pathOf(dir: DirNode): string {
  const names: string[] = [];
  for (let at = dir; at.parent !== at; at = at.parent) {
    names.unshift(at.name);
    if (at.nlink === 0) return `/${names.join('/')} (deleted)`;
  }
  return `/${names.join('/')}`;
}
