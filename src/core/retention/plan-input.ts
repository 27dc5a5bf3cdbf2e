import type { ObjectId, Timestamp } from '../objects/ids.js';
import type { Policy } from '../policy/policy.js';
import type { ArtifactColumns } from './artifact-columns.js';

/** All that a plan is made from; the same input gives the same bytes (D3). */
export interface PlanInput {
  readonly storeId: string;
  readonly head: { readonly seq: number; readonly hash: ObjectId };
  readonly policyId: ObjectId;
  readonly policy: Policy;
  readonly clock: Timestamp;
  /** The live ones, in any order, and of the removed ones what pinned ones were made from. */
  readonly artifacts: ArtifactColumns;
  /** Quota in bytes, instead of that of the policy. */
  readonly quotaBytes?: number;
  /** What goes is to match all of them (`narrow`), as `conditionText` has them. */
  readonly filters?: readonly string[];
  /** Nothing that goes has a trash window (`hs rm --purge`). */
  readonly purge?: boolean;
}
