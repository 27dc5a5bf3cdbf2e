import { compact } from '../../core/json/omit-undefined.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import type { Manifest } from '../../core/manifest/manifest.js';
import type { RetentionClass } from '../../core/manifest/vocabulary.js';
import type { ArtifactId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import { manifestOf } from '../payload/read-manifest.js';
import type { Session } from '../session/session.js';
import { reviseManifest } from './revise.js';

export interface RetainChange {
  /** Days from `created_at`; null removes the TTL. */
  readonly ttl?: number | null | undefined;
  readonly retentionClass?: RetentionClass | undefined;
}

export interface Retained {
  readonly artifact_id: ArtifactId;
  readonly revision: number;
  readonly retention_class: RetentionClass;
  readonly retention_ttl_days?: number;
}

/**
 * Changes the TTL or class of artifacts, each by a new revision, in one commit (A8, D2). L1 is refused, and so is
 * removing the TTL of a sensitive artifact (A6).
 */
export async function retain(
  session: Session,
  names: readonly string[],
  change: RetainChange,
): Promise<Retained[]> {
  return session.write('artifact.revise', names, async (tx) => {
    const done = new Map<ArtifactId, Manifest>();
    await tx.commit(async (catalog) => {
      done.clear();
      const ops: LedgerOp[] = [];
      for (const name of names) {
        const record = await resolveArtifact(catalog, name);
        if (done.has(record.artifact_id)) continue;
        if (record.layer === 'L1') {
          throw new HsError('LAYER', `cannot change the retention of '${name}': it is frozen (L1)`);
        }
        const before = await manifestOf(session, record);
        const { manifest, op } = await reviseManifest(tx, record, before, {
          ...(change.ttl === undefined ? {} : { retention_ttl_days: change.ttl ?? undefined }),
          ...(change.retentionClass === undefined ? {} : { retention_class: change.retentionClass }),
        });
        ops.push(op);
        done.set(record.artifact_id, manifest);
      }
      return {
        type: 'artifact_revised',
        payload: {
          artifacts: done.size,
          size_bytes: [...done.values()].reduce((sum, m) => sum + m.size_bytes, 0),
          fields: [
            ...(change.ttl === undefined ? [] : ['retention_ttl_days']),
            ...(change.retentionClass === undefined ? [] : ['retention_class']),
          ],
        },
        ops,
      };
    });
    return [...done.values()].map((m) =>
      compact({
        artifact_id: m.artifact_id,
        revision: m.revision,
        retention_class: m.retention_class,
        retention_ttl_days: m.retention_ttl_days,
      }),
    );
  });
}
