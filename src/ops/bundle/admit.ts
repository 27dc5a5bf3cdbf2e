import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { type Manifest, toManifest } from '../../core/manifest/manifest.js';
import { classificationRank, isSensitive } from '../../core/manifest/sensitivity.js';
import { type ObjectId, type Timestamp, timestampMs } from '../../core/objects/ids.js';
import { ttlEndMs } from '../../core/retention/rule.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError } from '../../errors/hs-error.js';
import type { ObjectStore } from '../../store/objects/object-store.js';
import { restrictedContents } from '../guard/restricted-contents.js';

/** Whether its TTL has expired: the next collection removes it. */
export function isTtlOver(of: Parameters<typeof ttlEndMs>[0], now: Timestamp): boolean {
  const end = ttlEndMs(of);
  return end !== undefined && end <= timestampMs(now);
}

/**
 * Demotes what another store approved or froze to ordinary work by a new revision (A8, A10). USAGE if it is sensitive
 * and was frozen, hence has no TTL, and none is given.
 */
export function asOrdinary(manifest: Manifest, manifestId: ObjectId, ttl: number | undefined): Manifest {
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

/** Whether the artifact exists here. CONFLICT: with other content, or removed. */
export async function isPresent(
  catalog: Catalog,
  manifest: Pick<Manifest, 'artifact_id' | 'content_hash' | 'payload_type'>,
): Promise<boolean> {
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
export async function refuseLowered(
  objects: ObjectStore,
  catalog: Catalog,
  fresh: readonly Manifest[],
): Promise<void> {
  if (fresh.length === 0) return;
  const { of } = await restrictedContents(objects, catalog);
  for (const manifest of fresh) {
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
