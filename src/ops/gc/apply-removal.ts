import { compact } from '../../core/json/omit-undefined.js';
import { isSensitive } from '../../core/manifest/sensitivity.js';
import { RETENTION_CLASSES } from '../../core/manifest/vocabulary.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import type { Actor } from '../../core/policy/authorize.js';
import { checkApplicable, intersect, restrict } from '../../core/retention/apply-plan.js';
import { itemCounts } from '../../core/retention/item-counts.js';
import type { Judgements } from '../../core/retention/judgements.js';
import { planHash } from '../../core/retention/plan-file.js';
import type { PlanInput } from '../../core/retention/plan-input.js';
import type { KeepRule, PlanItem, PrunePlan } from '../../core/retention/prune-plan.js';
import { encodeReport } from '../../core/retention/report.js';
import { reportSensitivity } from '../../core/retention/report-sensitivity.js';
import { checkClock } from '../../store/collector/check-clock.js';
import { overQuota, quotaRefusal } from './check-quota.js';
import { makePlan, type Planned, type PlanRequest } from './make-plan.js';
import type { Removal, RetentionPort } from './retention-port.js';

/** A plan that a user or a pipeline has seen: nothing that it does not list is removed. */
export interface SeenPlan {
  readonly plan: PrunePlan;
  readonly hash: ObjectId;
  /** Artifacts that were taken off its list. */
  readonly except?: ReadonlySet<ArtifactId>;
}

export interface RemovalRequest extends PlanRequest {
  readonly command: 'gc' | 'rm';
  /** The id for the new report. */
  readonly report: ArtifactId;
  readonly actor: Actor;
  readonly jobId?: string | undefined;
  readonly traceId: string;
  readonly reason?: string | undefined;
  readonly seen?: SeenPlan | undefined;
  /** If the quota cannot be met, remove all that it may; otherwise QUOTA is thrown before anything is removed. */
  readonly bestEffort?: boolean;
  /** Requests a stop before the commit. */
  readonly signal?: AbortSignal;
  /** The system clock, in milliseconds. */
  systemMs(): number;
}

export interface RemovalOutcome {
  /** The plan as applied. */
  readonly plan: PrunePlan;
  /** Absent if there was nothing to remove. */
  readonly report?: ArtifactId;
  /** The sequence number of the ledger entry. */
  readonly seq?: number;
  /** Number of removed artifacts that can be brought back until the trash is emptied. */
  readonly restorable: number;
  /** Removed artifacts that cannot be brought back. */
  readonly irreversible: readonly ArtifactId[];
  /** Bytes of the report and its manifest, which count as stored from now on. */
  readonly reportBytes: number;
  /** Bytes by which the store exceeds its quota now, including the report. */
  readonly overQuotaBytes: number;
  readonly sparedSince: readonly PlanItem[];
  /** Requested, but removed already by another command. */
  readonly gone: readonly ArtifactId[];
}

/** What a request comes to at one head; by row. */
interface Built {
  /** What a fresh plan removes. */
  readonly fresh: Planned;
  /** Of that, what was seen: it is removed. */
  readonly planned: Planned;
  /** Of what was to go, what stays. */
  readonly spared: readonly number[];
  readonly gone: readonly ArtifactId[];
  readonly plan: PrunePlan;
}

async function build(storage: RetentionPort, request: RemovalRequest): Promise<Built> {
  const fresh = await makePlan(storage, request);
  checkClock(request.systemMs(), fresh.state.lastAt);
  const agreed = await agree(storage, fresh, request);
  const plan = await agreed.planned.plan(request.ids !== undefined);
  return { fresh, ...agreed, plan };
}

/** Takes off a fresh plan what was not seen. */
async function agree(
  storage: RetentionPort,
  fresh: Planned,
  { seen, ids }: RemovalRequest,
): Promise<Pick<Built, 'planned' | 'spared' | 'gone'>> {
  const { judged } = fresh;
  if (seen === undefined) {
    const refused = ids === undefined ? [] : [...judged.rows].filter((row) => !judged.prunes(row));
    const gone = [...(ids ?? [])].filter((id) => judged.input.artifacts.ids.numberOf(id) < 0);
    return { planned: fresh, spared: refused, gone };
  }
  await checkSeen(storage, seen, judged.input);
  const { remove, sparedSince, gone } = intersect(seen.plan, judged);
  const { ids: table } = judged.input.artifacts;
  const going = new Set([...remove].filter((row) => seen.except?.has(table.at(row)) !== true));
  return { planned: fresh.with(restrict(judged, going)), spared: sparedSince, gone };
}

async function checkSeen(storage: RetentionPort, seen: SeenPlan, now: PlanInput): Promise<void> {
  const saved = seen.plan.header;
  const hash = await storage.hashAt(saved.head_seq);
  checkApplicable(saved, {
    storeId: storage.storeId,
    head: now.head,
    policyId: now.policyId,
    clock: now.clock,
    hashAt: () => hash,
    appliedAt: await storage.appliedAt(seen.hash),
  });
}

