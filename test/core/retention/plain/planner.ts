import type { ArtifactRecord } from '../../../../src/core/catalog/artifact-record.js';
import type { ArtifactObjects } from '../../../../src/core/retention/artifact-columns.js';
import type { PrunePlan } from '../../../../src/core/retention/prune-plan.js';
import { heldSources } from './held-sources.js';
import type { RecordInput } from './plan-input.js';
import { compareIds, markIrreversible, planHeader, toPlanItem } from './plan-items.js';
import { quotaOrder } from './quota-order.js';
import { FREES_NOTHING, type Freed, RemovalAccount } from './removal-account.js';
import { type Judgement, judge, type Verdict } from './rule.js';
import { newestOfSeries } from './series.js';

interface Judged {
  readonly record: ArtifactRecord;
  readonly objects: ArtifactObjects;
  verdict: Verdict;
  freed: Freed;
}

const DAMAGED: Verdict = { verdict: 'keep', rule: 'damaged' };

/**
 * The plan of a collection (D2, D3): every live artifact, in order of id, kept or pruned by the first
 * rule that applies. Pure: the order of `artifacts` does not show in the result.
 */
export function planPrune(input: RecordInput): PrunePlan {
  const { retention } = input.policy;
  const held = retention.hold_sources
    ? heldSources(input.artifacts, input.removed, input.clock)
    : new Map<never, never>();
  const by: Judgement = { retention, clock: input.clock, heldUntil: (a) => held.get(a.artifact_id) };

  const all: Judged[] = [...input.artifacts]
    .sort((a, b) => compareIds(a.artifact_id, b.artifact_id))
    .map((record) => {
      const objects = input.objectsOf(record);
      return {
        record,
        objects,
        verdict: objects.damaged ? DAMAGED : judge(record, by),
        freed: FREES_NOTHING,
      };
    });
  const floor = keepFloors(all, retention.classes);
  const account = new RemovalAccount(input);
  for (const j of all) account.use(j.objects.objects);
  const stored = account.stored;
  const going = all.filter((j) => j.verdict.verdict === 'prune');
  for (const j of going) account.announce(j.record, j.objects.objects);
  for (const j of going) j.freed = account.release(j.objects.objects);
  const quota = input.quotaBytes ?? retention.quota_bytes;
  if (quota !== undefined) meetQuota(all, floor, account, quota);

  const items = all.map((j) => {
    const item = toPlanItem(j.record, j.verdict, j.freed, input.clock);
    return markIrreversible(item, j.record, input, account);
  });
  return { header: planHeader(input, items, stored, quota), items };
}

/** Rule 7: what its window no longer keeps stays while it is among the newest of its series. */
function keepFloors(
  all: readonly Judged[],
  classes: RecordInput['policy']['retention']['classes'],
): ReadonlySet<ArtifactRecord> {
  // What an earlier rule prunes, or what cannot be read, is no version that a floor could count on.
  const counted = all.filter(
    (j) =>
      j.verdict.rule !== 'damaged' && (j.verdict.verdict === 'keep' || j.verdict.rule === 'window_expired'),
  );
  const floor = newestOfSeries(
    counted.map((j) => j.record),
    classes,
  );
  for (const j of counted) {
    if (j.verdict.rule === 'window_expired' && floor.has(j.record)) {
      j.verdict = { verdict: 'keep', rule: 'min_versions' };
    }
  }
  return floor;
}

/** Rule 8. An object that others still use frees nothing, so the account says when it is enough. */
function meetQuota(
  all: readonly Judged[],
  floor: ReadonlySet<ArtifactRecord>,
  account: RemovalAccount,
  quota: number,
): void {
  if (account.stored <= quota) return;
  const kept = new Map<ArtifactRecord, Judged>();
  for (const j of all) {
    if (j.verdict.rule === 'within_window' || j.verdict.rule === 'min_versions') kept.set(j.record, j);
  }
  for (const record of quotaOrder([...kept.keys()], floor)) {
    if (account.stored <= quota) return;
    const j = kept.get(record)!;
    j.verdict = { verdict: 'prune', rule: 'quota' };
    account.announce(j.record, j.objects.objects);
    j.freed = account.release(j.objects.objects);
  }
}
