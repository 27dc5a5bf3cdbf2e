import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import {
  decodeManifest,
  encodeManifest,
  MAX_MANIFEST_BYTES,
  type Manifest,
  toManifest,
} from '../../core/manifest/manifest.js';
import { describedBy } from '../put/new-manifest.js';
import { factsOf } from '../put/register-artifact.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';

/** The manifest of the newest revision. */
export async function manifestOf(session: Session, record: ArtifactRecord): Promise<Manifest> {
  return decodeManifest(await session.store.objects.read(record.manifest, MAX_MANIFEST_BYTES));
}

/**
 * A new revision with these fields changed (undefined takes one away), and the operation for it (A8). USAGE
 * for a change that the manifest cannot take.
 */
export async function reviseManifest(
  tx: Transaction,
  record: ArtifactRecord,
  manifest: Manifest,
  change: { readonly [K in keyof Manifest]?: Manifest[K] | undefined },
): Promise<{ readonly manifest: Manifest; readonly op: Extract<LedgerOp, { op: 'revise' }> }> {
  const revised = describedBy(() =>
    toManifest(
      compact({ ...manifest, ...change, revision: manifest.revision + 1, supersedes: record.manifest }),
    ),
  );
  const stored = await tx.batch.addBytes(encodeManifest(revised));
  return { manifest: revised, op: { op: 'revise', ...factsOf(revised, stored) } };
}
