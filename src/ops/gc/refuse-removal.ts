import type { PrunePlan } from '../../core/retention/prune-plan.js';
import { NOTHING } from '../../store/collector/collector.js';
import type { Session } from '../session/session.js';
import { type Removed, removalRefusal } from './remove-artifacts.js';

/**
 * Refuses a removal of which nothing can be removed, recorded as the removal itself would record it; one of nothing is
 * not refused. Removes nothing, even if pins have changed since the plan was made.
 */
export async function refuseRemoval(session: Session, plan: PrunePlan): Promise<Removed> {
  const refused = plan.items.map((item) => ({ item, error: removalRefusal(item) }));
  const ids = plan.items.map((item) => item.artifact_id);
  const first = refused[0]?.error;
  if (first !== undefined) {
    await session.write('artifact.remove', ids, (tx) =>
      tx.refuse(first, { capability: 'artifact.remove', subjects: ids }),
    );
  }
  return {
    outcome: {
      plan,
      restorable: 0,
      irreversible: [],
      reportBytes: 0,
      overQuotaBytes: 0,
      sparedSince: [],
      gone: [],
    },
    irreversible: [],
    emptied: [],
    reclaimed: NOTHING,
    refused,
    shared: [],
  };
}
