import * as z from 'zod/mini';
import { HsError } from '../../errors/hs-error.js';
import { canonicalText } from '../json/canonical.js';
import { linePieces, parseCanonicalLines } from '../json/canonical-lines.js';
import { compact } from '../json/omit-undefined.js';
import { artifactId, check, natural, objectId, text, token, uuid } from '../json/schema.js';
import { RETENTION_CLASSES, type RetentionClass } from '../manifest/vocabulary.js';
import type { ArtifactId, ObjectId } from '../objects/ids.js';
import { type Policy, toPolicy } from '../policy/policy.js';
import { type ItemCounts, itemCountFields, itemCounts } from './item-counts.js';
import { itemText } from './item-text.js';
import { keptFields, planHeaderFields, planItemSchema } from './plan-schema.js';
import {
  filed,
  KEEP_RULES,
  type KeepRule,
  type PlanHeader,
  type PlanItem,
  type PrunePlan,
} from './prune-plan.js';

/** A report that lists what was removed, and of what was kept only what the plan would have removed. */
export const REPORT_SCHEMA = 'hs.retention-report/2';
/** The form of stores without the feature `reports-2`, which lists every artifact. */
const LONG_REPORT_SCHEMA = 'hs.retention-report/1';
/** The name of all retention reports: one series of class log, collected like any other. */
export const REPORT_NAME = 'retention-report';
export const MAX_REPORT_BYTES = 1024 * 1024 * 1024;

/** First line of a report: the plan that was applied, and who applied it (D6). */
export interface ReportHeader extends Omit<PlanHeader, 'schema'>, Partial<ItemCounts> {
  readonly schema: typeof REPORT_SCHEMA | typeof LONG_REPORT_SCHEMA;
  readonly report: ArtifactId;
  readonly command: 'gc' | 'rm';
  /** `type:id`. */
  readonly actor: string;
  readonly job_id?: string;
  readonly trace_id: string;
  readonly reason?: string;
  /** Hash of the plan that was shown or saved, or else of the one made for the commit. */
  readonly plan_hash: ObjectId;
  readonly policy: Policy;
  /** In the saved plan, but no longer live. */
  readonly gone: number;
  readonly trash_days: number;
}

/** A kept artifact; `since_plan` if a saved plan would have removed it (D3). */
export interface SparedItem {
  readonly artifact_id: ArtifactId;
  readonly verdict: 'keep';
  readonly rule: KeepRule;
  readonly size_bytes: number;
  readonly retention_class: RetentionClass;
  readonly since_plan?: true;
}

/** A removed artifact; `purge`: without a trash window. */
export type PrunedItem = PlanItem & { readonly verdict: 'prune'; readonly purge?: true };

export interface RetentionReport {
  readonly header: ReportHeader;
  readonly items: readonly (PrunedItem | SparedItem)[];
}

/** The parts of a report that are not in its plan. */
export interface ReportFacts
  extends Pick<
    ReportHeader,
    'report' | 'command' | 'actor' | 'job_id' | 'trace_id' | 'reason' | 'plan_hash'
  > {
  readonly policy: Policy;
  readonly gone: number;
  /** Whether the header has the counts; false in a store that an older hs may read. */
  readonly counted: boolean;
  /** Whether `spared` lists every kept artifact; true in a store that an older hs may read. */
  readonly isLong: boolean;
  purges(item: PlanItem): boolean;
}

/**
 * The report of an applied plan as canonical JSON Lines: a header, then artifacts in order of id. The plan's items are the
 * removed ones; `spared` is in order of id too.
 */
export function encodeReport(plan: PrunePlan, spared: Iterable<SparedItem>, facts: ReportFacts): Buffer {
  const { purges, policy, gone, counted, isLong, ...rest } = facts;
  const { schema: _, rules, kept_hash, filters, ...totals } = filed(plan.header);
  const header: ReportHeader = {
    ...totals,
    ...(isLong ? undefined : compact({ rules, kept_hash, filters })),
    ...(counted ? itemCounts(plan.header) : {}),
    ...rest,
    schema: isLong ? LONG_REPORT_SCHEMA : REPORT_SCHEMA,
    policy,
    gone,
    trash_days: policy.retention.trash_days,
  };
  check(reportHeaderSchema, header, 'INVALID_RECORD', 'retention report');
  return Buffer.concat([...linePieces(inOrder(header, plan.items, spared, purges))]);
}

function* inOrder(
  header: ReportHeader,
  items: readonly PlanItem[],
  spared: Iterable<SparedItem>,
  purges: ReportFacts['purges'],
): Generator<string> {
  yield canonicalText(header);
  let next = 0;
  const gone = (item: PlanItem) => itemText(item, purges(item));
  for (const kept of spared) {
    for (; next < items.length && items[next]!.artifact_id < kept.artifact_id; next++)
      yield gone(items[next]!);
    yield canonicalText(kept);
  }
  for (; next < items.length; next++) yield gone(items[next]!);
}

/** The schemas of a report's lines. */
export const reportHeaderSchema = z.strictObject({
  ...planHeaderFields,
  rules: z.optional(keptFields.rules),
  kept_hash: z.optional(keptFields.kept_hash),
  filters: keptFields.filters,
  ...itemCountFields,
  schema: z.enum([REPORT_SCHEMA, LONG_REPORT_SCHEMA]),
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

/** Reads a report; INVALID_RECORD if it is not one. */
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
  const isLong = header.schema === LONG_REPORT_SCHEMA;
  const found = isLong ? items.length : items.filter((i) => i.verdict === 'prune').length;
  const stated = isLong ? header.scanned : header.pruned;
  if (found !== stated) {
    throw new HsError('INVALID_RECORD', `the report is cut off: ${found} of ${stated} items`);
  }
  return { header, items };
}
