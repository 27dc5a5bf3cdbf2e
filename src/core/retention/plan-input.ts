import type { ObjectId, Timestamp } from '../objects/ids.js';
import type { Policy } from '../policy/policy.js';
import type { ArtifactColumns } from './artifact-columns.js';

/** The complete input of the planner; the same input gives the same bytes (D3). */
export interface PlanInput {
  readonly storeId: string;
  readonly head: { readonly seq: number; readonly hash: ObjectId };
  readonly policyId: ObjectId;
  readonly policy: Policy;
  readonly clock: Timestamp;
  /** The live artifacts in any order, and the removed ones from which pinned ones were made. */
  readonly artifacts: ArtifactColumns;
  /** Quota in bytes; overrides that of the policy. */
  readonly quotaBytes?: number;
  /** Filters that everything pruned must match (`narrow`), in the form of `conditionText`. */
  readonly filters?: readonly string[];
  /** Remove without a trash window (`hs rm --purge`). */
  readonly purge?: boolean;
}
