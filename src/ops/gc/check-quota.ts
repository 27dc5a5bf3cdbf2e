import type { PlanHeader } from '../../core/retention/prune-plan.js';
import { HsError } from '../../errors/hs-error.js';

/** Bytes over the quota after the removal, once a report of that size is stored. */
export function overQuota(
  { quota_bytes: quota, stored_bytes, freed_bytes }: PlanHeader,
  reportBytes: number,
): number {
  return quota === undefined ? 0 : Math.max(0, stored_bytes - freed_bytes + reportBytes - quota);
}

/**
 * QUOTA if artifacts that must be kept exceed the quota on their own: removing everything rule 7 allows would not help,
 * and each collection would repeat it. The caller skips this check with `bestEffort`.
 */
export function quotaRefusal(fresh: PlanHeader, applied: PlanHeader): HsError | undefined {
  const { quota_bytes: quota, quota_unmet_bytes: unmet } = fresh;
  const taken = applied.rules?.quota?.artifacts ?? 0;
  if (quota === undefined || unmet === undefined || taken === 0) return undefined;
  return new HsError(
    'QUOTA',
    `the quota of ${quota} bytes cannot be met: pins and other rules keep ${unmet} bytes too many`,
    {
      hint: `use hs unpin or a larger quota; --best-effort removes all that a quota may, ${taken} artifacts`,
      details: { quota_bytes: quota, quota_unmet_bytes: unmet, artifacts: taken },
    },
  );
}
