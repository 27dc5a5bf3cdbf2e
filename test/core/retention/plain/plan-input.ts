import type { ArtifactRecord } from '../../../../src/core/catalog/artifact-record.js';
import type { ObjectId, Timestamp } from '../../../../src/core/objects/ids.js';
import type { Policy } from '../../../../src/core/policy/policy.js';
import type { ArtifactObjects } from '../../../../src/core/retention/artifact-columns.js';

/** All that a plan is made from; the same input gives the same bytes (D3). */
export interface RecordInput {
  readonly storeId: string;
  readonly head: { readonly seq: number; readonly hash: ObjectId };
  readonly policyId: ObjectId;
  readonly policy: Policy;
  readonly clock: Timestamp;
  /** The live ones, in any order. */
  readonly artifacts: readonly ArtifactRecord[];
  /** Removed ones, in any order: what they were made from may be held through them. */
  readonly removed: readonly Pick<ArtifactRecord, 'artifact_id' | 'sources'>[];
  objectsOf(record: ArtifactRecord): ArtifactObjects;
  /** Quota in bytes, instead of that of the policy. */
  readonly quotaBytes?: number;
  /** Nothing that goes has a trash window (`hs rm --purge`). */
  readonly purge?: boolean;
}
