import { type DirNode, type LinkNode, Refusal, type SimNode } from './nodes.js';

/** Who asks: the user, and the directories it holds open by descriptor. */
export interface Task {
  readonly uid: number;
  readonly dirs: ReadonlyMap<number, DirNode>;
}

/** Where a path leads: a name in a directory, and what is there. The key is '' for a place without a name. */
export interface Place {
  readonly dir: DirNode;
  readonly key: string;
  readonly node: SimNode | undefined;
}

const DESCRIPTOR_PATH = /^\/proc\/self\/fd\/(\d+)(\/.*)?$/s;
const MOST_LINKS = 40;
export const LONGEST_NAME = 255;
const SLASH = 0x2f;

/** Read, write and search permission, as bits 4, 2 and 1; root has them all. */
export function permit(node: SimNode, task: Task, bits: number): void {
  if (task.uid === 0) return;
  const mode = node.uid === task.uid ? node.mode >> 6 : node.mode;
  if ((mode & bits) !== bits) throw new Refusal('EACCES');
}

/** The walk of the kernel over `path`; `follow` is about a link in the last component. */
export function resolve(root: DirNode, task: Task, path: string, follow: boolean): Place {
  if (!path.startsWith('/') || path.includes('\0')) throw new Refusal('EINVAL');
  const descriptor = path.startsWith('/proc/') ? DESCRIPTOR_PATH.exec(path) : null;
  if (descriptor === null) return walk(root, root, task, path, follow);
  const dir = task.dirs.get(Number(descriptor[1]));
  if (dir === undefined) throw new Refusal('ENOENT');
  const below = descriptor[2];
  if (below !== undefined) return walk(root, dir, task, below, follow);
  return { dir: dir.parent, key: '', node: follow ? dir : magicLink(dir) };
}

/** What `resolve` finds; ENOENT when nothing is there. */
export function resolveNode(root: DirNode, task: Task, path: string, follow: boolean): SimNode {
  const { node } = resolve(root, task, path, follow);
  if (node === undefined) throw new Refusal('ENOENT');
  return node;
}

export function asDirectory(node: SimNode): DirNode {
  if (node.kind !== 'directory') throw new Refusal('ENOTDIR');
  return node;
}

function walk(root: DirNode, start: DirNode, task: Task, path: string, follow: boolean): Place {
  const mustBeDirectory = path.endsWith('/');
  let left = path;
  let at: SimNode = start;
  let links = 0;
  for (let from = afterSlashes(left, 0); from < left.length; ) {
    const slash = left.indexOf('/', from);
    const end = slash < 0 ? left.length : slash;
    const name = left.slice(from, end);
    from = afterSlashes(left, end);
    const dir: DirNode = asDirectory(at);
    permit(dir, task, 1);
    if (name === '.') continue;
    if (name === '..') {
      at = dir.parent;
      continue;
    }
    if (name.length > LONGEST_NAME / 3 && Buffer.byteLength(name) > LONGEST_NAME)
      throw new Refusal('ENAMETOOLONG');
    const node: SimNode | undefined = dir.entries.get(name);
    const last = from === left.length;
    if (node?.kind === 'symlink' && (!last || follow || mustBeDirectory)) {
      links += 1;
      if (links > MOST_LINKS) throw new Refusal('ELOOP');
      left = `${node.target}/${left.slice(from)}`;
      from = afterSlashes(left, 0);
      at = node.target.startsWith('/') ? root : dir;
      continue;
    }
    if (last) {
      if (mustBeDirectory && node !== undefined) asDirectory(node);
      return { dir, key: name, node };
    }
    if (node === undefined) throw new Refusal('ENOENT');
    at = node;
  }
  const dir = asDirectory(at);
  return { dir: dir.parent, key: '', node: dir };
}

/** Where the next name of a path begins, from a place at which a slash may be. */
function afterSlashes(path: string, at: number): number {
  let from = at;
  while (path.charCodeAt(from) === SLASH) from++;
  return from;
}

function magicLink(dir: DirNode): LinkNode {
  const { ino, uid, gid, mtimeNs, ctimeNs } = dir;
  const attributes = {
    ino,
    uid,
    gid,
    mtimeNs,
    ctimeNs,
    dev: 0n,
    mode: 0o777,
    syncedMode: 0o777,
    nlink: 1,
    opens: 0,
  };
  return { kind: 'symlink', target: '', magic: dir, ...attributes };
}
