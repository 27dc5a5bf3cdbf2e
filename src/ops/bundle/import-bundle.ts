import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { encodeManifest, type Manifest, toManifest } from '../../core/manifest/manifest.js';
import { classificationRank, isSensitive } from '../../core/manifest/sensitivity.js';

import { encodeBundleIndex } from '../../core/objects/bundle-index.js';
import { type ArtifactId, type ObjectId, type Timestamp, timestampMs } from '../../core/objects/ids.js';
import { ttlEndMs } from '../../core/retention/rule.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError } from '../../errors/hs-error.js';
import type { ObjectStore } from '../../store/objects/object-store.js';
import { restrictedContents } from '../guard/restricted-contents.js';
import { streamSource } from '../payload/stream-source.js';
import { factsOf } from '../put/register-artifact.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import { namingBundle } from './bundle-error.js';
import { type BundleSource, readBundle } from './bundle-source.js';
import { checkBundle } from './check-bundle.js';
import type { CheckedBundle, CheckedMember } from './checked-bundle.js';
import { stricterRevisions } from './stricter-level.js';

export interface Imported {
  readonly contentHash: ObjectId;
  /** Sorted by id: the members, and the bundle itself if its manifest was included. */
  readonly artifacts: readonly {
    readonly artifactId: ArtifactId;
    readonly contentHash: ObjectId;
    /** Existed already, with the same content. */
    readonly present: boolean;
    /** Existed already, less strictly classified than in the bundle, whose classification now applies. */
    readonly tightened: boolean;
    /** Was approved or frozen elsewhere; only a promotion in this store can make it so here. */
    readonly demoted: boolean;
    /** New here with an expired TTL: the next collection removes it. */
    readonly ttlOver: boolean;
  }[];
}

export interface ImportOptions {
  /** Accept names that other systems cannot hold. */
  readonly nonPortable?: boolean;
  /** TTL in days for sensitive artifacts that need one and have none (A6). */
  readonly ttl?: number;
}

interface Incoming {
  readonly member: CheckedMember;
  readonly manifest: Manifest;
}

/**
 * Imports a bundle (C3). Nothing is trusted: every byte is hashed and compared with manifests and index before anything
 * is registered, all or nothing in one commit. CONFLICT for an id that exists with other content.
 */
export async function importBundle(
  session: Session,
  source: BundleSource,
  options: ImportOptions = {},
): Promise<Imported> {
  return session.write('bundle.import', [], async (tx) => {
    session.progress.start('reading', undefined, 'bytes');
    const read = () =>
      checkBundle(readBundle(session.disk, source, options), {
        stream: (content) => tx.batch.addSource(streamSource(content), (n) => session.progress.advance(n)),
        bytes: async (bytes) => {
          session.signal.throwIfAborted();
          const added = await tx.batch.addBytes(bytes);
          session.progress.advance(bytes.byteLength);
          return added;
        },
      });
    const bundle = await namingBundle(session.disk, source, read, 'nothing was imported');
    const members = bundle.self === undefined ? bundle.members : [...bundle.members, bundle.self];
    const incoming = members.map((member) => ({ member, manifest: asOrdinary(member, options.ttl) }));
    session.progress.start('committing');
    let present = new Set<ArtifactId>();
    let tightened = new Set<ArtifactId>();
    await tx.commit(async (catalog) => {
      const known: Manifest[] = [];
      for (const i of incoming) if (await isPresent(catalog, i)) known.push(i.manifest);
      present = new Set(known.map((m) => m.artifact_id));
      const fresh = incoming.filter((i) => !present.has(i.manifest.artifact_id));
      await refuseLowered(session.store.objects, catalog, fresh);
      for (const { manifest } of fresh) await tx.checkSecrets(catalog, manifest);
      const revisions = await stricterRevisions(session, tx, catalog, known, options.ttl);
      tightened = new Set(revisions.map((r) => r.artifact_id));
      if (fresh.length === 0 && revisions.length === 0) return null;
      return entry(tx, bundle, fresh, present.size, revisions);
    });
    session.progress.done();
    return {
      contentHash: bundle.contentHash,
      artifacts: incoming.map(({ member, manifest }) => ({
        artifactId: manifest.artifact_id,
        contentHash: manifest.content_hash,
        present: present.has(manifest.artifact_id),
        tightened: tightened.has(manifest.artifact_id),
        demoted: manifest.layer !== member.manifest.layer,
        ttlOver: !present.has(manifest.artifact_id) && isTtlOver(manifest, session.now()),
      })),
    };
  });
}

