import { compact } from '../../core/json/omit-undefined.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { encodeManifest, type Manifest } from '../../core/manifest/manifest.js';
import { encodeBundleIndex } from '../../core/objects/bundle-index.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import { factsOf } from '../put/register-artifact.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import { asOrdinary, isPresent, isTtlOver, refuseLowered } from './admit.js';
import type { CheckedMember } from './checked-bundle.js';
import { type Revision, stricterRevisions } from './stricter-level.js';

export interface ImportedArtifact {
  readonly artifactId: ArtifactId;
  readonly contentHash: ObjectId;
  /** Existed already, with the same content. */
  readonly present: boolean;
  /** Existed already, less strictly classified than where it came from; that classification now applies. */
  readonly tightened: boolean;
  /** Was approved or frozen elsewhere; only a promotion in this store can make it so here. */
  readonly demoted: boolean;
  /** New or revised here with an expired TTL: the next collection removes it. */
  readonly ttlOver: boolean;
}

/** What the artifacts came in, for the ledger. */
export interface Origin {
  readonly contentHash: ObjectId;
  readonly bundleId?: ArtifactId | undefined;
}

interface Incoming {
  readonly member: CheckedMember;
  readonly manifest: Manifest;
}

/**
 * Registers checked members whose payloads are in the batch, all or none, in one commit. CONFLICT for an id that exists
 * with other content.
 */
export async function registerMembers(
  session: Session,
  tx: Transaction,
  members: readonly CheckedMember[],
  origin: Origin,
  ttl: number | undefined,
): Promise<ImportedArtifact[]> {
  const incoming = members.map((member) => ({
    member,
    manifest: asOrdinary(member.manifest, member.manifestId, ttl),
  }));
  session.progress.start('committing');
  let present = new Set<ArtifactId>();
  let tightened = new Map<ArtifactId, Revision>();
  await tx.commit(async (catalog) => {
    const known: Manifest[] = [];
    for (const { manifest } of incoming) if (await isPresent(catalog, manifest)) known.push(manifest);
    present = new Set(known.map((m) => m.artifact_id));
    const fresh = incoming.filter((i) => !present.has(i.manifest.artifact_id));
    await refuseLowered(
      session.store.objects,
      catalog,
      fresh.map((f) => f.manifest),
    );
    for (const { manifest } of fresh) await tx.checkSecrets(catalog, manifest);
    const revisions = await stricterRevisions(session, tx, catalog, known, ttl);
    tightened = new Map(revisions.map((r) => [r.artifact_id, r]));
    if (fresh.length === 0 && revisions.length === 0) return null;
    return entry(tx, origin, fresh, present.size, revisions);
  });
  session.progress.done();
  const isOver = (of: Manifest | Revision | undefined) => of !== undefined && isTtlOver(of, session.now());
  return incoming.map(({ member, manifest }) => ({
    artifactId: manifest.artifact_id,
    contentHash: manifest.content_hash,
    present: present.has(manifest.artifact_id),
    tightened: tightened.has(manifest.artifact_id),
    demoted: manifest.layer !== member.manifest.layer,
    ttlOver: isOver(present.has(manifest.artifact_id) ? tightened.get(manifest.artifact_id) : manifest),
  }));
}

async function entry(
  tx: Transaction,
  origin: Origin,
  fresh: readonly Incoming[],
  present: number,
  revisions: readonly LedgerOp[],
) {
  const ops: LedgerOp[] = [...revisions];
  for (const { member, manifest } of fresh) {
    if (member.index !== undefined) await tx.batch.addBytes(encodeBundleIndex(member.index));
    const stored = await tx.batch.addBytes(encodeManifest(manifest));
    ops.push({ op: 'add', ...factsOf(manifest, stored) });
  }
  return {
    type: 'bundle_imported' as const,
    payload: compact({
      artifacts: fresh.length,
      size_bytes: fresh.reduce((sum, f) => sum + f.manifest.size_bytes, 0),
      bundle_id: origin.bundleId,
      content_hash: origin.contentHash,
      already_present: present,
    }),
    ops,
  };
}
