import { compact } from '../json/omit-undefined.js';
import { CLASSIFICATIONS, type Classification, type Kind } from './vocabulary.js';

/** The facts that the guard checks, common to records, manifests and handles. */
export interface Sensitivity {
  readonly classification: Classification;
  readonly exportable: boolean;
}

export function classificationRank(classification: Classification): number {
  return CLASSIFICATIONS.indexOf(classification);
}

/** The sensitivity of content that contains or derives from all of these (C1); its TTL is their shortest (A6). */
export function sensitivityOf(
  records: readonly (Sensitivity & { readonly retention_ttl_days?: number | undefined })[],
) {
  const ttls = records.map((r) => r.retention_ttl_days).filter((t) => t !== undefined);
  const highest = Math.max(0, ...records.map((r) => classificationRank(r.classification)));
  return compact({
    classification: CLASSIFICATIONS[highest]!,
    exportable: records.every((r) => r.exportable),
    retention_ttl_days: ttls.length === 0 ? undefined : Math.min(...ttls),
  });
}

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

/** Kinds and classifications whose retention must be bounded by a TTL (A6). */
export function isSensitive(a: { readonly kind: Kind; readonly classification: Classification }): boolean {
  return a.kind === 'prompt_payload' || a.classification === 'high';
}
