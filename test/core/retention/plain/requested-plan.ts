import type { ArtifactId } from '../../../../src/core/objects/ids.js';
import type { PrunePlan } from '../../../../src/core/retention/prune-plan.js';
import type { RecordInput } from './plan-input.js';
import { compareIds, markIrreversible, planHeader, toPlanItem } from './plan-items.js';
import { FREES_NOTHING, RemovalAccount } from './removal-account.js';
import { judgeHolds } from './rule.js';

/**
 * The plan of `hs rm` (D9): only the artifacts that were asked for are its items. Pins and L1 win (D1):
 * what it keeps is what the command refuses. An id that is not live has no item. Bytes are counted
 * against every live artifact, so `input.artifacts` holds all of them.
 */
export function requestedPlan(input: RecordInput, ids: ReadonlySet<ArtifactId>): PrunePlan {
  const account = new RemovalAccount(input);
  for (const a of input.artifacts) account.use(input.objectsOf(a).objects);
  const stored = account.stored;
  const asked = input.artifacts
    .filter((a) => ids.has(a.artifact_id))
    .sort((a, b) => compareIds(a.artifact_id, b.artifact_id))
    .map((a) => ({ a, held: judgeHolds(a, input.clock), objects: input.objectsOf(a).objects }));
  for (const { a, held, objects } of asked) if (held === undefined) account.announce(a, objects);
  const items = asked
    .map(({ a, held, objects }) =>
      held === undefined
        ? toPlanItem(a, { verdict: 'prune', rule: 'requested' }, account.release(objects), input.clock)
        : toPlanItem(a, held, FREES_NOTHING, input.clock),
    )
    .map((item, i) => markIrreversible(item, asked[i]!.a, input, account));
  return { header: planHeader(input, items, stored, undefined), items };
}
