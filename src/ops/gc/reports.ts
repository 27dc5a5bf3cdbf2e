import type { Timestamp } from '../../core/ids.js';
import type { EntryPayload } from '../../core/ledger-payload.js';
import type { ArtifactRecord } from '../../core/record.js';
import {
  decodeReport,
  MAX_REPORT_BYTES,
  REPORT_NAME,
  type RetentionReport,
} from '../../core/retention-report.js';
import { HsError } from '../../errors/hs-error.js';
import { demandRead } from '../guard/read-gate.js';
import { resolveArtifact } from '../resolve.js';
import type { Session } from '../session.js';

export interface ReportRow extends EntryPayload<'meta.gc_summary'> {
  readonly seq: number;
  readonly at: Timestamp;
  /** `type:id`. */
  readonly actor: string;
  /** How many of what it removed are still removed. */
  readonly removed_still: number;
}

/** The collections whose reports are still here, newest first. */
export async function listReports(session: Session): Promise<ReportRow[]> {
  const catalog = await session.catalog();
  const still = new Map<number, number>();
  for (const { removed } of catalog.removed()) {
    if (removed !== undefined) still.set(removed.seq, (still.get(removed.seq) ?? 0) + 1);
  }
  const rows: ReportRow[] = [];
  for (const record of catalog.named(REPORT_NAME)) {
    const { entry } = await session.store.ledger.read(record.registered.seq);
    if (entry.type !== 'meta.gc_summary') continue;
    const summary = (await session.store.payloadOf(entry)) as EntryPayload<'meta.gc_summary'>;
    rows.push({
      ...summary,
      seq: entry.seq,
      at: entry.at,
      actor: `${entry.actor}:${entry.actor_id}`,
      removed_still: still.get(entry.seq) ?? 0,
    });
  }
  return rows;
}

/** One report, as its artifact holds it. */
export async function readReport(
  session: Session,
  typed: string,
): Promise<{ readonly record: ArtifactRecord; readonly report: RetentionReport }> {
  return session.read(async (catalog) => {
    const record = resolveArtifact(catalog, typed, { listedBy: 'hs report' });
    if (record.kind !== 'report' || record.name !== REPORT_NAME) {
      throw new HsError('NOT_FOUND', `'${typed}' is not a retention report`, {
        hint: 'hs report lists them',
      });
    }
    await demandRead(session, catalog, record);
    return {
      record,
      report: decodeReport(await session.store.objects.read(record.content_hash, MAX_REPORT_BYTES)),
    };
  });
}
