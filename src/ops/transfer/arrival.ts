import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { canonicalBytes } from '../../core/json/canonical.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { encodeManifest, type Manifest, toManifest } from '../../core/manifest/manifest.js';
import { isSensitive, stricter } from '../../core/manifest/sensitivity.js';
import { sha256 } from '../../core/objects/hash.js';
import type { ArtifactId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import { hasFeature } from '../../store/port/format.js';
import { asOrdinary, isPresent, isTtlOver } from '../bundle/admit.js';
import type { CheckedMember } from '../bundle/checked-bundle.js';
import { stricterRevisions } from '../bundle/stricter-level.js';
import { restrictedContents } from '../guard/restricted-contents.js';
import { factsOf } from '../put/register-artifact.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import { transferred } from './compare-stores.js';
import { attempted, type TransferResult } from './transfer-request.js';

/** An artifact whose payload is in the batch. */
export interface Arriving {
  readonly record: ArtifactRecord;
  readonly member: CheckedMember;
}

interface Arrivals {
  readonly fresh: readonly Arriving[];
  readonly laxer: readonly ArtifactRecord[];
  readonly fromStore: string;
  readonly ttl: number | undefined;
}

/**
 * Registers a batch in one entry, under the rules of an import (C3): what was approved or frozen becomes ordinary work,
 * and of all that is known of the content the strictest classification applies. An artifact that cannot be registered
 * does not keep the others out.
 */
export async function register(
  to: Session,
  tx: Transaction,
  { fresh, laxer, fromStore, ttl }: Arrivals,
): Promise<ReadonlyMap<ArtifactId, TransferResult>> {
  let results = new Map<ArtifactId, TransferResult>();
  await tx.commit(async (catalog) => {
    results = new Map();
    const ops: LedgerOp[] = [];
    const added: Manifest[] = [];
    const arrive = async (record: ArtifactRecord, work: () => Promise<TransferResult>) => {
      const result = await attempted(work);
      results.set(record.artifact_id, result instanceof HsError ? { error: result } : result);
    };
    const tighten = async (record: ArtifactRecord, manifest: ArtifactRecord | Manifest) => {
      const revisions = await stricterRevisions(to, tx, catalog, [manifest], ttl);
      ops.push(...revisions);
      const ttlOver = revisions.some((r) => isTtlOver(r, to.now()));
      return { artifact: transferred(record, { present: true, tightened: revisions.length > 0, ttlOver }) };
    };
    for (const record of laxer) await arrive(record, () => tighten(record, record));
    for (const { record, member } of fresh) {
      await arrive(record, async () => {
        if (await isPresent(catalog, member.manifest)) return tighten(record, member.manifest);
        const manifest = await admitted(to, catalog, record, member, ttl);
        await tx.checkSecrets(catalog, manifest);
        ops.push({ op: 'add', ...factsOf(manifest, await tx.batch.addBytes(encodeManifest(manifest))) });
        added.push(manifest);
        return {
          artifact: transferred(record, {
            tightened:
              manifest.classification !== record.classification || manifest.exportable !== record.exportable,
            demoted: manifest.layer !== member.manifest.layer,
            ttlOver: isTtlOver(manifest, to.now()),
          }),
        };
      });
    }
    if (ops.length === 0) return null;
    return {
      type: 'bundle_imported',
      payload: {
        artifacts: added.length,
        size_bytes: added.reduce((sum, m) => sum + m.size_bytes, 0),
        content_hash: listHash(fresh),
        already_present: fresh.length + laxer.length - added.length,
        ...(hasFeature(to.store.format, 'transfers') ? { from_store: fromStore } : {}),
      },
      ops,
    };
  });
  return results;
}

function listHash(fresh: readonly Arriving[]) {
  return sha256(
    canonicalBytes(
      fresh.map(({ record, member }) => ({ artifact_id: record.artifact_id, manifest: member.manifestId })),
    ),
  );
}

/** The manifest to register; a new revision where it differs from that of the other store (A8). */
async function admitted(
  to: Session,
  catalog: Catalog,
  record: ArtifactRecord,
  { manifest, manifestId }: CheckedMember,
  ttl: number | undefined,
): Promise<Manifest> {
  const { of } = await restrictedContents(to.store.objects, catalog);
  const known = of.get(manifest.content_hash) ?? [];
  const level = known.reduce((a, b) => stricter(a, b), stricter(manifest, record));
  const ordinary = asOrdinary(manifest, manifestId, ttl);
  if (level.classification === ordinary.classification && level.exportable === ordinary.exportable)
    return ordinary;
  const days = [...known, ordinary].map((k) => k.retention_ttl_days).filter((d) => d !== undefined);
  const bounded = days.length > 0 ? Math.min(...days) : ttl;
  if (bounded === undefined && isSensitive({ kind: manifest.kind, ...level })) {
    throw new HsError('USAGE', `'${record.artifact_id.slice(0, 8)}' is sensitive there, and has no TTL`, {
      hint: 'give --ttl DAYS',
    });
  }
  return toManifest({
    ...ordinary,
    ...level,
    revision: manifest.revision + 1,
    supersedes: manifestId,
    ...(bounded === undefined ? {} : { retention_ttl_days: bounded }),
  });
}
