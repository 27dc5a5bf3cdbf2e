import type { ArtifactId } from '../../../../src/core/objects/ids.js';
import type { PlanItem, PrunePlan } from '../../../../src/core/retention/prune-plan.js';
import type { RecordInput } from './plan-input.js';
import { freedFields, markIrreversible, planHeader } from './plan-items.js';
import { RemovalAccount } from './removal-account.js';

/** What of a saved plan still holds (D3). */
export interface Intersection {
  /** Pruned by both: what goes. */
  readonly remove: ReadonlySet<ArtifactId>;
  /** Was to go and stays now, with the rule that keeps it now. */
  readonly sparedSince: readonly PlanItem[];
  /** Was to go and is not live any more. */
  readonly gone: readonly ArtifactId[];
}

/** The saved list ∩ a fresh plan: never more than was shown, never what has become worth keeping (D3). */
export function intersect(saved: PrunePlan, fresh: PrunePlan): Intersection {
  const now = new Map(fresh.items.map((i) => [i.artifact_id, i]));
  const remove = new Set<ArtifactId>();
  const sparedSince: PlanItem[] = [];
  const gone: ArtifactId[] = [];
  for (const { artifact_id, verdict } of saved.items) {
    if (verdict !== 'prune') continue;
    const item = now.get(artifact_id);
    if (item === undefined) gone.push(artifact_id);
    else if (item.verdict === 'prune') remove.add(artifact_id);
    else sparedSince.push(item);
  }
  return { remove, sparedSince, gone };
}

/**
 * The fresh plan with nothing pruned but `remove`; what else it would prune is kept as `unlisted`. Bytes
 * are counted again, since what stays may share objects with what goes.
 */
export function restrictPlan(
  input: RecordInput,
  fresh: PrunePlan,
  remove: ReadonlySet<ArtifactId>,
): PrunePlan {
  const records = new Map(input.artifacts.map((a) => [a.artifact_id, a]));
  const recordOf = ({ artifact_id }: PlanItem) => records.get(artifact_id)!;
  const objectsOf = (item: PlanItem) => input.objectsOf(recordOf(item)).objects;
  const goes = (item: PlanItem) => item.verdict === 'prune' && remove.has(item.artifact_id);
  const account = new RemovalAccount(input);
  for (const item of fresh.items) account.use(objectsOf(item));
  for (const item of fresh.items) if (goes(item)) account.announce(recordOf(item), objectsOf(item));
  const items = fresh.items
    .map((item): PlanItem => {
      if (item.verdict === 'keep') return item;
      const { freed_at_once_bytes: _, irreversible: __, ...rest } = item;
      if (!goes(item)) {
        const { until: ___, ...stays } = rest;
        return { ...stays, verdict: 'keep', rule: 'unlisted', freed_bytes: 0 };
      }
      return { ...rest, ...freedFields(account.release(objectsOf(item))) };
    })
    .map((item) => markIrreversible(item, recordOf(item), input, account));
  return { header: planHeader(input, items, fresh.header.stored_bytes, fresh.header.quota_bytes), items };
}
