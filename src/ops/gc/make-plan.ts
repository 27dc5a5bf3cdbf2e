import { compact } from '../../core/json/omit-undefined.js';
import type { ArtifactId, ObjectId, Timestamp } from '../../core/objects/ids.js';
import type { Policy } from '../../core/policy/policy.js';
import type { PlanInput } from '../../core/retention/plan-input.js';
import { planPrune } from '../../core/retention/planner.js';
import type { PrunePlan } from '../../core/retention/prune-plan.js';
import { requestedPlan } from '../../core/retention/requested-plan.js';
import type { RetentionStorage } from './retention-storage.js';

export interface PlanRequest {
  /** The clock for retention, read after the state, so that nothing in the state is dated later. */
  now(): Timestamp;
  /** Quota in bytes, overriding the policy's. */
  readonly quotaBytes?: number | undefined;
  /** A policy to plan with instead of the current one. Such a plan cannot be applied. */
  readonly policy?: { readonly id: ObjectId; readonly policy: Policy } | undefined;
  /** Only these artifacts, whatever retention says (`hs rm`). */
  readonly ids?: ReadonlySet<ArtifactId> | undefined;
  /** Removes without a trash window (`hs rm --purge`). */
  readonly purge?: boolean;
}

export interface Planned {
  readonly plan: PrunePlan;
  readonly input: PlanInput;
  /** Commit time of the newest change included in the plan. */
  readonly lastAt: Timestamp;
}

/**
 * Plans for the current state of the storage. Artifacts to be removed are examined first; damaged ones are kept and the
 * plan is made again, since a floor or a quota may then choose differently (D8).
 */
export async function makePlan(storage: RetentionStorage, request: PlanRequest): Promise<Planned> {
  const state = await storage.state();
  const { artifacts } = state;
  const byId = new Map(artifacts.map((a) => [a.artifact_id, a]));
  const objects = await storage.objects(artifacts);
  const damaged = new Set<ArtifactId>();
  const sound = new Set<ArtifactId>();
  const input: PlanInput = {
    storeId: storage.storeId,
    head: state.head,
    policyId: request.policy?.id ?? state.policyId,
    policy: request.policy?.policy ?? state.policy,
    clock: request.now(),
    artifacts,
    removed: state.removed,
    objectsOf: (a) => {
      const known = objects(a);
      return damaged.has(a.artifact_id) ? { ...known, damaged: true } : known;
    },
    ...compact({ quotaBytes: request.quotaBytes, purge: request.purge }),
  };
  if (request.ids !== undefined) {
    return { plan: requestedPlan(input, request.ids), input, lastAt: state.lastAt };
  }
  for (;;) {
    const plan = planPrune(input);
    const before = damaged.size;
    for (const { artifact_id, verdict } of plan.items) {
      if (verdict === 'keep' || sound.has(artifact_id)) continue;
      (await storage.isSound(byId.get(artifact_id)!)) ? sound.add(artifact_id) : damaged.add(artifact_id);
    }
    if (damaged.size === before) return { plan, input, lastAt: state.lastAt };
  }
}
