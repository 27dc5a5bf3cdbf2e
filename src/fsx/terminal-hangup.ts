import { fstatSync } from 'node:fs';
import { isErrno } from '../errors/hs-error.js';
import { isTerminal } from './terminals.js';

/** Device majors of Linux consoles and pseudo terminals. */
const TERMINAL_MAJORS = [4, 136, 137, 138, 139, 140, 141, 142, 143];

/**
 * Returns a check for whether a terminal that this process started with is gone, for example because its window was
 * closed.
 */
export function terminalWatch(): () => boolean {
  const terminals = [0, 1, 2].filter((fd) => isTerminal(fd) || wasTerminal(fd));
  return () => terminals.some((fd) => !isTerminal(fd));
}

/** Decided by the device: a terminal gone before the program was loaded no longer reports as one. */
function wasTerminal(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return (
      process.platform === 'linux' && stat.isCharacterDevice() && TERMINAL_MAJORS.includes(stat.rdev >> 8)
    );
  } catch (e) {
    if (isErrno(e, 'EBADF', 'EIO')) return false;
    throw e;
  }
}
