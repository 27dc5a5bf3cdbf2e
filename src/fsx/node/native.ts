import { isErrno } from '../../errors/hs-error.js';
import { errnoError } from '../errno.js';

/** Loaded on the first lock or exchange: most reading commands need neither. ENOSYS where it is missing. */
async function native(syscall: string) {
  try {
    return (await import('fs-native-extensions')).default;
  } catch (cause) {
    throw Object.assign(errnoError('ENOSYS', syscall), { cause });
  }
}

/**
 * The exclusive open-file-description lock on the whole file. It belongs to the open file, not the process: two opens
 * in one process exclude each other, and no unrelated close releases it.
 */
export async function tryLockDescriptor(fd: number, path: string): Promise<boolean> {
  const { tryLock } = await native('lock');
  try {
    return tryLock(fd);
  } catch (e) {
    if (isErrno(e)) throw errnoError(e.code ?? 'EIO', 'lock', path);
    throw e;
  }
}

export async function exchangeNames(a: string, b: string): Promise<void> {
  const { swapSync } = await native('exchange');
  try {
    swapSync(a, b);
  } catch (e) {
    if (isErrno(e)) throw errnoError(e.code ?? 'EIO', 'exchange', a, b);
    throw e;
  }
}
