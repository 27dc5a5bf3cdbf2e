import type { PlanHeader, PlanItem, PrunePlan } from '../core/retention/prune-plan.js';
import type { TrashedArtifact } from '../core/retention/trashed-artifact.js';
import type { Collected } from '../ops/gc/collect-garbage.js';
import type { PlanOutlook } from '../ops/gc/plan-outlook.js';
import type { Reclaimed } from '../store/collector/collector.js';

/** The result of `gc`, `apply-prune` and `rm`: a plan that was only shown, or a removal. */
export type RemovalDocument = RemovalShown | RemovalDone;

/** `rm` does not look for what else a collection would free. */
export interface RemovalShown extends Partial<PlanOutlook> {
  readonly dry_run: true;
  readonly plan: PlanHeader;
  readonly items: readonly PlanItem[];
}

export interface RemovalDone {
  readonly dry_run: false;
  /** Artifact id of the report; null if there was nothing to remove. */
  readonly report: string | null;
  /** The sequence number of the removal's ledger entry. */
  readonly seq: number | null;
  readonly plan: PlanHeader;
  readonly removed: readonly PlanItem[];
  /** Of these, the ones that cannot be brought back. */
  readonly irreversible: readonly string[];
  /** Removed earlier, and purged with the trash. */
  readonly emptied: readonly TrashedArtifact[];
  /** Listed by the applied plan, but kept because of what has happened since. */
  readonly spared_since: readonly PlanItem[];
  /** Listed by the applied plan, but removed already. */
  readonly gone: readonly string[];
  readonly reclaimed: Reclaimed;
  /** Bytes of the report and its manifest, which count as stored. */
  readonly report_bytes: number;
  /** Bytes by which the store exceeds its quota now, including the report. */
  readonly over_quota_bytes: number;
  readonly trash_until?: string;
  readonly restorable_until?: string;
}

/** One of the two is the list: planned, or removed. */
export const REMOVAL_LISTS = ['items', 'removed'] as const;

export function shownPlan(plan: PrunePlan, outlook: Partial<PlanOutlook>): RemovalShown {
  return { dry_run: true, plan: plan.header, items: plan.items, ...outlook };
}

export function doneRemoval(collected: Collected): RemovalDone {
  const { outcome, reclaimed, irreversible, emptied, trashUntil, restorableUntil } = collected;
  return {
    dry_run: false,
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
