import { spawn } from 'node:child_process';
import { isErrno } from '../errors/hs-error.js';
import type { DirEntry, Disk, FileStat } from '../fsx/disk.js';
import { isPlainOption, MERGED, namespacePrefix, UPPER } from './overlay.js';
import type { SandboxPaths } from './sandbox-paths.js';
import type { SandboxHost, StrayWrite } from './sandbox-types.js';
import { displayName, lstatOrNone, pairMoves, type SeenFile, sortStray } from './stray-writes.js';

const OPAQUE_GAP = 'for a directory that was removed and created again, deleted files are not listed';

const CLOSED_GAP = 'the earlier contents of unreadable project directories are unknown';
const EARLY_GAP = 'not everything that the tool wrote in the project could be inspected';

export interface OverlayWrites {
  readonly stray: StrayWrite[];
  readonly gaps: string[];
}

/** The changes that the tool would have made to the project, from the overlay's upper directory. */
export async function overlayWrites(host: SandboxHost, paths: SandboxPaths): Promise<OverlayWrites> {
  const walk = new Walk(host.disk, paths);
  try {
    await walk.project();
    if (walk.shared.length > 0 && !(await listReplaced(host, paths, walk))) walk.gaps.add(OPAQUE_GAP);
  } catch (e) {
    // The tool has run: its exit status and the known facts remain valid.
    if (!isErrno(e)) throw e;
    walk.gaps.add(EARLY_GAP);
  }
  return { stray: sortStray(pairMoves(walk.found, walk.vanished, walk.appeared)), gaps: [...walk.gaps] };
}

class Walk {
  readonly found: StrayWrite[] = [];
  readonly vanished: SeenFile[] = [];
  readonly appeared: SeenFile[] = [];
  /** A directory in both the project and the upper directory; either may have been removed and created again. */
  readonly shared: string[] = [];
  readonly gaps = new Set<string>();
  readonly #disk: Disk;
  readonly #paths: SandboxPaths;

  constructor(disk: Disk, paths: SandboxPaths) {
    this.#disk = disk;
    this.#paths = paths;
  }

  async project(): Promise<void> {
    const upper = await this.#disk.lstat(`${this.#paths.scratch}/${UPPER}`);
    const lower = await this.#disk.lstat(this.#paths.project);
    if (upper.mode !== (lower.mode & 0o777)) this.found.push({ path: '.', kind: 'mode', what: 'directory' });
    await this.directory('');
  }

  /** `rel` is empty for the project itself, else ends with a slash. */
  async directory(rel: string): Promise<void> {
    for (const entry of await this.#written(rel)) await this.#entry(rel, entry);
  }

  /** Opens directories that the tool closed: they belong to hs, and their modes were recorded. */
  async #written(rel: string): Promise<DirEntry[]> {
    const path = `${this.#paths.scratch}/${UPPER}/${rel}`;
    try {
      await openUp(this.#disk, path, 0o700);
      return await this.#disk.readdir(path);
    } catch (e) {
      // Deeper than the maximum path length: its directory is reported.
      if (isErrno(e, 'ENAMETOOLONG')) return [];
      if (!isErrno(e, 'EACCES', 'EPERM')) throw e;
      this.gaps.add(EARLY_GAP);
      this.found.push({ path: rel === '' ? '.' : rel.slice(0, -1), kind: 'change', what: 'directory' });
      return [];
    }
  }

  async #entry(rel: string, entry: DirEntry): Promise<void> {
    if (entry.name === undefined) {
      // No text path reaches it, so neither its original nor its contents can be examined.
      this.found.push({ path: rel + displayName(entry.bytes), kind: 'change', what: entry.kind });
      return;
    }
    const path = rel + entry.name;
    const upper = await lstatOrNone(this.#disk, `${this.#paths.scratch}/${UPPER}/${path}`);
    if (upper === undefined) {
      // Deeper than the maximum path length: its directory is reported.
      this.found.push({ path, kind: 'create', what: entry.kind });
      return;
    }
    const lower = await this.#before(path);
    if (lower === 'closed') {
      this.gaps.add(CLOSED_GAP);
      const kind = upper.kind === 'other' && upper.mode === 0 ? 'delete' : 'change';
      this.found.push({ path, kind, what: upper.kind });
      if (upper.kind === 'directory') await this.directory(`${path}/`);
    } else if (lower !== undefined && upper.kind === 'other' && upper.mode === 0) this.delete(path, lower);
    else if (upper.kind === 'directory') await this.#directoryEntry(path, upper, lower);
    else await this.#fileEntry(path, upper, lower);
  }

  /** The project's entry at that path; `closed` if its directory cannot be searched. */
  async #before(path: string): Promise<FileStat | 'closed' | undefined> {
    try {
      return await this.#disk.lstat(`${this.#paths.project}/${path}`);
    } catch (e) {
      if (isErrno(e, 'EACCES')) return 'closed';
      if (isErrno(e, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) return undefined;
      throw e;
    }
  }

  delete(path: string, lower: FileStat): void {
    this.found.push({ path, kind: 'delete', what: lower.kind });
    if (lower.kind === 'file') this.vanished.push({ path, stat: lower });
  }

  async #directoryEntry(path: string, upper: FileStat, lower: FileStat | undefined): Promise<void> {
    if (lower === undefined) this.found.push({ path, kind: 'create', what: 'directory' });
    else if (lower.kind !== 'directory') this.found.push({ path, kind: 'change', what: 'directory' });
    else {
      this.shared.push(`${path}/`);
      if (lower.mode !== upper.mode) this.found.push({ path, kind: 'mode', what: 'directory' });
    }
    await this.directory(`${path}/`);
  }

