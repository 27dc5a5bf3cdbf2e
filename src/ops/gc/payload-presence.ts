import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { MAX_MANIFEST_BYTES } from '../../core/manifest/manifest.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { ArtifactObjects } from '../../core/retention/artifact-columns.js';
import { isHsError } from '../../errors/hs-error.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';
import { objectsOf } from '../../store/collector/mark.js';
import type { IndexReader } from '../../store/objects/index-reader.js';
import type { Store } from '../../store/store.js';

/** Names of all objects, in use or in the trash: one listing is far cheaper than a lookup each. */
async function listObjects(store: Store): Promise<Set<ObjectId>> {
  const present = new Set<ObjectId>();
  for await (const { objects } of store.inventory.groups()) for (const { id } of objects) present.add(id);
  return present;
}

/**
 * The objects of each artifact, and whether one is missing or an index unreadable (D8). Sizes are those stated by the
 * ledger and the indexes.
 */
export async function objectsOfAll(
  store: Store,
  indexes: IndexReader,
  artifacts: readonly ArtifactRecord[],
  onEach: () => void = () => {},
): Promise<(record: ArtifactRecord) => ArtifactObjects> {
  const present = artifacts.length === 0 ? new Set<ObjectId>() : await listObjects(store);
  const isThere = async (id: ObjectId) => {
    // It may have been moved between the two listings.
    if (!present.has(id) && (await store.objects.has(id))) present.add(id);
    return present.has(id);
  };
  const known = new Map<ArtifactRecord, ArtifactObjects>();
  for (const record of artifacts) {
    await yieldToEvents();
    onEach();
    const { objects, ...named } = await objectsOf(record, indexes);
    let { damaged } = named;
    for (const { id } of objects) {
      if (damaged) break;
      if (!present.has(id)) damaged = !(await isThere(id));
    }
    known.set(record, { objects, damaged });
  }
  return (record) => known.get(record)!;
}

/** Whether an artifact's manifests are readable, and a file payload has its stated size. */
export async function isSound(store: Store, record: ArtifactRecord): Promise<boolean> {
  for (const { manifest, size_bytes } of record.manifests) {
    try {
      if ((await store.objects.lendWhole(manifest, MAX_MANIFEST_BYTES)).byteLength !== size_bytes)
        return false;
    } catch (e) {
      if (!isHsError(e, 'OBJECT_MISSING', 'INTEGRITY')) throw e;
      return false;
    }
  }
  return (
    record.payload_type === 'directory' ||
    (await store.objects.size(record.content_hash)) === record.size_bytes
  );
}
