import { canonicalLines } from '../../core/json/canonical-lines.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { Manifest } from '../../core/manifest/manifest.js';
import { type Sensitivity, stricter } from '../../core/manifest/sensitivity.js';
import {
  encodeBundleIndex,
  type IndexEntry,
  indexSize,
  toBundleIndex,
} from '../../core/objects/bundle-index.js';
import { sha256 } from '../../core/objects/hash.js';
import type { ArtifactId } from '../../core/objects/ids.js';
import { toSafePath } from '../../core/paths/safe-path.js';
import { normalText } from '../../core/text/normal-form.js';
import { newManifest } from '../put/new-manifest.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import type { PlannedArtifact } from './plan-import.js';
import type { FoundWorkspace } from './read-workspace.js';

export const IMPORT_REPORT_SCHEMA = 'hs.handshake-import/1';
/** The name shared by all import reports of a store. */
export const IMPORT_REPORT_NAME = 'import-report';

/** What was imported and what was not, with every fault, as canonical JSON Lines: a header, then the artifacts. */
function reportBytes(planned: readonly PlannedArtifact[], { strays }: FoundWorkspace): Buffer {
  const count = (outcome: PlannedArtifact['outcome']) => planned.filter((p) => p.outcome === outcome).length;
  const said = (faults: PlannedArtifact['faults']) =>
    faults.map(({ fault, message }) => ({ fault, message: normalText(message) }));
  const header = {
    schema: IMPORT_REPORT_SCHEMA,
    new: count('new'),
    present: count('present'),
    tightened: count('tightened'),
    refused: count('refused'),
    strays: said(strays),
  };
  const lines = planned.map(({ found, outcome, faults, manifest }) =>
    compact({
      layer: found.place.layer,
      artifact_id: found.place.name,
      outcome,
      stated_hash: found.manifest?.content_hash,
      hash_form: found.form,
      content_hash: manifest?.content_hash,
      faults: said(faults),
    }),
  );
  return canonicalLines([header, ...lines]);
}

/** As sensitive as the most sensitive artifact it names; an unreadable one may be anything. */
function sensitivityOf(planned: readonly PlannedArtifact[]): Sensitivity {
  return planned.reduce<Sensitivity>(
    (level, { manifest, found }) =>
      stricter(level, manifest ?? found.manifest ?? { classification: 'high', exportable: false }),
    { classification: 'low', exportable: true },
  );
}

/**
 * The report of an import as an artifact: a directory with `report.jsonl` and every original `artifact.json`, so that
 * fields that a manifest here has no place for are not lost with the workspace.
 */
export async function importReport(
  session: Session,
  tx: Transaction,
  planned: readonly PlannedArtifact[],
  found: FoundWorkspace,
  { artifactId, days }: { readonly artifactId: ArtifactId; readonly days: number },
): Promise<Manifest> {
  const files: [string, Uint8Array][] = [['report.jsonl', reportBytes(planned, found)]];
  for (const { place, original } of found.artifacts) {
    if (original !== undefined) files.push([`manifests/${place.layer}/${place.name}.json`, original]);
  }
  const entries: IndexEntry[] = [];
  for (const [path, bytes] of files) {
    const { id, size } = await tx.batch.addBytes(bytes);
    entries.push({ path: toSafePath(path), content_hash: id, size_bytes: size });
  }
  const index = toBundleIndex(entries);
  const bytes = encodeBundleIndex(index);
  await tx.batch.addBytes(bytes);
  const level = sensitivityOf(planned);
  return newManifest(
    session,
    compact({
      artifact_id: artifactId,
      kind: 'report',
      name: IMPORT_REPORT_NAME,
      payload_type: 'directory',
      content_hash: sha256(bytes),
      size_bytes: indexSize(index),
      retention_class: 'evidence',
      retention_ttl_days: level.classification === 'high' ? days : undefined,
      classification: level.classification,
      exportable: level.exportable,
    }),
  );
}
