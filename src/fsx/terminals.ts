import { fstatSync, statSync } from 'node:fs';

/**
 * Whether a descriptor of this process is a terminal. What is no device, or the null device, is none: only for
 * others node:tty is loaded, which takes 2 ms of a start with node:net behind it.
 */
export function isTerminal(fd: number): boolean {
  return mayBeTerminal(fd) && process.getBuiltinModule('node:tty').isatty(fd);
}

function mayBeTerminal(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isCharacterDevice() && stat.rdev !== statSync('/dev/null', { throwIfNoEntry: false })?.rdev;
  } catch {
    // A terminal that is gone may answer with an error.
    return true;
  }
}
