import type { PlanHeader } from '../core/retention/prune-plan.js';
import { counted, humanSize } from '../core/text/human.js';
import type { Context } from './command-context.js';
import type { RemovalDone } from './retention-documents.js';

type Told = Pick<Context, 'log' | 'exit'>;

/** Sets the exit status of a plan, and prints its warnings (D4, D8). */
export function setPlanStatus({ log, exit }: Told, header: PlanHeader, exitCode: boolean): void {
  if (exitCode && header.pruned > 0) exit(1);
  tellDamage({ log, exit }, header, !exitCode);
  if (header.quota_unmet_bytes !== undefined) {
    log.warn(
      `the quota cannot be met: ${humanSize(header.quota_unmet_bytes)} too many are kept by ${keepers(header)}`,
    );
    exit(11);
  }
}

export function keepers({ filters }: PlanHeader): string {
  return filters === undefined ? 'pins and other rules' : 'pins, other rules and the filter';
}

/** Sets the exit status of a removal, and prints its warnings. */
export function setRemovalStatus({ log, exit }: Told, done: RemovalDone): void {
  tellDamage({ log, exit }, done.plan, true);
  const { over_quota_bytes: over, report_bytes: report, plan } = done;
  if (over === 0) return;
  log.warn(
    plan.quota_unmet_bytes === undefined
      ? `the store is ${humanSize(over)} over its quota: the report of this collection takes ${humanSize(report)}`
      : `the quota cannot be met: ${humanSize(over)} too many are kept by ${keepers(plan)}`,
  );
  exit(11);
}

function tellDamage({ log, exit }: Told, { failed }: PlanHeader, isPartial: boolean): void {
  if (failed === 0) return;
  log.warn(`${counted(failed, 'artifact is', 'artifacts are')} damaged and not touched: see hs fsck`);
  if (isPartial) exit(3);
}