/**
 * Plans and removes (D3, D6): report, summary and removals in one commit, built for the state at the head. Only
 * additions may come between plan and commit; after anything else the plan is rebuilt. With `seen`, removes only what a
 * fresh plan prunes too.
 */
export async function applyRemoval(storage: RetentionPort, request: RemovalRequest): Promise<RemovalOutcome> {
  let built: Built | undefined;
  let reportBytes = 0;
  const seq = await storage.commit(async () => {
    if (built === undefined || (await storage.changedSince(built.fresh.state.head)))
      built = await build(storage, request);
    request.signal?.throwIfAborted();
    const { fresh, plan } = built;
    const refused = request.bestEffort ? undefined : quotaRefusal(fresh.whole.header, plan.header);
    if (refused !== undefined) throw refused;
    if (plan.header.pruned === 0) return null;
    return removalOf(storage, built, request, (bytes) => {
      reportBytes = bytes;
    });
  });
  if (built === undefined) throw new Error('a commit has built nothing');
  const { fresh, spared, gone, plan } = built;
  const { header, items } = plan;
  const isDone = seq !== undefined;
  return compact({
    plan,
    restorable: isDone ? header.pruned - (header.irreversible ?? 0) : 0,
    irreversible: isDone ? items.filter((i) => i.irreversible === true).map((i) => i.artifact_id) : [],
    reportBytes: isDone ? reportBytes : 0,
    overQuotaBytes: overQuota(header, isDone ? reportBytes : 0),
    report: seq === undefined ? undefined : request.report,
    seq,
    sparedSince: request.seen === undefined ? [] : await fresh.items(spared),
    gone,
  });
}

/** Sensitive artifacts have no trash window (D7). */
function purges(item: PlanItem, request: RemovalRequest): boolean {
  return request.purge === true || isSensitive(item);
}

/** What the report says of rows that stayed. */
function* sparedItems({ planned, spared }: Built, rows: Uint32Array, request: RemovalRequest) {
  const { judged } = planned;
  const { ids, bytes, classes } = judged.input.artifacts;
  const since = new Set(request.seen === undefined ? [] : spared);
  for (const row of rows) {
    yield {
      artifact_id: ids.at(row),
      verdict: 'keep' as const,
      rule: judged.ruleOf(row) as KeepRule,
      size_bytes: bytes[row]!,
      retention_class: RETENTION_CLASSES[classes[row]!]!,
      ...(since.has(row) ? { since_plan: true as const } : {}),
    };
  }
}

/**
 * The index has records in this order: a fold of many removals reads each part of it once. `items` are those of all
 * that is pruned, in their order.
 */
function inLedgerOrder(items: readonly PlanItem[], { input, pruned }: Judgements): PlanItem[] {
  const { seq, index } = input.artifacts;
  const order = Uint32Array.from(items.keys());
  const after = (a: number, b: number) => seq[b]! - seq[a]! || index[b]! - index[a]!;
  order.sort((a, b) => after(pruned[a]!, pruned[b]!));
  return Array.from(order, (n) => items[n]!);
}

function removalOf(
  { countsItems, hasLongReports }: RetentionPort,
  built: Built,
  request: RemovalRequest,
  noteReport: (bytes: number) => void,
): Removal {
  const { plan, planned, spared, gone } = built;
  const hash = request.seen?.hash ?? planHash(plan);
  const { header } = plan;
  const { judged } = planned;
  const goes = plan.items.filter((i) => i.verdict === 'prune');
  const wanted = new Set(spared);
  const stays = judged.rows.filter((row) => !judged.prunes(row) && (hasLongReports || wanted.has(row)));
  const facts = compact({
    report: request.report,
    command: request.command,
    actor: `${request.actor.type}:${request.actor.id}`,
    job_id: request.jobId,
    trace_id: request.traceId,
    reason: request.reason,
    plan_hash: hash,
  });
  return {
    remove: inLedgerOrder(goes, judged).map((i) => ({
      artifact_id: i.artifact_id,
      purge: purges(i, request),
    })),
    report: {
      artifact_id: request.report,
      bytes: encodeReport({ header, items: goes }, sparedItems(built, stays, request), {
        ...facts,
        policy: judged.input.policy,
        gone: gone.length,
        counted: countsItems,
        isLong: hasLongReports,
        purges: (item) => purges(item, request),
      }),
      reason: request.reason,
      sensitivity: reportSensitivity(judged.input, [...judged.pruned, ...stays]),
    },
    summary: (reportBytes) => {
      noteReport(reportBytes);
      const unmet = overQuota(header, reportBytes);
      return compact({
        command: request.command,
        report: request.report,
        plan_hash: hash,
        policy_hash: header.policy_hash,
        clock: header.clock,
        scanned: header.scanned,
        pruned: header.pruned,
        spared: header.spared,
        failed: header.failed,
        pruned_bytes: header.pruned_bytes,
        freed_bytes: header.freed_bytes,
        ...(countsItems ? itemCounts(header) : {}),
        quota_unmet_bytes: unmet === 0 ? undefined : unmet,
      });
    },
  };
}
