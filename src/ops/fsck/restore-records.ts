import { isErrno, isHsError } from '../../errors/hs-error.js';
import type { LedgerVerdict } from '../../store/ledger/ledger-verdict.js';
import type { Repair } from '../../store/port/finding.js';
import type { Session } from '../session/session.js';
import type { RepairPlan } from './plan-repairs.js';

/** The repairs of a plan that bring back objects which entries of the ledger name. */
export function recordsBack({ problems }: LedgerVerdict, plan: RepairPlan): readonly Repair[] {
  const ids = new Set(
    problems.flatMap((p) => (p.kind === 'object' && p.object !== undefined ? [p.object] : [])),
  );
  return [...ids].flatMap((id) => plan.restored.get(id)?.repair ?? []);
}

/**
 * Brings back the records that the state is made of, before the state can say who may repair: the chain names them by
 * their hashes, so they are what they were wherever they come from. False: the state still cannot be made.
 */
export async function restoreRecords(
  { store }: Session,
  verdict: LedgerVerdict,
  plan: RepairPlan,
): Promise<boolean> {
  const lease = await store.leases.take();
  try {
    for (const { run } of recordsBack(verdict, plan))
      await run({ lease: lease.token, batch: store.batch(lease.token) });
  } finally {
    await lease.release();
  }
  try {
    await store.catalog();
    return true;
  } catch (e) {
    if (!isErrno(e) && !isHsError(e)) throw e;
    return false;
  }
}
