import { compact } from '../../core/json/omit-undefined.js';
import {
  type BundleIndex,
  encodeBundleIndex,
  type IndexEntry,
  indexSize,
  toBundleIndex,
} from '../../core/objects/bundle-index.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { type PortabilityProblem, portabilityProblems } from '../../core/paths/portability.js';
import { checkPath } from '../../core/paths/safe-path.js';
import { STORE_DIR } from '../../core/paths/store-dir.js';
import { showName, textOfName } from '../../core/text/raw-name.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import type { DirEntry, Disk, DiskDir, FileStat } from '../../fsx/disk.js';
import type { ObjectBatch } from '../../store/port/object-batch.js';
import { readSourceFile } from '../payload/read-source.js';
import type { Session } from '../session/session.js';
import { overBudget, type Tally } from './run-budget.js';
import type { Refused } from './run-request.js';

/** Each level holds a directory open. */
const DEEPEST = 200;

export interface CapturedPayload {
  /** The entry's name with `each`; absent for the directory as a whole. */
  readonly entry?: string;
  readonly payloadType: 'file' | 'directory';
  readonly contentHash: ObjectId;
  readonly sizeBytes: number;
  readonly files: number;
  /** For a file. */
  readonly executable?: boolean;
}

export interface Captured {
  readonly payloads: readonly CapturedPayload[];
  readonly refused: readonly Refused[];
  readonly emptyDirectories: readonly string[];
  readonly unportable: readonly PortabilityProblem[];
}

/**
 * Reads a tool's output into the batch. Takes regular files and directories; refuses by name links, special files,
 * setuid and setgid files, names that break the path rules and unreadable entries, and takes the rest all the same.
 * BUDGET if it is too much.
 */
export async function collectCapture(
  session: Session,
  batch: ObjectBatch,
  root: DiskDir,
  each: boolean,
  tally: Tally,
): Promise<Captured> {
  const walk = new Walk(session, batch, tally);
  session.progress.start('storing', undefined, 'bytes');
  await walk.directory(root.path, '', 0, true);
  session.progress.done();
  const all = toBundleIndex(walk.entries);
  const payloads = each ? await eachEntry(batch, all) : all.length === 0 ? [] : [await tree(batch, all)];
  return {
    payloads,
    refused: walk.refused,
    emptyDirectories: walk.empty,
    unportable: [...portabilityProblems(all.map((e) => e.path))],
  };
}

class Walk {
  readonly entries: IndexEntry[] = [];
  readonly refused: Refused[] = [];
  readonly empty: string[] = [];
  readonly #session: Session;
  readonly #disk: Disk;
  readonly #batch: ObjectBatch;
  readonly #tally: Tally;

  constructor(session: Session, batch: ObjectBatch, tally: Tally) {
    this.#session = session;
    this.#disk = session.disk;
    this.#batch = batch;
    this.#tally = tally;
  }

  /** `prefix` ends with a slash, or is empty. `location` is reached only through open descriptors. */
  async directory(location: string, prefix: string, depth: number, held = false): Promise<void> {
    const dir = await this.#open(location, prefix, depth, held);
    if (dir === undefined) return;
    try {
      const listed = await this.#disk.readdir(dir.path);
      if (listed.length === 0 && prefix !== '') this.empty.push(prefix.slice(0, -1));
      for (const entry of listed) await this.#entry(dir, prefix, entry, depth);
    } finally {
      await dir.close();
    }
  }

