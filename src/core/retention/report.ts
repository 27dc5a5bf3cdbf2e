import * as z from 'zod/mini';
import { HsError } from '../../errors/hs-error.js';
import { canonicalLines, parseCanonicalLines } from '../json/canonical.js';
import { artifactId, check, natural, objectId, text, token, uuid } from '../json/schema.js';
import { RETENTION_CLASSES, type RetentionClass } from '../manifest/vocabulary.js';
import type { ArtifactId, ObjectId } from '../objects/ids.js';
import { type Policy, toPolicy } from '../policy/policy.js';
import { type ItemCounts, itemCountFields, itemCounts } from './item-counts.js';
import { planHeaderFields, planItemSchema } from './plan-schema.js';
import {
  filed,
  KEEP_RULES,
  type KeepRule,
  type PlanHeader,
  type PlanItem,
  type PrunePlan,
} from './prune-plan.js';

export const REPORT_SCHEMA = 'hs.retention-report/1';
/** The name that all retention reports of a store share: one series of class log, collected like others. */
export const REPORT_NAME = 'retention-report';
export const MAX_REPORT_BYTES = 1024 * 1024 * 1024;

/** First line of a report: the plan that was applied, and who applied it (D6). */
export interface ReportHeader extends Omit<PlanHeader, 'schema'>, Partial<ItemCounts> {
  readonly schema: typeof REPORT_SCHEMA;
  readonly report: ArtifactId;
  readonly command: 'gc' | 'rm';
  /** `type:id`. */
  readonly actor: string;
  readonly job_id?: string;
  readonly trace_id: string;
  readonly reason?: string;
  /** Of the plan that was shown or saved where there was one, else of the one made for the commit. */
  readonly plan_hash: ObjectId;
  readonly policy: Policy;
  /** Was to go by the saved plan and was not live any more. */
  readonly gone: number;
  readonly trash_days: number;
}

/** An artifact that stayed; `since_plan` when a saved plan would have taken it (D3). */
export interface SparedItem {
  readonly artifact_id: ArtifactId;
  readonly verdict: 'keep';
  readonly rule: KeepRule;
  readonly size_bytes: number;
  readonly retention_class: RetentionClass;
  readonly since_plan?: true;
}

/** An artifact that went; `purge`: without a trash window. */
export type PrunedItem = PlanItem & { readonly verdict: 'prune'; readonly purge?: true };

export interface RetentionReport {
  readonly header: ReportHeader;
  readonly items: readonly (PrunedItem | SparedItem)[];
}

/** What a report says beyond its plan. */
export interface ReportFacts
  extends Pick<
    ReportHeader,
    'report' | 'command' | 'actor' | 'job_id' | 'trace_id' | 'reason' | 'plan_hash'
  > {
  readonly policy: Policy;
  readonly sparedSince: ReadonlySet<ArtifactId>;
  readonly gone: number;
  /** Whether the header has the counts too: not in a store that an older hs may read. */
  readonly counted: boolean;
  purges(item: PlanItem): boolean;
}

/** The report of an applied plan as canonical JSON Lines: a header, then every artifact in order of id. */
export function encodeReport(plan: PrunePlan, facts: ReportFacts): Buffer {
  const { sparedSince, purges, policy, gone, counted, ...rest } = facts;
  const { schema: _, ...totals } = filed(plan.header);
  const header: ReportHeader = {
    ...totals,
    ...(counted ? itemCounts(plan.header, plan.items) : {}),
    ...rest,
    schema: REPORT_SCHEMA,
    policy,
    gone,
    trash_days: policy.retention.trash_days,
  };
  const items = plan.items.map((item): PrunedItem | SparedItem =>
    item.verdict === 'prune'
      ? { ...filed(item), verdict: 'prune', ...(purges(item) ? { purge: true } : {}) }
      : {
          artifact_id: item.artifact_id,
          verdict: 'keep',
          rule: item.rule as KeepRule,
          size_bytes: item.size_bytes,
          retention_class: item.retention_class,
          ...(sparedSince.has(item.artifact_id) ? { since_plan: true } : {}),
        },
  );
  check(reportHeaderSchema, header, 'INVALID_RECORD', 'retention report');
  return canonicalLines([header, ...items]);
}

/** The schemas of a report's lines. */
export const reportHeaderSchema = z.strictObject({
  ...planHeaderFields,
  ...itemCountFields,
  schema: z.literal(REPORT_SCHEMA),
  report: artifactId,
  command: z.enum(['gc', 'rm']),
  actor: text(256),
  job_id: z.optional(token),
  trace_id: uuid,
  reason: z.optional(text(1024)),
  plan_hash: objectId,
  policy: z.unknown(),
  gone: natural,
  trash_days: natural,
});
export const sparedSchema = z.strictObject({
  artifact_id: artifactId,
  verdict: z.literal('keep'),
  rule: z.enum(KEEP_RULES),
  size_bytes: natural,
  retention_class: z.enum(RETENTION_CLASSES),
  since_plan: z.optional(z.literal(true)),
});
export const prunedSchema = z.strictObject({ ...planItemSchema.prune, purge: z.optional(z.literal(true)) });

/** Reads a report; INVALID_RECORD for what is none. */
export function decodeReport(bytes: Uint8Array): RetentionReport {
  const lines = parseCanonicalLines(bytes, MAX_REPORT_BYTES);
  const first = check(reportHeaderSchema, lines.next().value, 'INVALID_RECORD', 'the header of the report');
  const header = { ...first, policy: toPolicy(first.policy) } as ReportHeader;
  const items: (PrunedItem | SparedItem)[] = [];
  for (const line of lines) {
    const pruned = (line as { verdict?: unknown } | null)?.verdict === 'prune';
    const subject = `line ${items.length + 2} of the report`;
    items.push(
      check(pruned ? prunedSchema : sparedSchema, line, 'INVALID_RECORD', subject) as PrunedItem | SparedItem,
    );
  }
  if (items.length !== header.scanned) {
    throw new HsError('INVALID_RECORD', `the report is cut off: ${items.length} of ${header.scanned} items`);
  }
  return { header, items };
}
