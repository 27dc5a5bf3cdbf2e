import { compact } from './compact.js';
import type { ArtifactRecord } from './record.js';
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
