import { BUNDLE_INDEX_NAME } from '../../core/bundle/bundle-record.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno, isHsError, prefixed } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import type { BundleSource } from './bundle-source.js';

const AGAIN = 'get the bundle from its source again';

/**
 * Prefixes errors with the name of the bundle; INTEGRITY for a directory that is not a bundle. `fate` is added to the
 * hint of a refusal.
 */
export async function namingBundle<T>(
  disk: Disk,
  source: BundleSource,
  check: () => Promise<T>,
  fate?: string,
): Promise<T> {
  const name = typeof source === 'string' ? `'${escapeText(source)}'` : 'on standard input';
  if (typeof source === 'string' && !(await mayBeBundle(disk, source))) {
    throw new HsError('INTEGRITY', `${name} is not a bundle: it has no '${BUNDLE_INDEX_NAME}'`, {
      hint: 'to store a directory, use hs put',
    });
  }
  try {
    return await check();
  } catch (e) {
    if (!isHsError(e, 'INTEGRITY', 'HOSTILE_INPUT', 'UNSAFE_PATH', 'INVALID_RECORD')) throw e;
    const hint = e.hint ?? AGAIN;
    throw prefixed(e, `bundle ${name}: `, fate === undefined ? hint : `${fate}; ${hint}`);
  }
}

async function mayBeBundle(disk: Disk, source: string): Promise<boolean> {
  try {
    await disk.lstat(`${source}/${BUNDLE_INDEX_NAME}`);
    return true;
  } catch (e) {
    if (!isErrno(e)) throw e;
    // ENOTDIR: an archive, or something else that the archive reader will reject.
    if (e.code !== 'ENOENT') return true;
    return (await disk.stat(source).catch(() => undefined))?.kind !== 'directory';
  }
}
