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
  summary: 'list retention reports, or show one',
  description: `Each collection that removed something left a report: what was removed and by which rule, what was spared and why, under which policy and clock. Reports are artifacts of class log and are collected like others. A report is as sensitive as the most sensitive artifact that it names: if one was high, reading the report needs artifact.read:restricted, and exporting it needs consent.

With an id, shows one report: totals, by rule and by class, how much can still be brought back, the largest artifacts that were removed, and what was spared since the plan was made. hs-cat-artifact(1) prints the whole report.`,
  positionals: { id: maybe('ID', { complete: 'report' }) },
  pages: true,
  resultSchema: 'hs.report/1',
  list: 'results',
  examples: [
    { command: 'hs report', explains: 'List all reports, the newest first.' },
    { command: 'hs report retention-report', explains: 'Show the newest report.' },
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
