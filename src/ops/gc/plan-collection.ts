import type { ObjectId } from '../../core/objects/ids.js';
import type { Policy } from '../../core/policy/policy.js';
import type { Filter } from '../../core/query/condition.js';
import type { PrunePlan } from '../../core/retention/prune-plan.js';
import { fixedFilters } from '../naming/conditions.js';
import type { Session } from '../session/session.js';
import { makePlan, type Planned } from './make-plan.js';
import { StorePreview } from './store-retention.js';

/** While a collector purges, objects of a plan may vanish as it is made. */
const MAX_TRIES = 3;

export interface CollectionPlanOptions {
  /** Quota in bytes, overriding the policy's. */
  readonly quotaBytes?: number | undefined;
  /** Instead of the current policy; such a plan cannot be applied. */
  readonly policy?: { readonly id: ObjectId; readonly policy: Policy } | undefined;
  /** Remove only what matches all of them; retention decides about the whole store as without. */
  readonly filters?: readonly Filter[] | undefined;
}

export interface PlanCollectionOptions extends CollectionPlanOptions {
  /** List what is kept too. */
  readonly all?: boolean;
}

/** What a collection would do now. Read-only: no lease, no entry, no change outside `cache/` (D5). */
export async function judgeCollection(
  session: Session,
  options: CollectionPlanOptions = {},
): Promise<Planned> {
  const filters = await fixedFilters(session, options.filters);
  for (let tries = 1; ; tries++) {
    const request = { now: () => session.now(), ...options, filters };
    const planned = await makePlan(new StorePreview(session), request);
    const { judged, state } = planned;
    const isWhole = !judged.rows.some((row) => state.artifacts.damaged[row] === 1);
    if (isWhole || tries === MAX_TRIES) return planned;
    if ((await session.store.ledger.headSeq()) === state.head.seq) return planned;
  }
}

/** The plan of a collection now, as long as what it removes or, with `all`, as what there is. */
export async function planCollection(
  session: Session,
  { all = false, ...options }: PlanCollectionOptions = {},
): Promise<PrunePlan> {
  return (await judgeCollection(session, options)).plan(all);
}