function isTtlOver(manifest: Manifest, now: Timestamp): boolean {
  const end = ttlEndMs(manifest);
  return end !== undefined && end <= timestampMs(now);
}

/**
 * Demotes what another store approved or froze to ordinary work by a new revision (A8, A10). USAGE if it is sensitive
 * and was frozen, hence has no TTL, and none is given.
 */
function asOrdinary({ manifest, manifestId }: CheckedMember, ttl: number | undefined): Manifest {
  if (manifest.layer !== 'L1' && manifest.layer !== 'L2') return manifest;
  const lacksTtl = isSensitive(manifest) && manifest.retention_ttl_days === undefined;
  if (lacksTtl && ttl === undefined) {
    const name = `'${manifest.artifact_id.slice(0, 8)}'`;
    throw new HsError('USAGE', `${name} is sensitive and was frozen, so it has no TTL`, {
      hint: 'it is ordinary work here, which needs one: give --ttl DAYS',
      details: { artifact_id: manifest.artifact_id },
    });
  }
  return toManifest({
    ...manifest,
    layer: 'L3',
    revision: manifest.revision + 1,
    supersedes: manifestId,
    ...(lacksTtl ? { retention_ttl_days: ttl } : {}),
  });
}

async function isPresent(catalog: Catalog, { manifest }: Incoming): Promise<boolean> {
  const here = await catalog.get(manifest.artifact_id);
  if (here === undefined) return false;
  const shown = manifest.artifact_id.slice(0, 8);
  if (here.content_hash !== manifest.content_hash || here.payload_type !== manifest.payload_type) {
    throw new HsError('CONFLICT', `artifact '${shown}' exists already, with other content`, {
      hint: 'an id always means the same content, so one of the two is wrong',
      details: { artifact_id: manifest.artifact_id, here: here.content_hash, bundle: manifest.content_hash },
    });
  }
  if (here.removed !== undefined) {
    throw new HsError('CONFLICT', `artifact '${shown}' existed here and was removed`, {
      hint: here.removed.purge
        ? 'it was removed for good, and its id cannot be used again here'
        : `hs restore ${shown} brings it back while it is in the trash; once purged, its id cannot be used again here`,
    });
  }
  return true;
}

/** Content that is restricted here must not return as exportable. */
async function refuseLowered(
  objects: ObjectStore,
  catalog: Catalog,
  fresh: readonly Incoming[],
): Promise<void> {
  if (fresh.length === 0) return;
  const { of } = await restrictedContents(objects, catalog);
  for (const { manifest } of fresh) {
    const record = of.get(manifest.content_hash)?.find((r) => isLower(manifest, r));
    if (record === undefined) continue;
    const name = escapeText(manifest.artifact_id);
    throw new HsError(
      'HOSTILE_INPUT',
      `the manifest of '${name}' lowers the classification of content in this store`,
      {
        hint: `it is the content of '${record.artifact_id.slice(0, 8)}', which is ${record.exportable ? record.classification : 'not exportable'}`,
        details: { entry: `members/${manifest.artifact_id}/artifact.json` },
      },
    );
  }
}

function isLower(incoming: Manifest, here: ArtifactRecord): boolean {
  const lower = classificationRank(incoming.classification) < classificationRank(here.classification);
  return lower || (incoming.exportable && !here.exportable);
}

async function entry(
  tx: Transaction,
  bundle: CheckedBundle,
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
      bundle_id: bundle.self?.manifest.artifact_id,
      content_hash: bundle.contentHash,
      already_present: present,
    }),
    ops,
  };
}