  async #open(location: string, prefix: string, depth: number, held: boolean): Promise<DiskDir | undefined> {
    const path = prefix.slice(0, -1);
    if (depth > DEEPEST) return this.#refuse(path, `it is nested deeper than ${DEEPEST} directories`);
    try {
      // The root is the link of a descriptor; below it, links are refused.
      return await this.#disk.openDir(location, { follow: held });
    } catch (e) {
      if (!isErrno(e, 'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'ELOOP')) throw e;
      return this.#refuse(path === '' ? '.' : path, 'it cannot be read');
    }
  }

  async #entry(dir: DiskDir, prefix: string, entry: DirEntry, depth: number): Promise<void> {
    this.#session.signal.throwIfAborted();
    if (entry.name === undefined) {
      this.#refuse(showName(prefix + textOfName(entry.bytes)), 'its name is not UTF-8');
      return;
    }
    const path = prefix + entry.name;
    const below = `${dir.path}/${entry.name}`;
    const checked = checkPath(path);
    const stat = await this.#lstat(below);
    const isStore = entry.name === STORE_DIR ? 'a tool cannot create a store' : undefined;
    const why = checked.problem?.why ?? isStore ?? objection(stat);
    if (why !== undefined) this.#refuse(path, why);
    else if (stat?.kind === 'directory') await this.directory(below, `${path}/`, depth + 1);
    else if (stat !== undefined && checked.path !== undefined) {
      const over = this.#tally.addFile(stat.size);
      if (over !== undefined) throw overBudget(over);
      await this.#file(below, checked.path);
    }
  }

  async #file(location: string, path: IndexEntry['path']): Promise<void> {
    try {
      const read = await readSourceFile(this.#disk, location, path, this.#batch, (n) =>
        this.#session.progress.advance(n),
      );
      this.entries.push({
        path,
        content_hash: read.id,
        size_bytes: read.size,
        ...(read.executable ? { executable: true as const } : {}),
      });
    } catch (e) {
      if (!isHsError(e, 'NOT_FOUND', 'UNSAFE_PATH', 'SYSTEM')) throw e;
      this.#refuse(path, 'it cannot be read');
    }
  }

  async #lstat(path: string): Promise<FileStat | undefined> {
    try {
      return await this.#disk.lstat(path);
    } catch (e) {
      if (isErrno(e, 'ENOENT', 'EACCES', 'ENAMETOOLONG')) return undefined;
      throw e;
    }
  }

  #refuse(path: string, why: string): undefined {
    this.refused.push({ path, why });
  }
}

function objection(stat: FileStat | undefined): string | undefined {
  if (stat === undefined) return 'it cannot be read';
  if (stat.kind === 'symlink') return 'it is a link';
  if (stat.kind === 'other') return 'it is neither a file nor a directory';
  // The setgid bit of a directory only passes on its group, and is inherited from the parent.
  if (stat.kind === 'file' && (stat.mode & 0o6000) !== 0) return 'it is setuid or setgid';
  return undefined;
}

async function tree(batch: ObjectBatch, index: BundleIndex, entry?: string): Promise<CapturedPayload> {
  const { id } = await batch.addBytes(encodeBundleIndex(index));
  return compact({
    entry,
    payloadType: 'directory' as const,
    contentHash: id,
    sizeBytes: indexSize(index),
    files: index.length,
  });
}

/** One payload for each name at the top level; the index is sorted, so the files of each are adjacent. */
async function eachEntry(batch: ObjectBatch, all: BundleIndex): Promise<CapturedPayload[]> {
  const groups = new Map<string, IndexEntry[]>();
  const payloads: CapturedPayload[] = [];
  for (const { path, ...facts } of all) {
    const slash = path.indexOf('/');
    if (slash < 0) {
      const { content_hash: contentHash, size_bytes: sizeBytes, executable = false } = facts;
      payloads.push({ entry: path, payloadType: 'file', contentHash, sizeBytes, files: 1, executable });
      continue;
    }
    const top = path.slice(0, slash);
    const below: IndexEntry = { path: path.slice(slash + 1) as IndexEntry['path'], ...facts };
    const group = groups.get(top);
    if (group === undefined) groups.set(top, [below]);
    else group.push(below);
  }
  for (const [entry, index] of groups) payloads.push(await tree(batch, toBundleIndex(index), entry));
  return payloads.sort((a, b) => Buffer.compare(Buffer.from(a.entry!), Buffer.from(b.entry!)));
}
