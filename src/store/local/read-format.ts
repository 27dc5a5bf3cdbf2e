import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import { decodeFormat, type Format, MAX_FORMAT_BYTES, unknownFormat } from '../port/format.js';
import type { Layout } from './layout.js';

/** Reads `format.json`: NO_STORE, or UNKNOWN_FORMAT before anything else is read (A1). */
export async function readFormat(disk: Disk, layout: Layout): Promise<{ format: Format; bytes: Uint8Array }> {
  let bytes: Uint8Array;
  try {
    bytes = await disk.readFile(layout.format, MAX_FORMAT_BYTES);
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR')) {
      throw new HsError('NO_STORE', `'${layout.root}' is not a store: format.json is missing`);
    }
    if (isErrno(e, 'ETOOLARGE', 'EINVAL', 'ELOOP')) {
      throw unknownFormat(layout.root, 'format.json is not a regular file, or is too large');
    }
    throw e;
  }
  return { format: decodeFormat(layout.root, bytes), bytes };
}
