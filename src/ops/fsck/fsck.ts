import { isErrno, isHsError } from '../../errors/hs-error.js';
import type { Finding, RepairableFinding } from '../../store/port/finding.js';
import type { Lease } from '../../store/port/lease-table.js';
import type { Session } from '../session/session.js';
import { type Checked, type CheckedCounts, checkAll } from './check-all.js';
import type { ObjectCheckOptions } from './check-objects.js';
import { planRepairs, type RepairPlan } from './plan-repairs.js';
import { type MadeRepair, makeRepairs, restorePolicy } from './repair.js';
import type { RepairSource } from './repair-source.js';
import { recordsBack, restoreRecords } from './restore-records.js';

/** An object that is back may name others that are missing: an index, its files. */
const MOST_ROUNDS = 4;

export interface FsckOptions extends ObjectCheckOptions {
  readonly repair: boolean;
  /** Only plan the repairs. */
  readonly dryRun?: boolean;
}

export interface FsckReport extends CheckedCounts {
  readonly ok: boolean;
  readonly findings: readonly (Finding & { readonly repaired: boolean })[];
  /** Number of findings that repairs settled. */
  readonly repaired: number;
  /** What was done, or would be. */
  readonly repairs: readonly MadeRepair[];
}

/**
 * Checks the whole store and reports what is foreign, lost or changed (E2). Runs under a lease where possible, so that
 * no collector purges meanwhile; a store without its leases directory is checked too. Repairs take missing bytes from
 * the store itself, then from `from`; the store is checked again after bytes came back.
 */
export async function fsck(session: Session, options: FsckOptions, from?: RepairSource): Promise<FsckReport> {
  let lease: Lease | undefined;
  try {
    lease = await session.store.leases.take();
  } catch (e) {
    if (!isErrno(e) && !isHsError(e, 'REFUSED')) throw e;
  }
  try {
    const checked = await checkAll(session, options);
    if (!(options.repair || options.dryRun) || checked.findings.length === 0) return report(checked);
    if (options.dryRun) return report(checked, { made: await planned(session, checked, from) });
    return await repair(session, checked, options, from);
  } finally {
    await lease?.release();
  }
}

interface Repaired {
  readonly made: readonly MadeRepair[];
  /** Keys of findings. */
  readonly settled?: ReadonlySet<string>;
  /** Found only when something was repaired. */
  readonly further?: readonly RepairableFinding[];
}

/** The same for a finding of the next check that is about the same loss. */
function keyOf({ message, artifact_id, wanted }: RepairableFinding): string {
  return artifact_id === undefined || wanted === undefined ? message : `${artifact_id} ${wanted}`;
}

function report(
  { findings, counts }: Checked,
  { made, settled = new Set(), further = [] }: Repaired = { made: [] },
): FsckReport {
  const shown = [...findings, ...further].map((finding) => {
    const { repair: _, wanted: _w, place: _p, ...of } = finding;
    return { ...of, repaired: settled.has(keyOf(finding)) };
  });
  return {
    ok: findings.length === 0,
    findings: shown,
    ...counts,
    repaired: shown.filter((f) => f.repaired).length,
    repairs: made,
  };
}

/** A lost object beside the chain, such as an old policy, leaves the chain intact. */
const isIntact = ({ verdict }: Checked) =>
  verdict.problems.every((p) => p.kind === 'stray' || p.kind === 'object');

/** A broken or rolled-back ledger must not grow, nor one without the records that its state is made of. */
function isRepairable(session: Session, checked: Checked, plan: RepairPlan): boolean {
  const isBack = recordsBack(checked.verdict, plan).length > 0;
  if (isIntact(checked) && (checked.references !== undefined || isBack)) return true;
  session.warn('nothing was repaired, because the ledger is damaged');
  return false;
}

async function planned(
  session: Session,
  checked: Checked,
  from: RepairSource | undefined,
): Promise<MadeRepair[]> {
  const plan = await planRepairs(session, checked.findings, checked.objects, from);
  if (!isRepairable(session, checked, plan)) return [];
  return plan.repairs.map(({ run: _, ...step }) => ({ ...step, state: 'planned' }));
}

async function repair(
  session: Session,
  first: Checked,
  options: FsckOptions,
  from: RepairSource | undefined,
): Promise<FsckReport> {
  const made: MadeRepair[] = [];
  const settled = new Set<string>();
  const further: RepairableFinding[] = [];
  const told = new Set(first.findings.map(keyOf));
  let now = first;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const plan = await planRepairs(session, now.findings, now.objects, from);
    if (!isRepairable(session, now, plan)) break;
    const tried = new Set(made.map(({ action, subject }) => `${action} ${subject}`));
    const isNew = plan.repairs.some(({ action, subject }) => !tried.has(`${action} ${subject}`));
    if (round > 0 && !isNew) break;
    await session.store.anchor.checkedHead();
    if (now.references === undefined && !(await restoreRecords(session, now.verdict, plan))) {
      session.warn('nothing was repaired, because the records of the ledger cannot be read');
      break;
    }
    if (!(await restorePolicy(session, plan))) {
      session.warn('nothing was repaired, because the policy cannot be read');
      break;
    }
    const done = await makeRepairs(session, now.findings, plan);
    made.push(...done.made);
    for (const finding of done.settled) settled.add(keyOf(finding));
    const isBack = done.made.some((r) => r.state === 'done' && ['restore', 'set-aside'].includes(r.action));
    if (!isBack) break;
    now = await checkAll(session, options);
    for (const finding of now.findings) {
      settled.delete(keyOf(finding));
      if (!told.has(keyOf(finding))) further.push(finding);
      told.add(keyOf(finding));
    }
  }
  return report(first, { made, settled, further });
}
