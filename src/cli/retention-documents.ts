import type { PlanHeader, PlanItem, PrunePlan } from '../core/prune-plan.js';
import type { Collected } from '../ops/gc/collect.js';
import type { Reclaimed } from '../store/collector.js';

/** The result of `gc`, `apply-prune` and `rm`: a plan that was only shown, or what was done. */
export type RemovalDocument =
  | { readonly dry_run: true; readonly plan: PlanHeader; readonly items: readonly PlanItem[] }
  | RemovalDone;

export interface RemovalDone {
  readonly dry_run: false;
  /** Artifact id of the report; null when there was nothing to remove. */
  readonly report: string | null;
  /** The ledger entry of the removal. */
  readonly seq: number | null;
  readonly plan: PlanHeader;
  readonly removed: readonly PlanItem[];
  /** To go by the plan that was applied, kept by what has happened since. */
  readonly spared_since: readonly PlanItem[];
  /** To go by the plan that was applied, and gone already. */
  readonly gone: readonly string[];
  readonly reclaimed: Reclaimed;
  readonly restorable_until?: string;
}

export function shownPlan(plan: PrunePlan): RemovalDocument {
  return { dry_run: true, plan: plan.header, items: plan.items };
}

export function doneRemoval({ outcome, reclaimed, restorableUntil }: Collected): RemovalDone {
  return {
    dry_run: false,
    report: outcome.report ?? null,
    seq: outcome.seq ?? null,
    plan: outcome.plan.header,
    removed: outcome.report === undefined ? [] : outcome.plan.items.filter((i) => i.verdict === 'prune'),
    spared_since: outcome.sparedSince,
    gone: outcome.gone,
    reclaimed,
    ...(restorableUntil === undefined ? {} : { restorable_until: restorableUntil }),
  };
}
