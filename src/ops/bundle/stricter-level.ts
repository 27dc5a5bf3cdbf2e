import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import type { Manifest } from '../../core/manifest/manifest.js';
import { isSensitive, stricter } from '../../core/manifest/sensitivity.js';

import { HsError } from '../../errors/hs-error.js';
import { reviseManifest } from '../govern/revise.js';
import { manifestOf } from '../payload/read-manifest.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';

type Incoming = Pick<Manifest, 'artifact_id' | 'classification' | 'exportable' | 'retention_ttl_days'>;
type Revision = Extract<LedgerOp, { op: 'revise' }>;

/**
 * Applies a stricter classification in a bundle to artifacts that exist here, by a new revision (A8); a laxer one
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
      : { ...wanted, retention_ttl_days: ttlOf(before, manifest, wanted, ttl) };
    ops.push((await reviseManifest(tx, here, before, change)).op);
  }
  return ops;
}

/** The shorter of the two TTLs, or the only one. */
function ttlOf(
  before: Manifest,
  incoming: Incoming,
  wanted: Pick<Manifest, 'classification'>,
  given: number | undefined,
): number | undefined {
  const known = [before.retention_ttl_days, incoming.retention_ttl_days].filter((days) => days !== undefined);
  if (!isSensitive({ kind: before.kind, ...wanted })) return before.retention_ttl_days;
  if (known.length > 0) return Math.min(...known);
  if (given !== undefined) return given;
  const shown = before.artifact_id.slice(0, 8);
  throw new HsError('USAGE', `'${shown}' exists already, and the bundle classifies it as sensitive`, {
    hint: 'a sensitive artifact needs a TTL, and the bundle has none: give --ttl DAYS',
    details: { artifact_id: before.artifact_id },
  });
}

function cannotClose({ artifact_id }: ArtifactRecord): HsError {
  const shown = artifact_id.slice(0, 8);
  return new HsError(
    'LAYER',
    `'${shown}' is frozen here (L1), and the bundle says that it is not exportable`,
    {
      hint: `a frozen artifact can only be classified higher: run hs reclassify ${shown}, then import again`,
    },
  );
}
