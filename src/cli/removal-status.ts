import type { PlanHeader } from '../core/prune-plan.js';
import type { Context } from './context.js';
import { counted, humanSize } from './text/human.js';

/** The exit status of a plan or a collection, and what must be said of it; D4, D8. */
export function setRemovalStatus(
  { log, exit }: Pick<Context, 'log' | 'exit'>,
  header: PlanHeader,
  exitCode: boolean,
): void {
  if (exitCode && header.pruned > 0) exit(1);
  if (header.failed > 0) {
    log.warn(
      `${counted(header.failed, 'artifact is', 'artifacts are')} damaged, and left alone: see hs fsck`,
    );
    if (!exitCode) exit(3);
  }
  if (header.quota_unmet_bytes !== undefined) {
    log.warn(
      `the quota cannot be met: ${humanSize(header.quota_unmet_bytes)} more are held by pins and other rules`,
    );
    exit(11);
  }
}
