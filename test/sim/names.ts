import type { Kernel } from './kernel.js';
import { type DirNode, Refusal, type SimNode } from './nodes.js';
import type { Place, Task } from './resolve.js';

/** link(2): the source is not followed, and another user's file is refused (protected_hardlinks). */
export function link(kernel: Kernel, task: Task, from: string, to: string): void {
  const node = kernel.node(task, from, false);
  const place = kernel.place(task, to);
  if (place.key === '' || place.node !== undefined) throw new Refusal('EEXIST');
  if (node.dev !== place.dir.dev) throw new Refusal('EXDEV');
  if (kernel.limits.lacks.has('link') || node.kind === 'directory') throw new Refusal('EPERM');
  if (task.uid !== 0 && task.uid !== node.uid) throw new Refusal('EPERM');
  kernel.mayChange(task, place.dir);
  if (node.nlink === 0) throw new Refusal('ENOENT');
  kernel.change([[place.dir, place.key, node]]);
}

export function unlink(kernel: Kernel, task: Task, path: string): void {
  const { dir, key, node } = existing(kernel, task, path);
  if (node.kind === 'directory') throw new Refusal('EISDIR');
  kernel.mayChange(task, dir, node);
  kernel.change([[dir, key, undefined]]);
}

export function rmdir(kernel: Kernel, task: Task, path: string): void {
  const { dir, key, node } = existing(kernel, task, path);
  if (node.kind !== 'directory') throw new Refusal('ENOTDIR');
  kernel.mayChange(task, dir, node);
  if (node.mountPoint) throw new Refusal('EBUSY');
  if (node.entries.size > 0) throw new Refusal('ENOTEMPTY');
  kernel.change([[dir, key, undefined]], node);
}

/** rename(2). Two names of one inode: nothing happens, and it is called a success. */
export function rename(kernel: Kernel, task: Task, from: string, to: string): void {
  const [source, target] = bothEnds(kernel, task, from, to);
  if (source.node === target.node) return;
  kernel.mayChange(task, target.dir, target.node);
  let emptied: DirNode | undefined;
  if (source.node.kind === 'directory') {
    notInside(source.node, target.dir);
    if (target.node !== undefined) emptied = emptyDirectory(target.node);
  } else if (target.node?.kind === 'directory') {
    throw new Refusal('EISDIR');
  }
  move(kernel, source, target, emptied);
}

export function renameNoReplace(kernel: Kernel, task: Task, from: string, to: string): void {
  const [source, target] = bothEnds(kernel, task, from, to);
  if (target.node !== undefined) throw new Refusal('EEXIST');
  kernel.mayChange(task, target.dir);
  if (source.node.kind === 'directory') notInside(source.node, target.dir);
  move(kernel, source, target);
}

/** renameat2(RENAME_EXCHANGE) */
export function exchange(kernel: Kernel, task: Task, a: string, b: string): void {
  if (kernel.limits.lacks.has('exchange')) throw new Refusal('EINVAL');
  const [first, second] = bothEnds(kernel, task, a, b);
  if (second.node === undefined) throw new Refusal('ENOENT');
  if (first.node === second.node) return;
  kernel.mayChange(task, second.dir, second.node);
  if (first.node.kind === 'directory') notInside(first.node, second.dir);
  if (second.node.kind === 'directory') notInside(second.node, first.dir);
  kernel.change([
    [first.dir, first.key, second.node],
    [second.dir, second.key, first.node],
  ]);
}

type Existing = Place & { readonly node: SimNode };

function existing(kernel: Kernel, task: Task, path: string): Existing {
  const place = kernel.place(task, path);
  if (place.node === undefined) throw new Refusal('ENOENT');
  if (place.key === '') throw new Refusal('EBUSY');
  return { ...place, node: place.node };
}

function bothEnds(kernel: Kernel, task: Task, from: string, to: string): [Existing, Place] {
  const source = existing(kernel, task, from);
  const target = kernel.place(task, to);
  if (target.key === '') throw new Refusal('EBUSY');
  if (source.dir.dev !== target.dir.dev) throw new Refusal('EXDEV');
  if (isMountPoint(source.node) || isMountPoint(target.node)) throw new Refusal('EBUSY');
  kernel.mayChange(task, source.dir, source.node);
  return [source, target];
}

function move(kernel: Kernel, source: Existing, target: Place, emptied?: DirNode): void {
  kernel.change(
    [
      [source.dir, source.key, undefined],
      [target.dir, target.key, source.node],
    ],
    emptied,
  );
}

function isMountPoint(node: SimNode | undefined): boolean {
  return node?.kind === 'directory' && node.mountPoint;
}

function emptyDirectory(node: SimNode): DirNode {
  if (node.kind !== 'directory') throw new Refusal('ENOTDIR');
  if (node.entries.size > 0) throw new Refusal('ENOTEMPTY');
  return node;
}

function notInside(moved: DirNode, place: DirNode): void {
  for (let at = place; ; at = at.parent) {
    if (at === moved) throw new Refusal('EINVAL');
    if (at.parent === at) return;
  }
}
