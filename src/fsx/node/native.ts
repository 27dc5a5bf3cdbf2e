import { createRequire } from 'node:module';
import { isErrno } from '../../errors/hs-error.js';
import { errnoError } from '../errno.js';

interface NativeExtensions {
  tryLock(fd: number): boolean;
  swapSync(from: string, to: string): void;
}

let loaded: NativeExtensions | undefined;

/** Loaded at the first lock or exchange: most reading commands need neither. ENOSYS where it is missing. */
function native(syscall: string): NativeExtensions {
  try {
    loaded ??= createRequire(import.meta.url)('fs-native-extensions') as NativeExtensions;
    return loaded;
  } catch (cause) {
    throw Object.assign(errnoError('ENOSYS', syscall), { cause });
  }
}

/**
 * The exclusive open-file-description lock on the whole file: it belongs to the open file, not to
 * the process, so two opens of one process exclude each other and no unrelated close frees it.
 */
export function tryLockDescriptor(fd: number, path: string): boolean {
  const { tryLock } = native('lock');
  try {
    return tryLock(fd);
  } catch (e) {
    if (isErrno(e)) throw errnoError(e.code ?? 'EIO', 'lock', path);
    throw e;
  }
}

export function exchangeNames(a: string, b: string): void {
  const { swapSync } = native('exchange');
  try {
    swapSync(a, b);
  } catch (e) {
    if (isErrno(e)) throw errnoError(e.code ?? 'EIO', 'exchange', a, b);
    throw e;
  }
}
