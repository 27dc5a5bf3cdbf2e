import { type ArtifactRecord, compareRegistration } from '../../../../src/core/catalog/artifact-record.js';
import type { RetentionClass } from '../../../../src/core/manifest/vocabulary.js';

/** What a quota takes first (D2.8). */
const CLASS_ORDER: Readonly<Record<RetentionClass, number>> = {
  cache: 0,
  result: 1,
  log: 2,
  evidence: 3,
  checkpoint: 4,
};

/**
 * The order in which a quota takes what rule 7 kept (D2.8): all that is above the floors before any
 * floor is broken; in each of these the classes in their order, and within one the oldest first by
 * ledger position, the id as last tie-break.
 */
export function quotaOrder(
  kept: readonly ArtifactRecord[],
  floor: ReadonlySet<ArtifactRecord>,
): ArtifactRecord[] {
  return [...kept].sort(
    (a, b) =>
      Number(floor.has(a)) - Number(floor.has(b)) ||
      CLASS_ORDER[a.retention_class] - CLASS_ORDER[b.retention_class] ||
      compareRegistration(a.registered, b.registered) ||
      (a.artifact_id < b.artifact_id ? -1 : 1),
  );
}
