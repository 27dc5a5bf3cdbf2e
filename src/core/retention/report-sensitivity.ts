import { compact } from '../json/omit-undefined.js';
import { CLASSIFICATIONS, type Classification } from '../manifest/vocabulary.js';
import type { PlanInput } from './plan-input.js';

/** The fields of a report's manifest that decide who may read it and whether it may leave the store. */
export interface ReportSensitivity {
  readonly classification: Classification;
  readonly exportable: boolean;
  /** Set for a report of high sensitivity, which needs a TTL (A6). */
  readonly retention_ttl_days?: number;
}

/**
 * A report is as sensitive as the most sensitive artifact it lists, since a name and a size can reveal as much as the
 * bytes. It contains none of the bytes, so it is kept as long as other logs, not as long as the artifacts: the report
 * on something with a TTL of a day would be gone before anybody read it.
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
