import type { ArtifactRecord } from '../catalog/artifact-record.js';
import type { ObjectId, Timestamp } from '../objects/ids.js';
import type { Policy } from '../policy/policy.js';
import type { SizedObject } from './byte-account.js';

/** The objects that one live artifact names: the manifests of all its revisions, payload, index, members. */
export interface ArtifactObjects {
  /** Those that are known; an object that is named twice may be listed twice. */
  readonly objects: readonly SizedObject[];
  /** One of them is missing, of another size or unreadable: the artifact is not judged (D8). */
  readonly damaged: boolean;
}

/** All that a plan is made from; the same input gives the same bytes (D3). */
export interface PlanInput {
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
