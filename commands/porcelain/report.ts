import { command } from '../../src/cli/command.js';
import { maybe } from '../../src/cli/positionals.js';
import { reportList, reportText } from '../../src/cli/text/report-text.js';
import type { RetentionReport } from '../../src/core/retention/report.js';
import type { ReportRow, ReportUndo } from '../../src/ops/gc/retention-reports.js';

/** What is shown: the list, or one report. */
export type ReportResult =
  | { readonly results: readonly ReportRow[] }
  | {
      readonly report: RetentionReport['header'];
      readonly results: RetentionReport['items'];
      readonly undo: ReportUndo;
    };

/** `hs report`: what collections removed, and why (D6). */
export const report = command({
  name: 'report',
  class: 'porcelain',
  opens: 'read',
  summary: 'list the retention reports, or show one',
  description: `Each collection that removed something left a report: what went and by which rule, what was spared and why, under which policy and clock. Reports are artifacts of class log and are collected like others. One is as sensitive as the most sensitive artifact that it names: the report of what was high is read with artifact.read:restricted, and leaves the store only by consent.

With an id, one report is shown: totals, by rule and by class, how much of it can still be brought back, the largest that went, and what was spared since its plan was made. hs-cat-artifact(1) prints the whole of it.`,
  positionals: { id: maybe('ID', { complete: 'report' }) },
  pages: true,
  resultSchema: 'hs.report/1',
  list: 'results',
  examples: [
    { command: 'hs report', explains: 'All reports, the newest first.' },
    { command: 'hs report retention-report', explains: 'The newest report.' },
  ],
  seeAlso: ['hs-gc(1)', 'hs-rm(1)', 'hs-restore(1)', 'hs-log(1)'],
  async run({ args, session }): Promise<ReportResult> {
    const { listReports, readReport } = await import('../../src/ops/gc/retention-reports.js');
    const s = await session();
    if (args.id === undefined) return { results: await listReports(s) };
    const { report, undo } = await readReport(s, args.id);
    return { report: report.header, results: report.items, undo };
  },
  render: (value, view) =>
    'report' in value
      ? reportText({ header: value.report, items: value.results }, value.undo, view)
      : reportList(value.results, view),
});
