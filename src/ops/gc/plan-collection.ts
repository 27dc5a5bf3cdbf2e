import type { ObjectId } from '../../core/objects/ids.js';
import type { Policy } from '../../core/policy/policy.js';
import type { PrunePlan } from '../../core/retention/prune-plan.js';
import type { Session } from '../session/session.js';
import { makePlan } from './make-plan.js';
import { StorePreview } from './store-retention.js';

/** While a collector purges, objects of a plan may vanish as it is made. */
const MAX_TRIES = 3;

export interface CollectionPlanOptions {
  /** Quota in bytes, overriding the policy's. */
  readonly quotaBytes?: number | undefined;
  /** Instead of the current policy; such a plan cannot be applied. */
  readonly policy?: { readonly id: ObjectId; readonly policy: Policy } | undefined;
}

/** The plan of a collection now. Read-only: no lease, no entry, no change outside `cache/` (D5). */
export async function planCollection(
  session: Session,
  options: CollectionPlanOptions = {},
): Promise<PrunePlan> {
  for (let tries = 1; ; tries++) {
    const { plan } = await makePlan(new StorePreview(session), {
      now: () => session.now(),
      ...options,
    });
    if (plan.header.failed === 0 || tries === MAX_TRIES) return plan;
    if ((await session.store.ledger.headSeq()) === plan.header.head_seq) return plan;
  }
}
