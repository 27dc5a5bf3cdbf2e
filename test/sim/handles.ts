import type { DirEntry, DiskDir, DiskFile, FileStat } from '../../src/fsx/disk.js';
import type { Kernel } from './kernel.js';
import { type DirNode, type FileNode, keyBytes, keyName, pathOf, Refusal, statOf } from './nodes.js';
import type { SimProcess } from './process.js';
import { permit } from './resolve.js';
import type { Rng } from './rng.js';
import type { Mishaps } from './scheduler.js';

/** Linux frees the descriptor and the lock even where close(2) fails. */
function closing(process: SimProcess, handle: SimFile | SimDir): [act: () => void, mishaps: Mishaps] {
  const close = () => process.forget(handle);
  return [close, { failed: close }];
}

/** An open file of a simulated process. */
export class SimFile implements DiskFile {
  readonly #process: SimProcess;
  readonly #kernel: Kernel;
  readonly #node: FileNode;
  readonly #path: string;
  readonly #writable: boolean;
  #open = true;

  constructor(process: SimProcess, kernel: Kernel, node: FileNode, path: string, writable: boolean) {
    this.#process = process;
    this.#kernel = kernel;
    this.#node = node;
    this.#path = path;
    this.#writable = writable;
    node.opens += 1;
  }

  /** What the kernel does at close, and at the death of the process. */
  release(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#node.lock === this) this.#node.lock = undefined;
    this.#node.opens -= 1;
    this.#kernel.release(this.#node);
  }

  read(buffer: Uint8Array, position: number): Promise<number> {
    const read = (length: number) => {
      const { content } = this.#opened();
      const part = content.subarray(position, position + length);
      buffer.set(part);
      return part.length;
    };
    return this.#process.step('file.read', this.#path, () => read(buffer.length), {
      short: (rng) => ({ value: read(1 + rng.below(buffer.length)) }),
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    const { act, ...mishaps } = this.#writing(bytes);
    return this.#process.step('file.write', this.#path, act, mishaps);
  }

  #writing(bytes: Uint8Array): Mishaps & { act(): void } {
    return {
      act: () => this.#kernel.append(this.#opened(true), bytes),
      torn: (rng) => this.#tear(bytes, rng),
      failed: (rng) => this.#tear(bytes, rng),
      short: (rng) => {
        const count = rng.below(bytes.length + 1);
        this.#kernel.append(this.#opened(true), bytes.subarray(0, count));
        return { rest: this.#writing(bytes.subarray(count)) };
      },
    };
  }

  /** A write that fails, or in which its process dies, leaves a part. */
  #tear(bytes: Uint8Array, rng: Rng): void {
    if (!this.#open || !this.#writable) return;
    try {
      this.#kernel.append(this.#node, bytes.subarray(0, rng.below(bytes.length + 1)));
    } catch (e) {
      if (!(e instanceof Refusal)) throw e;
    }
  }

  sync(): Promise<void> {
    return this.#process.step('file.sync', this.#path, () => this.#kernel.syncFile(this.#opened()), {
      failed: () => {
        this.#node.poisoned = true;
      },
    });
  }

  stat(): Promise<FileStat> {
    return this.#process.step('file.stat', this.#path, () => statOf(this.#opened()));
  }

  chmod(mode: number): Promise<void> {
    return this.#process.step('file.chmod', this.#path, () =>
      this.#kernel.chmod(this.#process, this.#opened(), mode),
    );
  }

  tryLock(): Promise<boolean> {
    return this.#process.step('file.tryLock', this.#path, () => {
      if (this.#kernel.limits.lacks.has('lock')) throw new Refusal('ENOLCK');
      const node = this.#opened(true);
      node.lock ??= this;
      return node.lock === this;
    });
  }

  close(): Promise<void> {
    return this.#process.step('file.close', this.#path, ...closing(this.#process, this));
  }

  #opened(writing = false): FileNode {
    if (!this.#open || (writing && !this.#writable)) throw new Refusal('EBADF');
    return this.#node;
  }
}

/** An open directory of a simulated process. */
export class SimDir implements DiskDir {
  readonly path: string;
  readonly #process: SimProcess;
  readonly #kernel: Kernel;
  readonly #node: DirNode;
  readonly #fd: number;
  readonly #openedBy: string;
  #open = true;

  constructor(process: SimProcess, kernel: Kernel, node: DirNode, fd: number, openedBy: string) {
    this.path = `/proc/self/fd/${fd}`;
    this.#process = process;
    this.#kernel = kernel;
    this.#node = node;
    this.#fd = fd;
    this.#openedBy = openedBy;
    node.opens += 1;
    process.dirs.set(fd, node);
  }

  release(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#process.dirs.delete(this.#fd);
    this.#node.opens -= 1;
    this.#kernel.release(this.#node);
  }

  stat(): Promise<FileStat> {
    return this.#process.step('dir.stat', this.#openedBy, () => statOf(this.#opened()));
  }

  sync(): Promise<void> {
    return this.#process.step('dir.sync', this.#openedBy, () => this.#kernel.syncDir(this.#opened()));
  }

  where(): Promise<string> {
    return this.#process.step('dir.where', this.#openedBy, () => pathOf(this.#opened()));
  }

  mount(): Promise<string> {
    return this.#process.step('dir.mount', this.#openedBy, () => String(this.#opened().dev));
  }

  close(): Promise<void> {
    return this.#process.step('dir.close', this.#openedBy, ...closing(this.#process, this));
  }

  #opened(): DirNode {
    if (!this.#open) throw new Refusal('EBADF');
    return this.#node;
  }
}

/** The entries of a directory whose name falls in one half, or all. */
export function listEntries(dir: DirNode, process: SimProcess, half?: 0 | 1): DirEntry[] {
  permit(dir, process, 4);
  // Reversed: whoever counts on the order of creation is found out.
  const listed: DirEntry[] = [];
  for (const [key, node] of dir.entries)
    if (half === undefined || key.charCodeAt(key.length - 1) % 2 === half)
      listed.push(new ListedEntry(key, node.kind));
  return listed.reverse();
}

/** The bytes of a name are asked for seldom. */
class ListedEntry implements DirEntry {
  readonly name: string | undefined;
  readonly kind: DirEntry['kind'];
  readonly #key: string;

  constructor(key: string, kind: DirEntry['kind']) {
    this.name = keyName(key);
    this.kind = kind;
    this.#key = key;
  }

  get bytes(): Uint8Array {
    return keyBytes(this.#key);
  }
}
