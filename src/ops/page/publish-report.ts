import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { classHistory } from '../../core/page/class-history.js';
import { byEnd, MOST_ROWS, reportPage } from '../../core/page/report-page.js';
import type { RetentionReport } from '../../core/retention/report.js';
import type { Exported } from '../export/export.js';
import { planCollection } from '../gc/plan-collection.js';
import { type ReportUndo, readReport } from '../gc/retention-reports.js';
import type { Session } from '../session/session.js';
import { MADE_BY, type PageRequest, publishPage } from './publish-page.js';

export interface PublishedReport {
  readonly report: RetentionReport;
  readonly undo: ReportUndo;
  readonly page: Exported;
}

/**
 * Writes a retention report as one HTML page outside the store (`hs report --html`): what was removed and why, what is
 * kept now and until when, and what can still be undone. Needs the capability to read the report.
 */
export async function publishReport(
  session: Session,
  typed: string,
  request: PageRequest,
): Promise<PublishedReport> {
  const { record, report, undo } = await readReport(session, typed);
  const { items } = await planCollection(session, { all: true });
  const catalog = await session.catalog();
  const stays = items.filter((i) => i.verdict === 'keep');
  const bytes = reportPage({
    report,
    undo: { ...undo, trashUntil: undo.trash_until },
    stays,
    history: classHistory(
      [...(await catalog.live().all()), ...(await catalog.removed().all())],
      session.now(),
    ),
    now: session.now(),
    madeBy: MADE_BY,
  });
  const named: ArtifactRecord[] = [];
  for (const { artifact_id } of byEnd(stays).slice(0, MOST_ROWS)) {
    const kept = await catalog.get(artifact_id);
    if (kept !== undefined) named.push(kept);
  }
  const page = await publishPage(
    session,
    { name: 'retention-report-page', bytes, about: [record, ...named], sources: [record.artifact_id] },
    request,
  );
  return { report, undo, page };
}
