import type { ArtifactRecord } from '../catalog/artifact-record.js';
import { compact } from '../json/omit-undefined.js';
import { CLASSIFICATIONS, type Classification } from './vocabulary.js';

export function classificationRank(classification: Classification): number {
  return CLASSIFICATIONS.indexOf(classification);
}

/** How sensitive what holds, or was made from, all of these is (C1); the TTL is the shortest of theirs (A6). */
export function sensitivityOf(records: readonly ArtifactRecord[]) {
  const ttls = records.map((r) => r.retention_ttl_days).filter((t) => t !== undefined);
  const highest = Math.max(0, ...records.map((r) => classificationRank(r.classification)));
  return compact({
    classification: CLASSIFICATIONS[highest]!,
    exportable: records.every((r) => r.exportable),
    retention_ttl_days: ttls.length === 0 ? undefined : Math.min(...ttls),
  });
}

/** The facts that the guard looks at; a record, a manifest and a handle all have them. */
export type Sensitivity = Pick<ArtifactRecord, 'classification' | 'exportable'>;

/** True for content that needs `artifact.read:restricted` to read, and consent or reclassification to export. */
export function isRestricted(s: Sensitivity): boolean {
  return s.classification === 'high' || !s.exportable;
}

/** The stricter of two statements about the same artifact. */
export function stricter(a: Sensitivity, b: Sensitivity | undefined): Sensitivity {
  if (b === undefined) return a;
  const isHigher = classificationRank(b.classification) > classificationRank(a.classification);
  return {
    classification: isHigher ? b.classification : a.classification,
    exportable: a.exportable && b.exportable,
  };
}
