import { compact } from '../../core/json/omit-undefined.js';
import type { ArtifactFacts, LedgerOp } from '../../core/ledger/operation.js';
import { encodeManifest, type Manifest } from '../../core/manifest/manifest.js';
import { indexSize } from '../../core/objects/bundle-index.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import type { ObjectBatch } from '../../store/port/object-batch.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import { statedIndex, statedSize } from './stated-payload.js';

/** The facts of a manifest that the ledger keeps; a commit leaves out what the store's format does not have. */
export function factsOf(
  m: Manifest,
  stored: { readonly id: ObjectId; readonly size: number },
): ArtifactFacts {
  return compact({
    artifact_id: m.artifact_id,
    revision: m.revision,
    manifest: stored.id,
    manifest_size_bytes: stored.size,
    content_hash: m.content_hash,
    payload_type: m.payload_type,
    kind: m.kind,
    retention_class: m.retention_class,
    layer: m.layer,
    classification: m.classification,
    exportable: m.exportable,
    retention_ttl_days: m.retention_ttl_days,
    size_bytes: m.size_bytes,
    created_at: m.created_at,
    name: m.name,
    filename_hint: m.filename_hint,
    sources: m.source_artifact_refs?.map((s) => s.artifact_id),
    job_id: m.created_by_job_id,
    labels: m.labels,
    entities: m.source_entity_refs,
  });
}

/**
 * Ensures that the payload that a manifest states is in the store, has the stated size, and is part of the batch: the
 * object, or the index and every file it lists.
 */
export async function referencePayload(session: Session, batch: ObjectBatch, m: Manifest): Promise<void> {
  const lies = (what: string) =>
    new HsError('INVALID_MANIFEST', `invalid manifest: size_bytes: the payload has ${what}`);
  const { objects } = session.store;
  if (m.payload_type === 'file') {
    const size = await statedSize(objects, m.content_hash);
    if (size !== m.size_bytes) throw lies(`${size} bytes`);
    await batch.reference(m.content_hash, size);
    return;
  }
  const index = await statedIndex(objects, m.content_hash);
  if (indexSize(index) !== m.size_bytes) throw lies(`${indexSize(index)} bytes`);
  await batch.reference(m.content_hash);
  for (const entry of index) await batch.reference(entry.content_hash, entry.size_bytes);
}

/**
 * Commits new artifacts in one entry, all or none. Their payloads must be in the batch already. `more` are operations
 * that belong with them, such as pins.
 */
export async function registerArtifacts(
  tx: Transaction,
  manifests: readonly Manifest[],
  more: readonly LedgerOp[] = [],
): Promise<void> {
  const draft = await registration(tx, manifests, more);
  await tx.commit(() => draft);
}

/** The entry that registers new artifacts. */
export async function registration(
  tx: Transaction,
  manifests: readonly Manifest[],
  more: readonly LedgerOp[] = [],
) {
  const ops: LedgerOp[] = [];
  for (const manifest of manifests) ops.push(await addArtifact(tx, manifest));
  const bytes = manifests.reduce((sum, m) => sum + m.size_bytes, 0);
  return { ...createdPayload(manifests.length, bytes), ops: [...ops, ...more] };
}

/** The operation that registers one artifact; its manifest is staged. `unique`: its id was just drawn. */
export async function addArtifact(tx: Transaction, manifest: Manifest, unique = false): Promise<LedgerOp> {
  const stored = await tx.batch.addBytes(encodeManifest(manifest), { unique });
  return { op: 'add', ...factsOf(manifest, stored) };
}

export function createdPayload(artifacts: number, bytes: number) {
  return { type: 'artifact_created' as const, payload: { artifacts, size_bytes: bytes } };
}
