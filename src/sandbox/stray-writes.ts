import { isErrno } from '../errors/hs-error.js';
import type { Disk, FileStat } from '../fsx/disk.js';
import type { StrayWrite } from './sandbox-types.js';

export interface SeenFile {
  readonly path: string;
  readonly stat: FileStat;
}

/** Undefined if a tool has removed the entry meanwhile, or put it where it cannot be seen. */
export async function lstatOrNone(disk: Disk, path: string): Promise<FileStat | undefined> {
  try {
    return await disk.lstat(path);
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR', 'EACCES', 'ENAMETOOLONG')) return undefined;
    throw e;
  }
}

/** A name for display: its text, with `\xNN` for bytes above ASCII, since they are not UTF-8. */
export function displayName(bytes: Uint8Array): string {
  return [...bytes]
    .map((b) => (b < 0x80 ? String.fromCharCode(b) : `\\x${b.toString(16).padStart(2, '0')}`))
    .join('');
}

/**
 * A file that is gone and a new one of the same size, mode and modification time (to the nanosecond) are reported as
 * one move: rename keeps all three, also in an overlay, where it is a copy and a deletion.
 */
export function pairMoves(
  found: readonly StrayWrite[],
  vanished: readonly SeenFile[],
  appeared: readonly SeenFile[],
): StrayWrite[] {
  const sources = new Map<string, string[]>();
  for (const { path, stat } of vanished) {
    const paths = sources.get(traits(stat));
    if (paths === undefined) sources.set(traits(stat), [path]);
    else paths.push(path);
  }
  const origin = new Map<string, string>();
  for (const { path, stat } of appeared) {
    const from = sources.get(traits(stat))?.shift();
    if (from !== undefined) origin.set(path, from);
  }
  const moved = new Set(origin.values());
  return found
    .filter(({ path, kind }) => kind !== 'delete' || !moved.has(path))
    .map((write) => {
      const from = write.kind === 'create' ? origin.get(write.path) : undefined;
      return from === undefined ? write : { ...write, kind: 'move', from };
    });
}

function traits({ size, mode, mtimeNs }: FileStat): string {
  return `${size} ${mode} ${mtimeNs}`;
}

/** Sorted by the bytes of the path, like every list of paths in hs. */
export function sortStray(stray: readonly StrayWrite[]): StrayWrite[] {
  return [...stray].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}
