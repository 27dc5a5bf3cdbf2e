import type { BundleReport } from '../../core/bundle/bundle-record.js';
import type { Manifest } from '../../core/manifest/manifest.js';
import { CLASSIFICATIONS } from '../../core/manifest/vocabulary.js';
import type { CheckedMember } from './checked-bundle.js';
import { lies } from './entry-error.js';

/** A bundle is as sensitive as its most sensitive member (C1). */
export function checkNotLowered(manifest: Manifest, members: readonly CheckedMember[], entry: string): void {
  const rank = (m: Manifest) => CLASSIFICATIONS.indexOf(m.classification);
  for (const { manifest: inner } of members) {
    if (rank(inner) > rank(manifest) || (manifest.exportable && !inner.exportable)) {
      throw lies(`is less sensitive than its member '${inner.artifact_id}'`, entry);
    }
  }
}

/** The report was written together with the members: a mismatch means that a manifest was replaced. */
export function checkReport(report: BundleReport, members: readonly CheckedMember[], entry: string): void {
  const included = new Map(report.included.map((i) => [i.artifact_id, i]));
  if (included.size !== members.length || report.included.length !== members.length) {
    throw lies('does not name exactly the members', entry);
  }
  for (const { manifest: m } of members) {
    const said = included.get(m.artifact_id);
    const agrees =
      said !== undefined &&
      said.classification === m.classification &&
      said.exportable === m.exportable &&
      said.kind === m.kind &&
      said.name === m.name &&
      said.content_hash === m.content_hash &&
      said.size_bytes === m.size_bytes;
    if (!agrees) throw lies(`does not agree with the manifest of '${m.artifact_id}'`, entry);
  }
}
