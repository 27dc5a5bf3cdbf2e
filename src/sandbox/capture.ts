import { isErrno } from '../errors/hs-error.js';
import type { DirEntry, Disk, FileStat } from '../fsx/disk.js';
import { displayName } from './stray.js';

export interface RefusedEntry {
  /** Relative to the capture directory. */
  readonly path: string;
  readonly why: 'link' | 'special file' | 'setuid or setgid' | 'name is not UTF-8' | 'unreadable' | 'removed';
}

export interface CaptureScan {
  /** In no particular order. */
  readonly refused: readonly RefusedEntry[];
  readonly files: number;
  readonly directories: number;
  /** Sum of the files' sizes. */
  readonly bytes: number;
}

/** What a tool left: only regular files and directories may be taken. `dir` may be gone itself. */
export async function scanCapture(disk: Disk, dir: string): Promise<CaptureScan> {
  const refused: RefusedEntry[] = [];
  let [files, directories, bytes] = [0, 0, 0];
  const open = [''];
  for (let rel = open.pop(); rel !== undefined; rel = open.pop()) {
    const listed = await list(disk, `${dir}/${rel}`);
    if (typeof listed === 'string') refused.push({ path: rel === '' ? '.' : rel.slice(0, -1), why: listed });
    else {
      for (const entry of listed) {
        const path = rel + (entry.name ?? displayName(entry.bytes));
        if (entry.name === undefined) {
          refused.push({ path, why: 'name is not UTF-8' });
          continue;
        }
        const stat = await disk.lstat(`${dir}/${path}`);
        const why = objection(stat);
        if (why !== undefined) refused.push({ path, why });
        if (stat.kind === 'directory') {
          directories += 1;
          open.push(`${path}/`);
        } else if (stat.kind === 'file') {
          files += 1;
          bytes += stat.size;
        }
      }
    }
  }
  return { refused, files, directories, bytes };
}

function objection({ kind, mode }: FileStat): RefusedEntry['why'] | undefined {
  if (kind === 'symlink') return 'link';
  if (kind === 'other') return 'special file';
  // A directory's setgid bit only hands its group down, and is inherited from the directory above.
  if (kind === 'file' && (mode & 0o6000) !== 0) return 'setuid or setgid';
  return undefined;
}

async function list(disk: Disk, path: string): Promise<DirEntry[] | 'unreadable' | 'removed'> {
  try {
    return await disk.readdir(path);
  } catch (e) {
    if (isErrno(e, 'EACCES')) return 'unreadable';
    if (isErrno(e, 'ENOENT', 'ENOTDIR')) return 'removed';
    throw e;
  }
}
