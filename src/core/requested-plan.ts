import { ByteAccount } from './byte-account.js';
import type { ArtifactId } from './ids.js';
import type { PlanInput } from './plan-input.js';
import { compareIds, planHeader, toPlanItem } from './plan-items.js';
import type { PlanItem, PrunePlan } from './prune-plan.js';
import { judgeHolds } from './retention-rule.js';

/**
 * The plan of `hs rm` (D9): only the artifacts that were asked for are its items. Pins and L1 win (D1):
 * what it keeps is what the command refuses. An id that is not live has no item. Bytes are counted
 * against every live artifact, so `input.artifacts` holds all of them.
 */
export function requestedPlan(input: PlanInput, ids: ReadonlySet<ArtifactId>): PrunePlan {
  const account = new ByteAccount();
  for (const a of input.artifacts) account.use(input.objectsOf(a).objects);
  const stored = account.stored;
  const items: PlanItem[] = input.artifacts
    .filter((a) => ids.has(a.artifact_id))
    .sort((a, b) => compareIds(a.artifact_id, b.artifact_id))
    .map((a) => {
      const verdict = judgeHolds(a, input.clock) ?? ({ verdict: 'prune', rule: 'requested' } as const);
      const freed = verdict.verdict === 'prune' ? account.release(input.objectsOf(a).objects) : 0;
      return toPlanItem(a, verdict, freed, input.clock);
    });
  return { header: planHeader(input, items, stored, undefined), items };
}
