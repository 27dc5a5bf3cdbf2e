import type { Manifest } from '../../core/manifest/manifest.js';
import { classificationRank } from '../../core/manifest/sensitivity.js';
import type { Classification } from '../../core/manifest/vocabulary.js';
import type { ArtifactId } from '../../core/objects/ids.js';
import { escapeText } from '../../core/text/escape-control.js';
import { toReason } from '../../core/text/ledger-text.js';
import { HsError } from '../../errors/hs-error.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import { manifestOf } from '../payload/read-manifest.js';
import type { Session } from '../session/session.js';
import { reviseManifest } from './revise.js';

export interface Reclassification {
  readonly classification?: Classification | undefined;
  readonly exportable?: boolean | undefined;
  /** Days from `created_at`. */
  readonly ttl?: number | undefined;
  readonly reason: string;
}

export interface Reclassified {
  readonly artifactId: ArtifactId;
  readonly revision: number;
  readonly classification: Classification;
  readonly exportable: boolean;
  readonly ttl: number | undefined;
  /** False: there was no change, and nothing was written. */
  readonly changed: boolean;
}

/**
 * Changes the classification of an artifact by a new revision (A8). High needs a TTL (A6), and makes it not exportable
 * unless specified otherwise. A frozen artifact can only be classified higher (A10).
 */
export async function reclassify(
  session: Session,
  name: string,
  change: Reclassification,
): Promise<Reclassified> {
  const reason = toReason(change.reason);
  return session.write('artifact.reclassify', [name], async (tx) => {
    let result: Reclassified | undefined;
    await tx.commit(async (catalog) => {
      const record = await resolveArtifact(catalog, name);
      const before = await manifestOf(session, record);
      const after = wanted(before, change);
      if (before.layer === 'L1') refuseFrozen(name, before, after);
      const same = (Object.keys(after) as (keyof typeof after)[]).every((k) => after[k] === before[k]);
      if (same) {
        result = describe(before, false);
        return null;
      }
      const { manifest, op } = await reviseManifest(tx, record, before, after);
      result = describe(manifest, true);
      const sensitivity = (m: Manifest) => ({ classification: m.classification, exportable: m.exportable });
      return {
        type: 'artifact_reclassified',
        payload: {
          artifact_id: record.artifact_id,
          from: sensitivity(before),
          to: sensitivity(manifest),
          reason,
        },
        ops: [op],
      };
    });
    return result!;
  });
}

function wanted(before: Manifest, change: Reclassification) {
  const classification = change.classification ?? before.classification;
  const becomesHigh = classification === 'high' && before.classification !== 'high';
  return {
    classification,
    exportable: change.exportable ?? (becomesHigh ? false : before.exportable),
    retention_ttl_days: change.ttl ?? before.retention_ttl_days,
  };
}

function refuseFrozen(name: string, before: Manifest, after: ReturnType<typeof wanted>): void {
  const lower = classificationRank(after.classification) < classificationRank(before.classification);
  const higher = classificationRank(after.classification) > classificationRank(before.classification);
  const opens = after.exportable && !before.exportable;
  const closes = !after.exportable && before.exportable && !higher;
  if (!lower && !opens && !closes && after.retention_ttl_days === undefined) return;
  throw new HsError('LAYER', `cannot reclassify '${escapeText(name)}': it is frozen (L1)`, {
    hint: 'a frozen artifact can only be classified higher, without a TTL',
  });
}

function describe(m: Manifest, changed: boolean): Reclassified {
  return {
    artifactId: m.artifact_id,
    revision: m.revision,
    classification: m.classification,
    exportable: m.exportable,
    ttl: m.retention_ttl_days,
    changed,
  };
}
