import { fstatSync, statSync } from 'node:fs';

/**
 * Whether a descriptor of this process is a terminal. Non-devices and the null device are not; node:tty, which takes
 * 2 ms to load together with node:net, is only loaded for the rest.
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
