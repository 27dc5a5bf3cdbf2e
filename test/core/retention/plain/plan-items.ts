import { activePins } from '../../../../src/core/catalog/active-pins.js';
import type { ArtifactRecord } from '../../../../src/core/catalog/artifact-record.js';
import { compact } from '../../../../src/core/json/omit-undefined.js';
import type { ArtifactId, Timestamp } from '../../../../src/core/objects/ids.js';
import { PLAN_SCHEMA, type PlanHeader, type PlanItem } from '../../../../src/core/retention/prune-plan.js';
import type { RecordInput } from './plan-input.js';
import type { Freed, RemovalAccount } from './removal-account.js';
import type { Verdict } from './rule.js';

export function compareIds(a: ArtifactId, b: ArtifactId): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function freedFields({ bytes, atOnce }: Freed): Pick<PlanItem, 'freed_bytes' | 'freed_at_once_bytes'> {
  return { freed_bytes: bytes, ...(atOnce === 0 ? undefined : { freed_at_once_bytes: atOnce }) };
}

export function toPlanItem(a: ArtifactRecord, v: Verdict, freed: Freed, clock: Timestamp): PlanItem {
  const pins = activePins(a, clock);
  return {
    artifact_id: a.artifact_id,
    verdict: v.verdict,
    rule: v.rule,
    size_bytes: a.size_bytes,
    ...freedFields(freed),
    revision: a.revision,
    content_hash: a.content_hash,
    payload_type: a.payload_type,
    kind: a.kind,
    retention_class: a.retention_class,
    layer: a.layer,
    classification: a.classification,
    created_at: a.created_at,
    registered_at: a.registered.at,
    ...(v.until === undefined ? undefined : { until: v.until }),
    ...(pins.length === 0 ? undefined : { pins: pins.map((p) => p.name) }),
    ...(a.name === undefined ? undefined : { name: a.name }),
    ...(a.filename_hint === undefined ? undefined : { filename_hint: a.filename_hint }),
  };
}

/** The totals in the header. */
export function planTotals(items: readonly PlanItem[]) {
  const totals = { scanned: items.length, pruned: 0, spared: 0, failed: 0, pruned_bytes: 0, freed_bytes: 0 };
  let [atOnce, irreversible] = [0, 0];
  for (const item of items) {
    if (item.verdict === 'prune') {
      totals.pruned++;
      totals.pruned_bytes += item.size_bytes;
      totals.freed_bytes += item.freed_bytes;
      atOnce += item.freed_at_once_bytes ?? 0;
      if (item.irreversible === true) irreversible++;
    } else if (item.rule === 'damaged') totals.failed++;
    else totals.spared++;
  }
  return {
    ...totals,
    ...(atOnce === 0 ? undefined : { freed_at_once_bytes: atOnce }),
    ...(irreversible === 0 ? undefined : { irreversible }),
  };
}

/** Marks items that cannot be brought back, once the account knows all removals. */
export function markIrreversible(
  item: PlanItem,
  a: ArtifactRecord,
  input: RecordInput,
  account: RemovalAccount,
) {
  const isLost = item.verdict === 'prune' && account.isIrreversible(a, input.objectsOf(a));
  return isLost ? { ...item, irreversible: true as const } : item;
}

/** The header over finished items. `stored`: bytes before the removal; `quota`: the one that was asked for. */
export function planHeader(
  input: RecordInput,
  items: readonly PlanItem[],
  stored: number,
  quota: number | undefined,
): PlanHeader {
  const totals = planTotals(items);
  const unmet = quota === undefined ? 0 : Math.max(0, stored - totals.freed_bytes - quota);
  return {
    schema: PLAN_SCHEMA,
    store_id: input.storeId,
    head_seq: input.head.seq,
    head_hash: input.head.hash,
    policy_hash: input.policyId,
    clock: input.clock,
    ...totals,
    stored_bytes: stored,
    ...compact({ quota_bytes: quota, quota_unmet_bytes: unmet === 0 ? undefined : unmet }),
  };
}
