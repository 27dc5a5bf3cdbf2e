import { compact } from '../../core/json/omit-undefined.js';
import { isSensitive } from '../../core/manifest/sensitivity.js';

import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import type { Actor } from '../../core/policy/authorize.js';
import {
  checkApplicable,
  type Intersection,
  intersect,
  restrictPlan,
} from '../../core/retention/apply-plan.js';
import { itemCounts } from '../../core/retention/item-counts.js';
import { planHash } from '../../core/retention/plan-file.js';
import type { PlanHeader, PlanItem, PrunePlan } from '../../core/retention/prune-plan.js';
import { encodeReport } from '../../core/retention/report.js';
import { reportSensitivity } from '../../core/retention/report-sensitivity.js';
import { checkClock } from '../../store/collector/collector.js';
import { overQuota, quotaRefusal } from './check-quota.js';
import { makePlan, type Planned, type PlanRequest } from './make-plan.js';
import type { Removal, RetentionStorage } from './retention-storage.js';

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
  readonly gone: readonly ArtifactId[];
}

const ALL: Intersection = { remove: new Set(), sparedSince: [], gone: [] };

async function restrict(storage: RetentionStorage, made: Planned, seen: SeenPlan) {
  const { header } = made.plan;
  await checkSeen(storage, seen, made.plan.header);
  const met = intersect(seen.plan, made.plan);
  const remove = new Set([...met.remove].filter((id) => seen.except?.has(id) !== true));
  return { met: { ...met, remove }, plan: restrictPlan(made.input, { ...made.plan, header }, remove) };
}

async function checkSeen(storage: RetentionStorage, seen: SeenPlan, now: PlanHeader): Promise<void> {
  const saved = seen.plan.header;
  const hash = await storage.hashAt(saved.head_seq);
  checkApplicable(saved, {
    storeId: storage.storeId,
    head: { seq: now.head_seq },
    policyId: now.policy_hash,
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
export async function applyRemoval(
  storage: RetentionStorage,
  request: RemovalRequest,
): Promise<RemovalOutcome> {
  let made: Planned | undefined;
  let plan: PrunePlan | undefined;
  let met: Intersection = ALL;
  let reportBytes = 0;
  const seq = await storage.commit(async () => {
    if (made === undefined || (await storage.changedSince(made.input.head))) {
      made = await makePlan(storage, request);
      checkClock(request.systemMs(), made.lastAt);
      ({ plan, met } =
        request.seen === undefined
          ? { plan: made.plan, met: ALL }
          : await restrict(storage, made, request.seen));
    }
    request.signal?.throwIfAborted();
    const refused = request.bestEffort ? undefined : quotaRefusal(made.plan, plan!);
    if (refused !== undefined) throw refused;
    if (plan!.header.pruned === 0) return null;
    return removalOf(storage, plan!, made, met, request, (bytes) => {
      reportBytes = bytes;
    });
  });
  const { header, items } = plan!;
  const isDone = seq !== undefined;
  return compact({
    plan: plan!,
    restorable: isDone ? header.pruned - (header.irreversible ?? 0) : 0,
    irreversible: isDone ? items.filter((i) => i.irreversible === true).map((i) => i.artifact_id) : [],
    reportBytes: isDone ? reportBytes : 0,
    overQuotaBytes: overQuota(header, isDone ? reportBytes : 0),
    report: seq === undefined ? undefined : request.report,
    seq,
    sparedSince: met.sparedSince,
    gone: met.gone,
  });
}

/** Sensitive artifacts have no trash window (D7). */
function purges(item: PlanItem, request: RemovalRequest): boolean {
  return request.purge === true || isSensitive(item);
}

function removalOf(
  { countsItems }: RetentionStorage,
  plan: PrunePlan,
  made: Planned,
  met: Intersection,
  request: RemovalRequest,
  noteReport: (bytes: number) => void,
): Removal {
  const hash = request.seen?.hash ?? planHash(plan);
  const { header } = plan;
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
    remove: plan.items
      .filter((i) => i.verdict === 'prune')
      .map((i) => ({ artifact_id: i.artifact_id, purge: purges(i, request) })),
    report: {
      artifact_id: request.report,
      bytes: encodeReport(plan, {
        ...facts,
        policy: made.input.policy,
        sparedSince: new Set(met.sparedSince.map((i) => i.artifact_id)),
        gone: met.gone.length,
        counted: countsItems,
        purges: (item) => purges(item, request),
      }),
      sensitivity: reportSensitivity(made.input, plan.items),
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
        ...(countsItems ? itemCounts(header, plan.items) : {}),
        quota_unmet_bytes: unmet === 0 ? undefined : unmet,
      });
    },
  };
}
