import { compact } from '../json/omit-undefined.js';
import { CLASSIFICATIONS, type Classification } from '../manifest/vocabulary.js';
import type { PlanInput } from './plan-input.js';

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
export function reportSensitivity(
  { artifacts, policy }: PlanInput,
  rows: Iterable<number>,
): ReportSensitivity {
  let [rank, exportable] = [0, true];
  for (const row of rows) {
    rank = Math.max(rank, artifacts.classificationRank(row));
    exportable &&= artifacts.isExportable(row);
  }
  const classification = CLASSIFICATIONS[rank]!;
  const days = policy.retention.classes.log.window_days;
  return compact({
    classification,
    exportable,
    retention_ttl_days: classification === 'high' ? days : undefined,
  });
}
