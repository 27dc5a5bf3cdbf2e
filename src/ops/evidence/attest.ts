import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { signEnvelope } from '../../core/evidence/dsse.js';
import { PAYLOAD_TYPE, provenanceStatement } from '../../core/evidence/provenance.js';
import { keyFingerprint, type Signer } from '../../core/evidence/signer.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { EntryPayload } from '../../core/ledger/entry-types.js';
import { handleOf } from '../../core/manifest/handle-of.js';
import { labelOf } from '../../core/manifest/label-of.js';
import type { Manifest } from '../../core/manifest/manifest.js';
import { sensitivityOf } from '../../core/manifest/sensitivity.js';
import { decodeBundleIndex, MAX_INDEX_BYTES } from '../../core/objects/bundle-index.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isHsError } from '../../errors/hs-error.js';
import { demandRead } from '../guard/read-gate.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import { manifestOf } from '../payload/read-manifest.js';
import { describedBy, newManifest } from '../put/new-manifest.js';
import { registration } from '../put/register-artifact.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import { openSigner } from './open-signer.js';

/** An attestation: an artifact itself, and exported like any other. */
export interface Attestation {
  readonly artifactId: ArtifactId;
  readonly contentHash: ObjectId;
  /** The artifact that it is about. */
  readonly subject: { readonly artifactId: ArtifactId; readonly contentHash: ObjectId };
}

/**
 * Signs what the ledger and the manifest say about how a run made an artifact (I4), and registers the envelope as an
 * artifact of the same sensitivity. The same manifest and key give the same bytes, which are registered once. NOT_FOUND
 * for an artifact that no run of this store made. `key` is a file or `ssh-agent`.
 */
export async function attest(session: Session, name: string, key: string): Promise<Attestation> {
  const signer = await openSigner(session, key);
  return attestWith(session, name, signer);
}

/** Attests the artifacts that a run made; NOT_FOUND if there are none. Returns the ids of the attestations. */
export async function attestEach(
  session: Session,
  names: readonly string[],
  key: string,
): Promise<ArtifactId[]> {
  const signer = await openSigner(session, key);
  const ids: ArtifactId[] = [];
  let missing: HsError | undefined;
  for (const name of names) {
    try {
      ids.push((await attestWith(session, name, signer)).artifactId);
    } catch (e) {
      if (!(e instanceof NotMadeByRun)) throw e;
      missing ??= e;
    }
  }
  if (ids.length === 0 && missing !== undefined) throw missing;
  return ids;
}

class NotMadeByRun extends HsError {
  constructor(record: ArtifactRecord) {
    super('NOT_FOUND', `no run of this store made '${escapeText(labelOf(record))}'`, {
      hint: 'an attestation says how hs run made an artifact; hs show says where this one came from',
    });
  }
}

function attestWith(session: Session, name: string, signer: Signer): Promise<Attestation> {
  return session.write('artifact.create', [name], async (tx) => {
    let done: Attestation | undefined;
    await tx.commit(async (catalog) => {
      const record = await resolveArtifact(catalog, name);
      await demandRead(session, catalog, record);
      const envelope = await envelopeOf(session, record, signer);
      const { manifest, isKnown } = await attestationOf(session, tx, catalog, record, envelope);
      done = {
        artifactId: manifest.artifact_id,
        contentHash: manifest.content_hash,
        subject: { artifactId: record.artifact_id, contentHash: record.content_hash },
      };
      return isKnown ? null : registration(tx, [manifest as Manifest]);
    });
    return done!;
  });
}

async function envelopeOf(session: Session, record: ArtifactRecord, signer: Signer): Promise<Buffer> {
  const { objects } = session.store;
  const statement = provenanceStatement({
    manifest: await manifestOf(session, record),
    manifestId: record.manifest,
    files:
      record.payload_type === 'file'
        ? undefined
        : decodeBundleIndex(await objects.read(record.content_hash, MAX_INDEX_BYTES)),
    storeId: session.store.id,
    runId: await runOf(session, record),
  });
  return signEnvelope(PAYLOAD_TYPE, statement, signer, keyFingerprint(signer.publicKey));
}

/**
 * The run that registered the artifact here. The manifest's provenance alone proves nothing: a manifest written by
 * hand, or imported with a bundle, may claim anything.
 */
async function runOf(session: Session, record: ArtifactRecord): Promise<string> {
  const { entry } = await session.store.ledger.read(record.registered.seq);
  if (entry.type !== 'tool_run') throw new NotMadeByRun(record);
  return ((await session.store.payloadOf(entry)) as EntryPayload<'tool_run'>).run_id;
}

/** The artifact for the envelope: the one that already contains it, else a new one. */
async function attestationOf(
  session: Session,
  tx: Transaction,
  catalog: Catalog,
  record: ArtifactRecord,
  envelope: Buffer,
): Promise<
  | { readonly isKnown: true; readonly manifest: ArtifactRecord }
  | { readonly isKnown: false; readonly manifest: Manifest }
> {
  const { id, size } = await tx.batch.addBytes(envelope);
  const name = `provenance/${record.artifact_id}.intoto.json`;
  const sensitivity = sensitivityOf([record]);
  for await (const known of catalog.named(name)) {
    const isSame =
      known.content_hash === id &&
      known.classification === sensitivity.classification &&
      known.exportable === sensitivity.exportable;
    if (isSame) return { isKnown: true, manifest: known };
  }
  const facts = compact({
    name,
    filename_hint: `${record.artifact_id}.intoto.json`,
    kind: 'report',
    mime: 'application/vnd.dsse.envelope.v1+json',
    retention_class: 'evidence',
    payload_type: 'file',
    content_hash: id,
    size_bytes: size,
    ...sensitivity,
    source_artifact_refs: [handleOf(record)],
  });
  try {
    return { isKnown: false, manifest: describedBy(() => newManifest(session, facts)) };
  } catch (e) {
    if (!isHsError(e, 'USAGE') || record.retention_ttl_days !== undefined) throw e;
    // A frozen high artifact has no TTL; one derived from it needs one (A6).
    const { window_days } = (await session.policy(catalog)).retention.classes.evidence;
    return { isKnown: false, manifest: newManifest(session, { ...facts, retention_ttl_days: window_days }) };
  }
}
