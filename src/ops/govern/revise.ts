import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { encodeManifest, type Manifest, toManifest } from '../../core/manifest/manifest.js';
import type { ArtifactId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import { describedBy } from '../put/new-manifest.js';
import { factsOf } from '../put/register-artifact.js';
import type { Transaction } from '../session/transaction.js';

type Revise = Extract<LedgerOp, { op: 'revise' }>;
interface Revised {
  readonly manifest: Manifest;
  readonly op: Revise;
}

/**
 * A new revision with these fields changed (undefined removes one), and the operation for it (A8). USAGE for a change
 * that makes the manifest invalid.
 */
export async function reviseManifest(
  tx: Transaction,
  record: ArtifactRecord,
  manifest: Manifest,
  change: { readonly [K in keyof Manifest]?: Manifest[K] | undefined },
): Promise<Revised> {
  const revised = describedBy(() =>
    toManifest(
      compact({ ...manifest, ...change, revision: manifest.revision + 1, supersedes: record.manifest }),
    ),
  );
  const stored = await tx.batch.addBytes(encodeManifest(revised));
  return { manifest: revised, op: { op: 'revise', ...factsOf(revised, stored) } };
}

/** The revisions of one commit, at most one of each artifact. */
export class RevisedArtifacts {
  readonly manifests: Manifest[] = [];
  readonly #ops: Revise[] = [];
  readonly #fields = new Set<string>();
  readonly #lines = new Map<ArtifactId, number | undefined>();

  /** Starts anew, after a lost race. */
  clear(): void {
    this.manifests.length = 0;
    this.#ops.length = 0;
    this.#fields.clear();
    this.#lines.clear();
  }

  /** False: the artifact was named before. Two lines of a batch must not change the same one: USAGE. */
  claim(id: ArtifactId, line: number | undefined): boolean {
    const isFirst = !this.#lines.has(id);
    const other = this.#lines.get(id);
    if (other !== undefined) {
      throw new HsError('USAGE', `line ${other} names the same artifact`, {
        hint: 'give all changes of an artifact in one line',
      });
    }
    this.#lines.set(id, line);
    return isFirst;
  }

  add({ manifest, op }: Revised, change: object): void {
    this.manifests.push(manifest);
    this.#ops.push(op);
    for (const field of Object.keys(change)) this.#fields.add(field);
  }

  /** Null: nothing was revised. */
  draft(reason?: string) {
    const { manifests } = this;
    if (manifests.length === 0) return null;
    const size_bytes = manifests.reduce((sum, m) => sum + m.size_bytes, 0);
    const fields = [...this.#fields];
    return {
      type: 'artifact_revised' as const,
      payload: compact({ artifacts: manifests.length, size_bytes, fields, reason }),
      ops: [...this.#ops],
    };
  }
}
