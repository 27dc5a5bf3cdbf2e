import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

/** Codes of hs itself: `EFBIG` is a limit of the system on what is written, and not that of a reader. */
const OWN: Readonly<Record<string, string>> = { ETOOLARGE: 'larger than the limit' };

let systemErrors: ReturnType<typeof getSystemErrorMap> | undefined;

/** An error like those of node:fs, with `code`, `errno`, `syscall`, `path` and the system's message. */
export function errnoError(
  code: string,
  syscall: string,
  path?: string,
  dest?: string,
): NodeJS.ErrnoException {
  const errno = -((constants.errno as Record<string, number>)[code] ?? constants.errno.EIO);
  // Node builds a new map on each call, in 30 µs.
  systemErrors ??= getSystemErrorMap();
  const words = OWN[code] ?? systemErrors.get(errno)?.[1] ?? 'unknown error';
  const where = path === undefined ? '' : ` '${path}'${dest === undefined ? '' : ` -> '${dest}'`}`;
  const error: NodeJS.ErrnoException & { dest?: string } = new Error(`${code}: ${words}, ${syscall}${where}`);
  error.code = code;
  error.errno = errno;
  error.syscall = syscall;
  if (path !== undefined) error.path = path;
  if (dest !== undefined) error.dest = dest;
  return error;
}
