import { isErrno } from '../errors/hs-error.js';
import type { Disk } from '../fsx/disk.js';

const CLOEXEC = 0o2000000;

/**
 * The descriptors above 2 that a child would inherit. Node opens its own with O_CLOEXEC, but passes on those that hs
 * was started with, and `'ignore'` in `stdio` does not close them (measured: descriptor 30 of the calling shell reached
 * the child). Empty without /proc.
 */
export async function inheritableDescriptors(disk: Disk): Promise<number[]> {
  const numbers: number[] = [];
  for (const { name } of await list(disk)) {
    const fd = Number(name);
    if (fd > 2 && (await isInheritable(disk, fd))) numbers.push(fd);
  }
  return numbers.sort((a, b) => a - b);
}

async function list(disk: Disk) {
  try {
    return await disk.readdir('/proc/self/fd');
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR')) return [];
    throw e;
  }
}

async function isInheritable(disk: Disk, fd: number): Promise<boolean> {
  try {
    const info = new TextDecoder().decode(await disk.readFile(`/proc/self/fdinfo/${fd}`, 65536));
    return (Number.parseInt(/^flags:\s*([0-7]+)/m.exec(info)?.[1] ?? '0', 8) & CLOEXEC) === 0;
  } catch (e) {
    // The descriptor used to list the directory is closed by now.
    if (isErrno(e, 'ENOENT')) return false;
    throw e;
  }
}
