import type { ArtifactRecord } from '../../core/record.js';
import { classificationRank } from '../../core/sensitivity.js';

/** The facts that the guard looks at; a record, a manifest and a handle all have them. */
export type Sensitivity = Pick<ArtifactRecord, 'classification' | 'exportable'>;

/** What takes `artifact.read:restricted` to read, and a consent or a reclassification to export. */
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
