import { command } from '../../src/cli/command.js';
import { filterOptions } from '../../src/cli/filter-options.js';
import { choice, flag } from '../../src/cli/options.js';
import { bar } from '../../src/cli/text/bar.js';
import { type Column, table } from '../../src/cli/text/table.js';
import { counted, humanSize } from '../../src/core/text/human.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { Usage, UsageRow, UsageTotals, UsageTotalsRow } from '../../src/ops/inspect/disk-usage.js';
import { USAGE_KEYS } from '../../src/ops/inspect/usage-keys.js';
import { PAGE, PAGE_EXITS, type PageRow, pageRequest, pageRow, pageText } from '../shared/html-page.js';

const BAR_WIDTH = 20;
const COLUMNS: readonly Column<UsageTotalsRow>[] = [
  { head: 'GROUP', value: (r) => r.group, shrinks: true },
  { head: 'ARTIFACTS', align: 'right', value: (r) => String(r.artifacts) },
  { head: 'LOGICAL', align: 'right', value: (r) => humanSize(r.logical_bytes) },
];

/** `hs du`: logical and physical bytes by group. */
export const du = command({
  name: 'du',
  class: 'porcelain',
  opens: 'read',
  summary: 'show disk usage',
  description: `Logical bytes are the sizes of the payloads. Physical bytes are the sizes of the objects that store them, with manifests and indexes. An object that several artifacts share counts once in each group, and once in the total. With \`--filter\`, only artifacts that match are counted; hs-for-each-artifact(1) describes FILTER. By name, artifacts without a name are grouped by the name of the file they came from, or else by kind, in parentheses.

Objects that no artifact or ledger entry uses take space too. They are shown separately: as unused until hs-gc(1) moves them to the trash, then as in the trash until it is emptied. So are damaged files that \`hs fsck --repair\` moved to the quarantine.

With \`--totals\`, only the number of artifacts and the logical bytes are shown, which are kept as they change: that takes as long for a million artifacts as for one.

With \`--html\`, the output is written as one HTML page, with the space used by each class over time. The page needs no network and no script. It is first stored as an artifact of class cache, named 'disk-usage-page', and then exported like any artifact; grouped by name, it is as sensitive as the most sensitive artifact.`,
  options: {
    by: choice(USAGE_KEYS, 'KEY', 'group by kind, class, name or layer'),
    totals: flag(undefined, 'only the number and logical bytes, at once (not by name)'),
    ...filterOptions,
    ...PAGE,
  },
  resultSchema: 'hs.du/1',
  list: 'rows',
  examples: [
    { command: 'hs du --by name', explains: 'Show the names that use the most space.' },
    {
      command: "hs du --by class --filter 'label.env=test*'",
      explains: 'Show what the test environments use.',
    },
    { command: 'hs du --by class --html usage.html', explains: 'Write disk usage by class as a page.' },
  ],
  exits: {
    ...PAGE_EXITS,
    5: 'the index of a directory is missing or damaged, so that its files are not counted',
  },
  seeAlso: ['hs-ls(1)', 'hs-for-each-artifact(1)', 'hs-gc(1)', 'hs-count-objects(1)'],
  async run(context): Promise<(Usage & { readonly page?: PageRow }) | UsageTotals> {
    const { options, session } = context;
    const request = pageRequest(context, options);
    if (options.totals && request !== undefined) {
      throw new HsError('USAGE', "'--totals' and '--html' cannot be given together");
    }
    if (options.filter.length > 0 && (options.totals || request !== undefined)) {
      const other = options.totals ? '--totals' : '--html';
      throw new HsError('USAGE', `'--filter' cannot be given together with '${other}'`);
    }
    if (request !== undefined) {
      const { publishUsage } = await import('../../src/ops/page/publish-usage.js');
      const { usage, page } = await publishUsage(
        await session({ writes: true }),
        options.by ?? 'kind',
        request,
      );
      return { ...usage, page: pageRow(context, page) };
    }
    const { diskUsage, usageTotals } = await import('../../src/ops/inspect/disk-usage.js');
    const by = options.by ?? 'kind';
    if (!options.totals) {
      const usage = await diskUsage(await session(), by, options.filter);
      if (usage.unreadable !== undefined) context.exit(5);
      return usage;
    }
    if (by === 'name') throw new HsError('USAGE', "'--totals' are not kept by name");
    return usageTotals(await session(), by);
  },
  render: (usage, view) => {
    const counts = `${counted(usage.artifacts, 'artifact')}, ${humanSize(usage.logical_bytes)}`;
    if (!('trash' in usage)) {
      const rows = usage.rows.length === 0 ? [] : [table(COLUMNS, usage.rows, view)];
      return [...rows, counts].join('\n');
    }
    if (usage.page !== undefined) return pageText(usage.page, view);
    const most = Math.max(1, usage.physical_bytes);
    const total = `${counts}, in ${humanSize(usage.physical_bytes)} of objects`;
    const line = ({ objects, size_bytes }: typeof usage.trash, where: string) =>
      objects === 0 ? [] : [`${counted(objects, 'object')} ${where}, ${humanSize(size_bytes)}`];
    return [
      ...(usage.rows.length === 0
        ? []
        : [
            table<UsageRow>(
              [
                ...COLUMNS,
                { head: 'PHYSICAL', align: 'right', value: (r) => humanSize(r.physical_bytes) },
                { head: '', value: (r) => bar(r.physical_bytes / most, BAR_WIDTH, view.unicode) },
              ],
              usage.rows,
              view,
            ),
          ]),
      total,
      ...(usage.unreadable === undefined
        ? []
        : [
            view.style.bad(
              `without the files of ${counted(usage.unreadable, 'directory', 'directories')} whose index is damaged: hs fsck`,
            ),
          ]),
      ...line(usage.unreferenced, 'unused, moved to the trash by hs gc --repack'),
      ...line(usage.trash, 'in the trash'),
      ...(usage.quarantine.files === 0
        ? []
        : [
            `${counted(usage.quarantine.files, 'damaged file')} in the quarantine, ${humanSize(usage.quarantine.size_bytes)}`,
          ]),
    ].join('\n');
  },
});
