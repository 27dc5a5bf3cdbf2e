import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { compact } from '../../core/json/omit-undefined.js';
import { decodeManifest, MAX_MANIFEST_BYTES } from '../../core/manifest/manifest.js';
import { isHsError } from '../../errors/hs-error.js';
import { hasFeature } from '../../store/port/format.js';
import type { Session } from '../session/session.js';

/** Adds job, labels and entities to a record. */
export type Completer = (record: ArtifactRecord) => Promise<ArtifactRecord>;

/**
 * Reads what the ledgers of stores without the feature `facts-2` lack from the manifest; undefined where records have it
 * already. An unreadable manifest adds nothing.
 */
export function completerOf({ store }: Session): Completer | undefined {
  if (hasFeature(store.format, 'facts-2')) return undefined;
  return async (record) => {
    try {
      const m = decodeManifest(await store.objects.read(record.manifest, MAX_MANIFEST_BYTES));
      return compact({
        ...record,
        job_id: m.created_by_job_id,
        labels: m.labels,
        entities: m.source_entity_refs,
      });
    } catch (e) {
      if (!isHsError(e, 'OBJECT_MISSING', 'INTEGRITY', 'INVALID_MANIFEST', 'INVALID_RECORD')) throw e;
      return record;
    }
  };
}
