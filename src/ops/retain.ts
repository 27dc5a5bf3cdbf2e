import { compact } from '../core/compact.js';
import type { ArtifactId } from '../core/ids.js';
import type { LedgerOp } from '../core/ledger-op.js';
import {
  decodeManifest,
  encodeManifest,
  MAX_MANIFEST_BYTES,
  type Manifest,
  toManifest,
} from '../core/manifest.js';
import type { RetentionClass } from '../core/vocabulary.js';
import { HsError } from '../errors/hs-error.js';
import { factsOf } from './register.js';
import { resolveArtifact } from './resolve.js';
import type { Session } from './session.js';

export interface RetainChange {
  /** Days from `created_at`; null takes the TTL away. */
  readonly ttl?: number | null | undefined;
  readonly retentionClass?: RetentionClass | undefined;
}

export interface Retained {
  readonly artifact_id: ArtifactId;
  readonly revision: number;
  readonly retention_class: RetentionClass;
  readonly retention_ttl_days?: number;
}

function revise(m: Manifest, change: RetainChange, supersedes: Manifest['supersedes']): Manifest {
  const { retention_ttl_days: days, ...rest } = m;
  return toManifest(
    compact({
      ...rest,
      revision: m.revision + 1,
      supersedes,
      retention_class: change.retentionClass ?? m.retention_class,
      retention_ttl_days: change.ttl === undefined ? days : (change.ttl ?? undefined),
    }),
  );
}

/**
 * Gives artifacts another TTL or class, each by a new revision, in one commit (A8, D2). L1 is refused,
 * and so is taking the TTL from what is sensitive (A6).
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
        const record = resolveArtifact(catalog, name);
        if (done.has(record.artifact_id)) continue;
        if (record.layer === 'L1') {
          throw new HsError('LAYER', `cannot change the retention of '${name}': it is frozen (L1)`);
        }
        const bytes = await session.store.objects.read(record.manifest, MAX_MANIFEST_BYTES);
        const manifest = revise(decodeManifest(bytes), change, record.manifest);
        const stored = await tx.batch.addBytes(encodeManifest(manifest));
        ops.push({ op: 'revise', ...factsOf(manifest, stored) });
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
