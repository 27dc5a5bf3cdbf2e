import { sha256 } from '../../core/objects/hash.js';
import { isAllowed } from '../../core/policy/authorize.js';
import { decodePolicy, MAX_POLICY_BYTES } from '../../core/policy/policy.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import type { RepairableFinding, RepairStep } from '../../store/port/finding.js';
import type { Session } from '../session/session.js';
import { lacksCapability } from '../session/transaction.js';
import type { RepairPlan } from './plan-repairs.js';
import { repairText } from './repair-text.js';

/** A list in the ledger has at most so many lines; the counts are of all. */
const MOST_LINES = 100_000;

export interface MadeRepair extends RepairStep {
  /** `failed`: it was no longer possible, or a collection is running. */
  readonly state: 'planned' | 'done' | 'failed';
}

/** Ledger text: bounded, NFC, well formed (A9). */
function recorded(text: string, max: number): string {
  return text.normalize('NFC').slice(0, max).toWellFormed();
}

/**
 * Brings back the current policy, which decides who may repair: bytes with its hash are the policy wherever they come
 * from. REFUSED where it does not let the actor; false: it cannot be read, and there is no copy.
 */
export async function restorePolicy(session: Session, plan: RepairPlan): Promise<boolean> {
  const { store, actor } = session;
  const id = (await store.catalog()).policyId;
  if (await store.objects.isSound(id)) return true;
  const back = plan.restored.get(id);
  if (back === undefined) return false;
  const file = await back.copy.open();
  const bytes = Buffer.alloc(MAX_POLICY_BYTES);
  let size = 0;
  for (let n = 1; n > 0; size += n) n = await file.read(bytes.subarray(size), size);
  await file.close();
  const policy = bytes.subarray(0, size);
  if (sha256(policy) !== id) return false;
  const authority = { capability: 'integrity.repair', subjects: [] } as const;
  if (!isAllowed(decodePolicy(policy), actor, authority.capability)) throw lacksCapability(actor, authority);
  const lease = await store.leases.take();
  try {
    return await back.repair.run({ lease: lease.token, batch: store.batch(lease.token) });
  } finally {
    await lease.release();
  }
}

/**
 * Makes the repairs of a plan and records them in the ledger (`integrity_finding`), with the findings that they do not
 * settle. Nothing damaged is removed (D8).
 */
export async function makeRepairs(
  session: Session,
  findings: readonly RepairableFinding[],
  plan: RepairPlan,
): Promise<{ readonly made: readonly MadeRepair[]; readonly settled: ReadonlySet<RepairableFinding> }> {
  return session.write('integrity.repair', [], async (tx) => {
    const done = new Set<RepairStep>();
    const made: MadeRepair[] = [];
    session.progress.start('repairing', plan.repairs.length, 'repairs');
    for (const repair of plan.repairs) {
      session.signal.throwIfAborted();
      const { action, subject, source } = repair;
      try {
        if (await repair.run({ lease: tx.lease.token, batch: tx.batch })) done.add(repair);
      } catch (e) {
        if (!isErrno(e) && !isHsError(e)) throw e;
        session.warn(`${repairText(repair, 'failed')}: ${e.message}`);
      }
      const state = done.has(repair) ? 'done' : 'failed';
      made.push({ action, subject, ...(source === undefined ? {} : { source }), state });
      session.progress.advance(1);
    }
    session.progress.done();
    const settled = new Set(findings.filter((f) => plan.settle.get(f)?.every((r) => done.has(r))));
    const open = findings.filter((f) => !settled.has(f));
    const lines = [...made.map((r) => repairText(r, r.state)), ...open.map((f) => f.subject)];
    const count = (severity: string) => findings.filter((f) => f.severity === severity).length;
    const payload = {
      findings: findings.length,
      subjects: lines.slice(0, MOST_LINES).map((line) => recorded(line, 256)),
      repaired: settled.size,
      summary: `damage ${count('damage')}, misplaced ${count('misplaced')}, leftover ${count('leftover')}, stray ${count('stray')}`,
    };
    await tx.commit(() => ({ type: 'integrity_finding', payload }), { records: true });
    return { made, settled };
  });
}
