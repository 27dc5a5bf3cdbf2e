import { noProgress } from '../../core/effects.js';
import { sha256 } from '../../core/objects/hash.js';
import type { Disk } from '../../fsx/disk.js';
import { hashBytes } from '../payload/hash-file.js';
import { namingBundle } from './bundle-error.js';
import { type BundleReading, type BundleSource, readBundle } from './bundle-source.js';
import { checkBundle } from './check-bundle.js';
import type { CheckedBundle } from './checked-bundle.js';

/** Verifies a bundle file or directory without a store (C3). Throws INTEGRITY or HOSTILE_INPUT. */
export function verifyBundle(
  disk: Disk,
  source: BundleSource,
  options: BundleReading = {},
  progress = noProgress,
): Promise<CheckedBundle> {
  progress.start('verifying', undefined, 'bytes');
  return namingBundle(disk, source, () =>
    checkBundle(readBundle(disk, source, options), {
      stream: async (content) => {
        const { hash, size } = await hashBytes(content, progress);
        return { id: hash, size };
      },
      bytes: async (bytes) => {
        progress.advance(bytes.byteLength);
        return { id: sha256(bytes), size: bytes.byteLength };
      },
    }),
  );
}
