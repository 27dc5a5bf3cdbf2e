import { fstatSync } from 'node:fs';
import { isErrno } from '../errors/hs-error.js';
import { isTerminal } from './terminals.js';

/** Pseudo terminals, and consoles, of Linux. */
const TERMINAL_MAJORS = [4, 136, 137, 138, 139, 140, 141, 142, 143];

/** Tells whether a terminal that this process began with is gone, as when its window was closed. */
export function terminalWatch(): () => boolean {
  const terminals = [0, 1, 2].filter((fd) => isTerminal(fd) || wasTerminal(fd));
  return () => terminals.some((fd) => !isTerminal(fd));
}

/** By its device: one that was gone before the program was loaded does not answer as a terminal any more. */
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
