import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { DEBUG_MANIFEST_NAME, debugManifest, REDACTION_MODES } from '../../core/debug/document-formats.js';
import { parseCanonical } from '../../core/json/canonical.js';
import { parseSchema } from '../../core/json/schema.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { ObjectStore } from '../../store/objects/object-store.js';
import { readable } from '../guard/read-files.js';

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Whether an unredacted debug bundle would leave, itself or inside another bundle. Decided by its own manifest, which
 * no label or reclassification changes.
 */
export async function holdsFullDebugBundle(
  objects: ObjectStore,
  { kind }: Pick<ArtifactRecord, 'kind'>,
  entries: readonly { readonly path: string; readonly hash: ObjectId }[],
): Promise<boolean> {
  if (kind !== 'bundle') return false;
  for (const { path, hash } of entries) {
    if (path !== DEBUG_MANIFEST_NAME && !path.endsWith(`/${DEBUG_MANIFEST_NAME}`)) continue;
    const value = await readable(async () => parseCanonical(await objects.read(hash, MAX_BYTES), MAX_BYTES));
    const manifest = value === undefined ? undefined : parseSchema(debugManifest, value);
    if (
      manifest !== undefined &&
      'data' in manifest &&
      manifest.data.redaction_mode === REDACTION_MODES.full
    ) {
      return true;
    }
  }
  return false;
}
