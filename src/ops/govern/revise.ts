import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { encodeManifest, type Manifest, toManifest } from '../../core/manifest/manifest.js';
import { describedBy } from '../put/new-manifest.js';
import { factsOf } from '../put/register-artifact.js';
import type { Transaction } from '../session/transaction.js';

/**
 * A new revision with these fields changed (undefined removes one), and the operation for it (A8). USAGE for a change
 * that makes the manifest invalid.
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
