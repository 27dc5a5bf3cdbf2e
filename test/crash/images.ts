import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';

const MIB = 1024 * 1024;

export type Filesystem = 'ext4' | 'xfs' | 'btrfs';

/** How each is made and mounted. Nothing is written out by the clock within a run: what was not synced is lost. */
const KINDS: Readonly<Record<Filesystem, { make: readonly string[]; mount: string; snapshot: string }>> = {
  ext4: { make: ['mkfs.ext4', '-q', '-F'], mount: 'commit=600', snapshot: '' },
  // Two with one identity are refused otherwise.
  xfs: { make: ['mkfs.xfs', '-q', '-f'], mount: '', snapshot: 'nouuid' },
  btrfs: { make: ['mkfs.btrfs', '-q', '-f'], mount: 'commit=600', snapshot: '' },
};
const IMAGE_MIB = 640;
const OUTER_MIB = 6000;

export const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

export function blankImage(path: string, mib: number): void {
  const file = openSync(path, 'w');
  ftruncateSync(file, mib * MIB);
  closeSync(file);
}

/** The arguments of mount for an image on a loop device, which goes when it is unmounted. */
export function mounting(image: string, where: string, options: string): string[] {
  return ['-o', ['loop', ...(options === '' ? [] : [options])].join(), image, where];
}

/** A filesystem in a file, on a filesystem where a copy of that file is one atomic step. */
export class PowerLab {
  readonly #dir: string;
  readonly kind: Filesystem;

  constructor(dir: string, kind: Filesystem) {
    this.#dir = dir;
    this.kind = kind;
  }

  /** Below which the filesystem is mounted. */
  get mount(): string {
    return join(this.#dir, 'inner');
  }
  get #outer(): string {
    return join(this.#dir, 'outer');
  }
  get #image(): string {
    return join(this.#outer, 'inner.img');
  }
  get #snapshot(): string {
    return join(this.#outer, 'snapshot.img');
  }

  open(): void {
    const { make, mount } = KINDS[this.kind];
    for (const path of [this.#outer, this.mount]) mkdirSync(path, { recursive: true });
    const outer = join(this.#dir, 'outer.img');
    blankImage(outer, OUTER_MIB);
    run('mkfs.xfs', '-q', '-f', '-m', 'reflink=1', outer);
    run('mount', ...mounting(outer, this.#outer, ''));
    blankImage(this.#image, IMAGE_MIB);
    run(make[0]!, ...make.slice(1), this.#image);
    run('mount', ...mounting(this.#image, this.mount, mount));
  }

  /** The command by which the power is cut: what the filesystem had written at one moment, and nothing after it. */
  get cut(): readonly string[] {
    return ['cp', '--reflink=always', this.#image, this.#snapshot];
  }

  /** The command that runs another one, in mounts of its own, where the power came back. */
  afterCut(command: readonly string[]): readonly string[] {
    const mount = mounting(this.#snapshot, this.mount, KINDS[this.kind].snapshot);
    return ['unshare', '--mount', 'sh', '-c', `mount ${mount.join(' ')} && exec "$@"`, 'sh', ...command];
  }

  /** Also under a process that is just being killed. */
  close(): void {
    for (const mount of [this.mount, this.#outer]) run('umount', '--lazy', mount);
  }
}
