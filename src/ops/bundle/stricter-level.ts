import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { DAY_MS } from '../../core/duration.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { MAX_TTL_DAYS, type Manifest } from '../../core/manifest/manifest.js';
import { isSensitive, stricter } from '../../core/manifest/sensitivity.js';
import { timestampMs } from '../../core/objects/ids.js';
import { windowMs } from '../../core/retention/rule.js';
import { HsError } from '../../errors/hs-error.js';
import { reviseManifest } from '../govern/revise.js';
import { manifestOf } from '../payload/read-manifest.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';

type Incoming = Pick<Manifest, 'artifact_id' | 'classification' | 'exportable' | 'retention_ttl_days'>;
/** The operation for one of them. */
export type Revision = Extract<LedgerOp, { op: 'revise' }>;

/**
 * Applies the stricter classification of an incoming copy to artifacts that exist here, by a new revision (A8); a laxer one
 * changes nothing. `ttl` is for an artifact that becomes sensitive and has no TTL (USAGE without it). LAYER for one
 * frozen here, which could only be classified higher.
 */
export async function stricterRevisions(
  session: Session,
  tx: Transaction,
  catalog: Catalog,
  incoming: readonly Incoming[],
  ttl: number | undefined,
): Promise<Revision[]> {
  const ops: Revision[] = [];
  for (const manifest of incoming) {
    const here = (await catalog.get(manifest.artifact_id))!;
    const wanted = stricter(here, manifest);
    if (wanted.classification === here.classification && wanted.exportable === here.exportable) continue;
    const isFrozen = here.layer === 'L1';
    if (isFrozen && wanted.classification === here.classification) throw cannotClose(here);
    const before = await manifestOf(session, here);
    const change = isFrozen
      ? wanted
      : { ...wanted, retention_ttl_days: await ttlOf(session, catalog, before, manifest, wanted, ttl) };
    ops.push((await reviseManifest(tx, here, before, change)).op);
  }
  return ops;
}

/**
 * Its own TTL. Where it has none and becomes sensitive: `given`, or the incoming one, but no less than a window of this
 * store's policy from now, so that nobody else ends its life.
 */
async function ttlOf(
  session: Session,
  catalog: Catalog,
  before: Manifest,
  incoming: Incoming,
  wanted: Pick<Manifest, 'classification'>,
  given: number | undefined,
): Promise<number | undefined> {
  const own = before.retention_ttl_days;
  if (own !== undefined || !isSensitive({ kind: before.kind, ...wanted })) return own;
  if (given !== undefined) return given;
  if (incoming.retention_ttl_days === undefined) throw lacksTtl(before);
  const end = timestampMs(session.now()) + windowMs(before, (await session.policy(catalog)).retention);
  const days = Math.ceil((end - timestampMs(before.created_at)) / DAY_MS);
  return Math.min(Math.max(incoming.retention_ttl_days, days), MAX_TTL_DAYS);
}

function lacksTtl({ artifact_id }: Manifest): HsError {
  const shown = artifact_id.slice(0, 8);
  return new HsError('USAGE', `'${shown}' exists already, and the incoming copy is classified as sensitive`, {
    hint: 'a sensitive artifact needs a TTL, and neither has one: give --ttl DAYS',
    details: { artifact_id },
  });
}

function cannotClose({ artifact_id }: ArtifactRecord): HsError {
  const shown = artifact_id.slice(0, 8);
  return new HsError(
    'LAYER',
    `'${shown}' is frozen here (L1), and the incoming copy is classified as not exportable`,
    {
      hint: `a frozen artifact can only be classified higher: run hs reclassify ${shown}, then try again`,
    },
  );
}
