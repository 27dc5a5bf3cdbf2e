import { isErrno } from '../../errors/hs-error.js';
import type { Disk } from '../disk.js';

export const DESCRIPTORS = '/proc/self/fd';
const BELOW = `${DESCRIPTORS}/`;

/** The directories held open, each by its path for display. */
const names = new Map<number, string>();

export function holdName(fd: number, path: string): void {
  names.set(fd, shownPath(path));
}

export function dropName(fd: number): void {
  names.delete(fd);
}

/** The display path for a path below a descriptor. */
export function shownPath(path: string): string {
  // A regular expression would add 2 µs to each file that is opened.
  if (!path.startsWith(BELOW)) return path;
  const slash = path.indexOf('/', BELOW.length);
  const end = slash === -1 ? path.length : slash;
  const name = names.get(Number(path.slice(BELOW.length, end)));
  return name === undefined ? path : name + path.slice(end);
}

/** The same disk, with errors that name paths instead of descriptors. */
export function withShownPaths(disk: Disk): Disk {
  const operations = Object.entries(disk as unknown as Readonly<Record<string, Operation>>);
  const shown = operations.map(([name, operation]) => [
    name,
    (...args: unknown[]) => operation(...args).catch(rethrow),
  ]);
  return Object.fromEntries(shown) as unknown as Disk;
}

type Operation = (...args: unknown[]) => Promise<unknown>;

function rethrow(e: unknown): never {
  if (isErrno(e)) {
    const error = e as NodeJS.ErrnoException & { dest?: string };
    for (const key of ['path', 'dest'] as const) {
      const path = error[key];
      if (path === undefined) continue;
      error[key] = shownPath(path);
      error.message = error.message.replace(`'${path}'`, () => `'${error[key]}'`);
    }
  }
  throw e;
}
