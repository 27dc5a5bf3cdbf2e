import type { PlanHeader, PlanItem, PrunePlan } from '../core/retention/prune-plan.js';
import type { Collected } from '../ops/gc/collect-garbage.js';
import type { PlanOutlook } from '../ops/gc/plan-outlook.js';

/** The result of `gc`, `apply-prune` and `rm`: a plan that was only shown, or a removal. */
export type RemovalDocument = RemovalShown | RemovalDone;

/** `rm` does not look for what else a collection would free. */
export interface RemovalShown extends Partial<PlanOutlook> {
  readonly dry_run: true;
  readonly plan: PlanHeader;
  readonly items: readonly PlanItem[];
}

export type RemovalDone = ReturnType<typeof doneRemoval>;

/** One of the two is the list: planned, or removed. */
export const REMOVAL_LISTS = ['items', 'removed'] as const;

export function shownPlan(plan: PrunePlan, outlook: Partial<PlanOutlook>): RemovalShown {
  return { dry_run: true, plan: plan.header, items: plan.items, ...outlook };
}

/** The document of a removal; `hs.gc/1` and `hs.rm/1` in `schemas/retention.ts` say what its fields mean. */
export function doneRemoval(collected: Collected) {
  const { outcome, reclaimed, irreversible, emptied, trashUntil, restorableUntil } = collected;
  return {
    dry_run: false as const,
    report: outcome.report ?? null,
    seq: outcome.seq ?? null,
    plan: outcome.plan.header,
    removed: outcome.report === undefined ? [] : outcome.plan.items.filter((i) => i.verdict === 'prune'),
    irreversible,
    emptied,
    spared_since: outcome.sparedSince,
    gone: outcome.gone,
    reclaimed,
    report_bytes: outcome.reportBytes,
    over_quota_bytes: outcome.overQuotaBytes,
    ...(trashUntil === undefined ? {} : { trash_until: trashUntil }),
    ...(restorableUntil === undefined ? {} : { restorable_until: restorableUntil }),
  };
}
