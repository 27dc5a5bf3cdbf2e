import { compact } from '../json/omit-undefined.js';
import { sensitivityOf } from '../manifest/sensitivity.js';
import type { Classification } from '../manifest/vocabulary.js';
import type { PlanInput } from './plan-input.js';
import type { PlanItem } from './prune-plan.js';

/** What a report's manifest says of who may read it and whether it may leave. */
export interface ReportSensitivity {
  readonly classification: Classification;
  readonly exportable: boolean;
  /** Where the report is high, which takes a TTL (A6). */
  readonly retention_ttl_days?: number;
}

/**
 * A report is as sensitive as the most sensitive artifact that it names: a name and a size can give away what the
 * bytes would. It holds none of their bytes, so its time is not theirs but that of its class, a log; a report of
 * what had a TTL of a day would else go before anybody has read it.
 */
export function reportSensitivity(input: PlanInput, items: readonly PlanItem[]): ReportSensitivity {
  const named = new Set(items.map((i) => i.artifact_id));
  const { classification, exportable } = sensitivityOf(
    input.artifacts.filter((a) => named.has(a.artifact_id)),
  );
  const days = input.policy.retention.classes.log.window_days;
  return compact({
    classification,
    exportable,
    retention_ttl_days: classification === 'high' ? days : undefined,
  });
}
