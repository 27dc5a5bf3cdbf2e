import * as z from 'zod/mini';
import type { Json } from '../../core/json/canonical.js';
import { compact } from '../../core/json/omit-undefined.js';
import { natural, uuid } from '../../core/json/schema.js';
import { type StagingRecord, toStagingRecord } from '../materialize/staging-journal.js';
import type { ExportConfig } from './export-record.js';

const begun = z.strictObject({
  journal: z.literal('export'),
  export_id: uuid,
  after_seq: natural,
  config: z.strictObject({ with_manifest: z.boolean(), mtime: natural }),
});
const staged = z.strictObject({ journal: z.literal('staging'), export_id: uuid, staging: z.unknown() });

/** An export whose outcome is unknown. */
export interface BegunExport {
  readonly exportId: string;
  /** If there is a decision, it follows this entry. */
  readonly afterSeq: number;
  readonly config: ExportConfig;
  /** The last record about the filesystem outside; without one, nothing was started there. */
  readonly staging?: StagingRecord;
}

/** The journal record before an export is decided. */
export function exportJournal({ exportId, afterSeq, config }: Omit<BegunExport, 'staging'>): Json {
  return { journal: 'export', export_id: exportId, after_seq: afterSeq, config: { ...config } };
}

/** The journal record before an export changes anything at its destination. */
export function stagingJournal(exportId: string, staging: StagingRecord): Json {
  return { journal: 'staging', export_id: exportId, staging: compact(staging) };
}

/** The exports in a journal, each with its last record. */
export function journaledExports(journal: readonly Json[]): BegunExport[] {
  const exports = new Map<string, BegunExport>();
  for (const record of journal) {
    const start = z.safeParse(begun, record);
    if (start.success) {
      const { export_id: exportId, after_seq: afterSeq, config } = start.data;
      exports.set(exportId, { exportId, afterSeq, config });
      continue;
    }
    const stage = z.safeParse(staged, record);
    const owner = stage.success ? exports.get(stage.data.export_id) : undefined;
    if (!stage.success || owner === undefined) continue;
    exports.set(owner.exportId, { ...owner, staging: toStagingRecord(stage.data.staging) });
  }
  return [...exports.values()];
}

/** The destinations beside which the exports of a journal may have left files. */
export function journaledDestinations(journal: readonly Json[]): string[] {
  return journaledExports(journal).flatMap(({ staging }) => staging?.path ?? []);
}
