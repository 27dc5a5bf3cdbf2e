import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { MAX_MANIFEST_BYTES } from '../../core/manifest/manifest.js';
import { IdTable } from '../../core/objects/id-table.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { ArtifactObjects } from '../../core/retention/artifact-columns.js';
import { isHsError } from '../../errors/hs-error.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';
import { objectsOf } from '../../store/collector/mark.js';
import { IndexReader } from '../../store/objects/index-reader.js';
import { lookUp } from '../../store/objects/known-objects.js';
import type { Store } from '../../store/store.js';
import type { Session } from '../session/session.js';

/**
 * The objects of each artifact, and whether one is missing or an index unreadable (D8). Sizes are those stated by the
 * ledger and the indexes. `onSeen` is told of each place of each object: a batch of the trash, or in use. One listing is
 * far cheaper than a lookup each.
 */
export async function objectsOfAll(
  { store, signal }: Session,
  artifacts: readonly ArtifactRecord[],
  onSeen: (id: ObjectId, batch: string | undefined) => void = () => {},
): Promise<(record: ArtifactRecord) => ArtifactObjects> {
  const indexes = new IndexReader(store.objects);
  const known = new Map<ArtifactRecord, ArtifactObjects>();
  const wanted = new IdTable();
  for (const record of artifacts) {
    await yieldToEvents();
    signal.throwIfAborted();
    const of = await objectsOf(record, indexes);
    known.set(record, of);
    for (const { id } of of.objects) wanted.add(id);
  }
  const present = new Uint8Array(wanted.size);
  for await (const group of wanted.size === 0 ? [] : store.inventory.groups()) {
    signal.throwIfAborted();
    lookUp(group, wanted, (number) => {
      present[number] = 1;
      onSeen(wanted.at(number), group.batch);
    });
  }
  for (const [record, { objects, damaged }] of known) {
    for (const { id } of damaged ? [] : objects) {
      const number = wanted.numberOf(id);
      // It may have been moved while all were listed.
      if (present[number] === 0 && (await store.objects.has(id))) present[number] = 1;
      if (present[number] === 1) continue;
      known.set(record, { objects, damaged: true });
      break;
    }
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
