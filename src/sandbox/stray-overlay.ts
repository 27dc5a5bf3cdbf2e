import { spawn } from 'node:child_process';
import { isErrno } from '../errors/hs-error.js';
import type { DirEntry, Disk, FileStat } from '../fsx/disk.js';
import { isPlainOption, MERGED, namespacePrefix, UPPER } from './overlay.js';
import type { Places } from './places.js';
import { displayName, lstatOrNone, pairMoves, type Seen, sortStray } from './stray.js';
import type { SandboxHost, StrayWrite } from './types.js';

const OPAQUE_GAP = 'of a directory that was removed and made again, the files that are gone are not listed';

export interface OverlayWrites {
  readonly stray: StrayWrite[];
  readonly gaps: string[];
}

/** What the tool would have changed in the project, from the overlay's upper directory. */
export async function overlayWrites(host: SandboxHost, places: Places): Promise<OverlayWrites> {
  const walk = new Walk(host.disk, places);
  await walk.project();
  const gaps: string[] = [];
  if (walk.shared.length > 0 && !(await listReplaced(host, places, walk))) gaps.push(OPAQUE_GAP);
  return { stray: sortStray(pairMoves(walk.found, walk.vanished, walk.appeared)), gaps };
}

class Walk {
  readonly found: StrayWrite[] = [];
  readonly vanished: Seen[] = [];
  readonly appeared: Seen[] = [];
  /** Directories in both the project and the upper one; either may have been removed and made again. */
  readonly shared: string[] = [];
  readonly #disk: Disk;
  readonly #places: Places;

  constructor(disk: Disk, places: Places) {
    this.#disk = disk;
    this.#places = places;
  }

  async project(): Promise<void> {
    const upper = await this.#disk.lstat(`${this.#places.scratch}/${UPPER}`);
    const lower = await this.#disk.lstat(this.#places.project);
    if (upper.mode !== (lower.mode & 0o777)) this.found.push({ path: '.', kind: 'mode', what: 'directory' });
    await this.directory('');
  }

  /** `rel` is empty for the project itself, else ends with a slash. */
  async directory(rel: string): Promise<void> {
    for (const entry of await readable(this.#disk, `${this.#places.scratch}/${UPPER}/${rel}`)) {
      await this.#entry(rel, entry);
    }
  }

  async #entry(rel: string, entry: DirEntry): Promise<void> {
    if (entry.name === undefined) {
      // No path of text reaches it, so neither what was there nor what lies below can be looked at.
      this.found.push({ path: rel + displayName(entry.bytes), kind: 'change', what: entry.kind });
      return;
    }
    const path = rel + entry.name;
    const upper = await lstatOrNone(this.#disk, `${this.#places.scratch}/${UPPER}/${path}`);
    if (upper === undefined) {
      // Deeper than a path can say: its directory tells of it.
      this.found.push({ path, kind: 'create', what: entry.kind });
      return;
    }
    const lower = await lstatOrNone(this.#disk, `${this.#places.project}/${path}`);
    if (lower !== undefined && upper.kind === 'other' && upper.mode === 0) this.delete(path, lower);
    else if (upper.kind === 'directory') await this.#directoryEntry(path, upper, lower);
    else await this.#fileEntry(path, upper, lower);
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
    // What is the same in everything was opened for writing, and not written.
  }

  async #sameContent(path: string, upper: FileStat, lower: FileStat): Promise<boolean> {
    if (upper.kind !== lower.kind || upper.size !== lower.size) return false;
    const [from, to] = [`${this.#places.project}/${path}`, `${this.#places.scratch}/${UPPER}/${path}`];
    if (upper.kind === 'symlink')
      return (await this.#disk.readlink(from)) === (await this.#disk.readlink(to));
    if (upper.kind !== 'file') return false;
    return sameBytes(this.#disk, from, to);
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

/** A directory that cannot be read, or lies too deep for a path, was made so by the tool: it is listed itself. */
async function readable(disk: Disk, path: string): Promise<DirEntry[]> {
  try {
    return await disk.readdir(path);
  } catch (e) {
    if (isErrno(e, 'EACCES', 'ENAMETOOLONG')) return [];
    throw e;
  }
}

const LOOK = `set -e
"$1" -t overlay -o "ro,lowerdir=$2/${UPPER}:.,userxattr" overlay "$2/${MERGED}"
echo mounted; read -r end || :`;

/**
 * A directory that the tool removed and made again hides what it had, by an extended attribute, which
 * Node cannot read. So the overlay is mounted once more and looked at through its process's root.
 */
async function listReplaced(host: SandboxHost, places: Places, walk: Walk): Promise<boolean> {
  const namespace = await namespacePrefix(host);
  if ('unavailable' in namespace || !isPlainOption(places.scratch)) return false;
  const [program, ...args] = [
    ...namespace.unshare,
    '/bin/sh',
    '-c',
    LOOK,
    'hs',
    namespace.mount,
    places.scratch,
  ];
  const child = spawn(program!, args, { cwd: places.project, stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const mounted = new Promise<boolean>((resolve) => {
    child.stdout.once('data', () => resolve(true));
    child.once('error', () => resolve(false));
    void ended.then(() => resolve(false));
  });
  try {
    if (!(await mounted)) return false;
    const merged = `/proc/${child.pid}/root${places.scratch}/${MERGED}`;
    for (const rel of walk.shared) {
      const left = new Set((await readable(host.disk, `${merged}/${rel}`)).map(({ bytes }) => hex(bytes)));
      const upper = new Set(
        (await readable(host.disk, `${places.scratch}/${UPPER}/${rel}`)).map(({ bytes }) => hex(bytes)),
      );
      for (const entry of await readable(host.disk, `${places.project}/${rel}`)) {
        if (left.has(hex(entry.bytes)) || upper.has(hex(entry.bytes))) continue;
        const path = rel + (entry.name ?? displayName(entry.bytes));
        if (entry.name === undefined) walk.found.push({ path, kind: 'delete', what: entry.kind });
        else walk.delete(path, await host.disk.lstat(`${places.project}/${path}`));
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
