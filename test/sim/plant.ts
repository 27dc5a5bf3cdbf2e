import { dirname } from 'node:path';
import type { Kernel } from './kernel.js';
import { type DirNode, Refusal, rawKey, type SimNode } from './nodes.js';
import { asDirectory, type Place, resolveNode, type Task } from './resolve.js';

/**
 * Puts things on a simulated disk that hs would never make, durable at once and past every permission:
 * links, FIFOs, damage, other people's files.
 */
export class Plant {
  readonly #kernel: Kernel;
  readonly #root: Task = { uid: 0, dirs: new Map() };
  readonly #uid: number;
  #devices = 1n;

  constructor(kernel: Kernel, uid: number) {
    this.#kernel = kernel;
    this.#uid = uid;
  }

  /** A directory, and those above it. */
  dir(path: string, mode = 0o755): void {
    let at = '';
    for (const name of path.split('/').filter((part) => part !== '')) {
      at += `/${name}`;
      if (this.#kernel.place(this.#root, at, true).node === undefined) this.#newDir(at, mode, false);
    }
  }

  /** A file with this content; one that is there is overwritten in place, as a bad disk does. */
  file(path: string, content: Uint8Array | string, mode = 0o644): void {
    const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
    this.dir(dirname(path));
    const found = this.#kernel.place(this.#root, path, true).node;
    const node =
      found ?? this.#put(path, ({ dir }) => this.#kernel.newFile({ uid: this.#uid }, dir.dev, mode));
    if (node.kind !== 'file') throw new Refusal('EINVAL');
    this.#kernel.replace(node, new Uint8Array(bytes));
    node.synced = node.content;
  }

  symlink(target: string, path: string): void {
    this.#put(path, ({ dir }) => ({
      kind: 'symlink',
      target,
      ...this.#kernel.attributes(this.#uid, dir.dev, 0o777),
    }));
  }

  fifo(path: string): void {
    this.#put(path, ({ dir }) => ({ kind: 'other', ...this.#kernel.attributes(this.#uid, dir.dev, 0o644) }));
  }

  /** A file whose name is not UTF-8. */
  rawName(dirPath: string, name: Uint8Array): void {
    const dir = asDirectory(resolveNode(this.#kernel.root, this.#root, dirPath, true));
    const node = this.#kernel.newFile({ uid: this.#uid }, dir.dev, 0o644);
    this.#settle(dir, rawKey(name), node);
  }

  /** A directory on another filesystem. */
  mount(path: string): void {
    this.#newDir(path, 0o755, true);
  }

  owner(path: string, uid: number): void {
    this.#kernel.chown(this.#root, this.#kernel.node(this.#root, path, false), { uid });
  }

  #newDir(path: string, mode: number, mountPoint: boolean): DirNode {
    return this.#put(path, ({ dir, key }) => {
      if (mountPoint) this.#devices += 1n;
      const dev = mountPoint ? this.#devices : dir.dev;
      return this.#kernel.newDirectory({ uid: this.#uid, dev, mode }, dir, key, mountPoint);
    });
  }

  /** Makes the directories above it too. */
  #put<T extends SimNode>(path: string, build: (place: Place) => T): T {
    this.dir(dirname(path));
    const place = this.#kernel.place(this.#root, path);
    if (place.key === '' || place.node !== undefined) throw new Refusal('EEXIST');
    const node = build(place);
    this.#settle(place.dir, place.key, node);
    return node;
  }

  #settle(dir: DirNode, key: string, node: SimNode): void {
    this.#kernel.journal.settle(this.#kernel.change([[dir, key, node]]));
  }
}
