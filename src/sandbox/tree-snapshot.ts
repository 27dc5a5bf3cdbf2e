import { isErrno } from '../errors/hs-error.js';
import type { DirEntry, Disk, FileStat } from '../fsx/disk.js';
import type { StrayKind, StrayWrite } from './sandbox-types.js';
import { lstatOrNone, pairMoves, type SeenFile, sortStray } from './stray-writes.js';

/** At about 10 µs per entry, some 5 s before and after; a larger tree is not compared. */
const MOST_ENTRIES = 500_000;

/** The state of a tree, without file contents. */
export interface Snapshot {
  readonly entries: ReadonlyMap<string, FileStat>;
  /** Unreadable directories and names that are not UTF-8: nothing below them is compared. */
  readonly unreadable: number;
}

/**
 * Takes a snapshot of everything below `root` except what is in `except`; `undefined` if there are too many entries.
 */
export async function takeSnapshot(
  disk: Disk,
  root: string,
  except: readonly string[],
): Promise<Snapshot | undefined> {
  const entries = new Map<string, FileStat>([['.', await disk.lstat(root)]]);
  let unreadable = 0;
  const open = [''];
  for (let rel = open.pop(); rel !== undefined; rel = open.pop()) {
    const listed = await readdirOrNone(disk, `${root}/${rel}`);
    if (listed === undefined) unreadable += 1;
    for (const entry of listed ?? []) {
      if (entry.name === undefined) {
        unreadable += 1;
        continue;
      }
      const path = rel + entry.name;
      const at = `${root === '/' ? '' : root}/${path}`;
      if (except.includes(at)) continue;
      const stat = await lstatOrNone(disk, at);
      if (stat === undefined) continue;
      if (entries.size >= MOST_ENTRIES) return undefined;
      entries.set(path, stat);
      if (stat.kind === 'directory') open.push(`${path}/`);
    }
  }
  return { entries, unreadable };
}

/** The differences. */
export function compareSnapshots(before: Snapshot, after: Snapshot): StrayWrite[] {
  const found: StrayWrite[] = [];
  const vanished: SeenFile[] = [];
  const appeared: SeenFile[] = [];
  for (const [path, stat] of before.entries) {
    if (after.entries.has(path)) continue;
    found.push({ path, kind: 'delete', what: stat.kind });
    if (stat.kind === 'file') vanished.push({ path, stat });
  }
  for (const [path, stat] of after.entries) {
    const old = before.entries.get(path);
    const kind = old === undefined ? 'create' : difference(old, stat);
    if (kind === undefined) continue;
    found.push({ path, kind, what: stat.kind });
    if (kind === 'create' && stat.kind === 'file') appeared.push({ path, stat });
  }
  return sortStray(pairMoves(found, vanished, appeared));
}

/** `undefined` if no difference counts: a directory's times follow from its contents. */
function difference(old: FileStat, now: FileStat): StrayKind | undefined {
  if (old.kind !== now.kind) return 'change';
  if (now.kind === 'directory') return old.mode === now.mode && old.uid === now.uid ? undefined : 'mode';
  if (old.ino !== now.ino || old.size !== now.size) return 'change';
  if (old.mtimeNs === now.mtimeNs && old.ctimeNs === now.ctimeNs) return undefined;
  if (old.mode !== now.mode || old.uid !== now.uid) return 'mode';
  // ctime cannot be set: a changed content with a reset modification time is detected too.
  return 'change';
}

async function readdirOrNone(disk: Disk, path: string): Promise<DirEntry[] | undefined> {
  try {
    return await disk.readdir(path);
  } catch (e) {
    if (isErrno(e, 'EACCES', 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) return undefined;
    throw e;
  }
}
