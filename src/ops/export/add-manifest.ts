import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { MANIFEST_NAME } from '../../core/manifest/manifest-name.js';
import { comparePaths } from '../../core/paths/safe-path.js';
import { HsError } from '../../errors/hs-error.js';
import type { ObjectStore } from '../../store/objects/object-store.js';
import type { PayloadEntry } from '../payload/payload-source.js';
import { ObjectEntry } from '../payload/read-content.js';

/** The entries plus the manifest; a payload that already has a file of that name is refused. */
export function addManifest(
  objects: ObjectStore,
  entries: readonly PayloadEntry[],
  record: ArtifactRecord,
): PayloadEntry[] {
  if (entries.some((e) => e.path === MANIFEST_NAME || e.path.startsWith(`${MANIFEST_NAME}/`))) {
    throw new HsError('CONFLICT', `the payload contains a file '${MANIFEST_NAME}'`, {
      hint: 'export it without --with-manifest; hs cat-artifact --manifest prints the manifest',
    });
  }
  const manifest = new ObjectEntry(objects, MANIFEST_NAME, record.manifest, record.manifest_size_bytes);
  return [...entries, manifest].sort((a, b) => comparePaths(a.path, b.path));
}
