import {
  accessSync,
  constants as flags,
  fstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
} from 'node:fs';
import { decodePath } from '../decode-name.js';
import type { DiskDir, FileStat } from '../disk.js';
import { Descriptor } from './descriptor.js';
import { DESCRIPTORS, dropName, holdName, shownPath } from './held-names.js';
import { toFileStat } from './stat.js';

let descriptorPaths: boolean | undefined;

function hasDescriptorPaths(): boolean {
  descriptorPaths ??= canAccess(DESCRIPTORS);
  return descriptorPaths;
}

function canAccess(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A descriptor of a directory; ENOTDIR for a link unless `follow`. */
export function openDirectory(path: string, follow: boolean): number {
  return openSync(
    path,
    flags.O_RDONLY | flags.O_DIRECTORY | flags.O_NONBLOCK | (follow ? 0 : flags.O_NOFOLLOW),
  );
}

/** `Disk.openDir` on the real disk. */
export function openNodeDir(path: string, follow: boolean): DiskDir {
  return new NodeDir(openDirectory(path, follow), path);
}

function mountId(fd: number): string | undefined {
  return /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
}

class NodeDir implements DiskDir {
  /**
   * Node has no openat; a name below `/proc/self/fd/N` is equivalent. Without /proc this is the path used to open the
   * directory, with no guarantee that it is still the same directory.
   */
  readonly path: string;
  readonly #descriptor: Descriptor;

  constructor(fd: number, path: string) {
    this.#descriptor = new Descriptor(fd, shownPath(path));
    holdName(fd, path);
    this.path = hasDescriptorPaths() ? `${DESCRIPTORS}/${fd}` : path;
  }

  async stat(): Promise<FileStat> {
    return toFileStat(fstatSync(this.#descriptor.fd('fstat'), { bigint: true }));
  }

  async sync(): Promise<void> {
    await this.#descriptor.sync();
  }

  async where(): Promise<string> {
    this.#descriptor.fd('readlink');
    if (!hasDescriptorPaths()) return realpathSync.native(this.path);
    return decodePath(readlinkSync(this.path, { encoding: 'buffer' }), 'readlink', this.path);
  }

  async mount(): Promise<string> {
    const fd = this.#descriptor.fd('mount');
    // The device identifies filesystems, not mounts, but is all there is without /proc.
    const id = hasDescriptorPaths() ? mountId(fd) : undefined;
    return id ?? `device ${fstatSync(fd, { bigint: true }).dev}`;
  }

  async close(): Promise<void> {
    if (this.#descriptor.isOpen) dropName(this.#descriptor.fd('close'));
    await this.#descriptor.close();
  }
}