  async #fileEntry(path: string, upper: FileStat, lower: FileStat | undefined): Promise<void> {
    const what = upper.kind;
    if (lower === undefined) {
      this.found.push({ path, kind: 'create', what });
      if (what === 'file') this.appeared.push({ path, stat: upper });
    } else if (!(await this.#sameContent(path, upper, lower)))
      this.found.push({ path, kind: 'change', what });
    else if (lower.mode !== upper.mode) this.found.push({ path, kind: 'mode', what });
    else if (lower.mtimeNs !== upper.mtimeNs) this.found.push({ path, kind: 'times', what });
    // Equal in every respect: it was opened for writing, but not written.
  }

  async #sameContent(path: string, upper: FileStat, lower: FileStat): Promise<boolean> {
    if (upper.kind !== lower.kind || upper.size !== lower.size) return false;
    const [from, to] = [`${this.#paths.project}/${path}`, `${this.#paths.scratch}/${UPPER}/${path}`];
    if (upper.kind === 'symlink')
      return (await this.#disk.readlink(from)) === (await this.#disk.readlink(to));
    if (upper.kind !== 'file') return false;
    try {
      await openUp(this.#disk, to, 0o400);
      return await sameBytes(this.#disk, from, to);
    } catch (e) {
      // If they cannot be compared, assume a write.
      if (isErrno(e, 'EACCES', 'EPERM')) return false;
      throw e;
    }
  }
}

async function sameBytes(disk: Disk, a: string, b: string): Promise<boolean> {
  const [left, right] = [await disk.open(a, { access: 'read' }), await disk.open(b, { access: 'read' })];
  const buffers = [new Uint8Array(1 << 16), new Uint8Array(1 << 16)] as const;
  try {
    for (let position = 0; ; ) {
      const count = await left.read(buffers[0], position);
      if (count !== (await right.read(buffers[1], position))) return false;
      if (Buffer.compare(buffers[0].subarray(0, count), buffers[1].subarray(0, count)) !== 0) return false;
      if (count === 0) return true;
      position += count;
    }
  } finally {
    await left.close();
    await right.close();
  }
}

/** Gives the owner the permissions needed for reading. */
async function openUp(disk: Disk, path: string, bits: number): Promise<void> {
  const { mode } = await disk.lstat(path);
  if ((mode & bits) !== bits) await disk.chmod(path, mode | bits);
}

/** The names, each as a key; `undefined` for a directory that is unreadable or too deep for a path. */
async function readable(disk: Disk, path: string): Promise<Map<string, DirEntry> | undefined> {
  try {
    return new Map((await disk.readdir(path)).map((entry) => [hex(entry.bytes), entry]));
  } catch (e) {
    if (isErrno(e, 'EACCES', 'ENAMETOOLONG')) return undefined;
    throw e;
  }
}

const LOOK = `set -e
"$1" -t overlay -o "ro,lowerdir=$2/${UPPER}:.,userxattr" overlay "$2/${MERGED}"
echo mounted; read -r end || :`;

/**
 * A directory that the tool removed and created again hides its original contents by an extended attribute, which Node
 * cannot read. So the overlay is mounted once more and read through the root of its process.
 */
async function listReplaced(host: SandboxHost, paths: SandboxPaths, walk: Walk): Promise<boolean> {
  const namespace = await namespacePrefix(host);
  if ('unavailable' in namespace || !isPlainOption(paths.scratch)) return false;
  const [program, ...args] = [
    ...namespace.unshare,
    '/bin/sh',
    '-c',
    LOOK,
    'hs',
    namespace.mount,
    paths.scratch,
  ];
  const child = spawn(program!, args, { cwd: paths.project, stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const mounted = new Promise<boolean>((resolve) => {
    child.stdout.once('data', () => resolve(true));
    child.once('error', () => resolve(false));
    void ended.then(() => resolve(false));
  });
  try {
    if (!(await mounted)) return false;
    const merged = `/proc/${child.pid}/root${paths.scratch}/${MERGED}`;
    for (const rel of walk.shared) {
      const left = await readable(host.disk, `${merged}/${rel}`);
      const upper = await readable(host.disk, `${paths.scratch}/${UPPER}/${rel}`);
      const before = await readable(host.disk, `${paths.project}/${rel}`);
      if (left === undefined || upper === undefined || before === undefined) {
        walk.gaps.add(before === undefined ? CLOSED_GAP : EARLY_GAP);
        continue;
      }
      for (const [key, entry] of before) {
        if (left.has(key) || upper.has(key)) continue;
        const path = rel + (entry.name ?? displayName(entry.bytes));
        if (entry.name === undefined) walk.found.push({ path, kind: 'delete', what: entry.kind });
        else walk.delete(path, await host.disk.lstat(`${paths.project}/${path}`));
      }
    }
    return true;
  } catch (e) {
    if (isErrno(e, 'EACCES', 'EPERM', 'ENOENT')) return false;
    throw e;
  } finally {
    child.stdin.end();
    await ended;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
