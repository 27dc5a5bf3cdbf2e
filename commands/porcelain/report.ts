import { command } from '../../src/cli/command.js';
import { maybe } from '../../src/cli/positionals.js';
import { reportList, reportText } from '../../src/cli/text/report-text.js';
import { HsError } from '../../src/errors/hs-error.js';

import { PAGE, PAGE_EXITS, pageRequest, pageRow, pageText } from '../shared/html-page.js';

/** `hs report`: what collections removed, and why (D6). */
export const report = command({
  name: 'report',
  class: 'porcelain',
  opens: 'read',
  summary: 'list retention reports, or show one',
  description: `Each collection that removed something left a report: what was removed and by which rule, what was spared and why, under which policy and clock. Reports are artifacts of class log and are collected like others. A report is as sensitive as the most sensitive artifact that it names: if one was high, reading the report needs artifact.read:restricted, and exporting it needs consent.

With an id, shows one report: totals, by rule and by class, how much can still be brought back, the largest artifacts that were removed, and what was spared since the plan was made. hs-cat-artifact(1) prints the whole report.

With \`--html\`, the report is written as one HTML page, for people without hs: what was removed and why, what is kept and until when, the space used by each class over time, and until when the removal can be undone. The page needs no network and no script, and prints well. It is first stored as an artifact of class cache, named 'retention-report-page', and then exported like any artifact; it is as sensitive as the most sensitive artifact that it names.`,
  positionals: { id: maybe('ID', { complete: 'report' }) },
  options: PAGE,
  pages: true,
  resultSchema: 'hs.report/1',
  list: 'results',
  examples: [
    { command: 'hs report', explains: 'List all reports, the newest first.' },
    { command: 'hs report retention-report', explains: 'Show the newest report.' },
    { command: 'hs report retention-report --html page.html', explains: 'Write it as a page.' },
  ],
  seeAlso: ['hs-gc(1)', 'hs-rm(1)', 'hs-restore(1)', 'hs-log(1)'],
  exits: PAGE_EXITS,
  async run(context) {
    const { args, options, session } = context;
    const request = pageRequest(context, options);
    if (request !== undefined) {
      if (args.id === undefined) throw new HsError('USAGE', "'--html' needs the ID of a report");
      const { publishReport } = await import('../../src/ops/page/publish-report.js');
      const { report, undo, page } = await publishReport(await session({ writes: true }), args.id, request);
      return { report: report.header, results: report.items, undo, page: pageRow(context, page) };
    }
    const { listReports, readReport } = await import('../../src/ops/gc/retention-reports.js');
    const s = await session();
    if (args.id === undefined) return { results: await listReports(s) };
    const { report, undo } = await readReport(s, args.id);
    return { report: report.header, results: report.items, undo };
  },
  render: (value, view) =>
    value.page !== undefined
      ? pageText(value.page, view)
      : value.report !== undefined
        ? reportText({ header: value.report, items: value.results }, value.undo, view)
        : reportList(value.results, view),
});
