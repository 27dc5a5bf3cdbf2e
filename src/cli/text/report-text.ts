import type { RetentionReport } from '../../core/retention/report.js';
import { counted, humanSize, utcTime } from '../../core/text/human.js';
import type { ReportRow, ReportUndo } from '../../ops/gc/retention-reports.js';
import { humanAge } from './human-age.js';
import { byRule, itemColumns, keptByRule, ruleWords } from './retention-text.js';
import { fields, table } from './table.js';
import { dayOf, freesText, irreversibleText } from './undo-text.js';
import type { View } from './view.js';

const LARGEST = 10;

export function reportList(rows: readonly ReportRow[], view: View): string {
  if (rows.length === 0) return view.quiet ? '' : 'no reports: nothing was ever removed';
  return table(
    [
      { head: 'REPORT', value: (r) => r.report.slice(0, 8), paint: view.style.id },
      { head: 'WHEN', value: (r) => humanAge(Date.parse(r.at), view.now) },
      { head: 'BY', value: (r) => `${r.command}, ${r.actor}`, shrinks: true },
      { head: 'REMOVED', align: 'right', value: (r) => String(r.pruned) },
      { head: 'KEPT', align: 'right', value: (r) => String(r.spared) },
      { head: 'DAMAGED', align: 'right', value: (r) => String(r.failed) },
      { head: 'FREES', align: 'right', value: (r) => humanSize(r.freed_bytes) },
      { head: 'STILL GONE', align: 'right', value: (r) => String(r.removed_still) },
      { head: 'FOR GOOD', align: 'right', value: (r) => String(r.irreversible) },
    ],
    rows,
    view,
  );
}

function byClass(
  items: readonly { readonly retention_class: string; readonly size_bytes: number }[],
): string {
  const classes = new Map<string, { count: number; bytes: number }>();
  for (const { retention_class: key, size_bytes } of items) {
    const sum = classes.get(key) ?? { count: 0, bytes: 0 };
    classes.set(key, { count: sum.count + 1, bytes: sum.bytes + size_bytes });
  }
  return [...classes]
    .sort((a, b) => b[1].bytes - a[1].bytes || (a[0] < b[0] ? -1 : 1))
    .map(([key, { count, bytes }]) => `${count} ${key} (${humanSize(bytes)})`)
    .join(', ');
}

/** One report for a user: totals, by rule, by class, the largest, and artifacts spared since the plan. */
export function reportText({ header: h, items }: RetentionReport, undo: ReportUndo, view: View): string {
  const gone = items.filter((i) => i.verdict === 'prune');
  const since = items.filter((i) => i.verdict === 'keep' && i.since_plan === true);
  const largest = [...gone].sort(
    (a, b) => b.size_bytes - a.size_bytes || (a.artifact_id < b.artifact_id ? -1 : 1),
  );
  const at = (t: string) => utcTime(t, 'second');
  const facts = fields(
    [
      ['report', view.style.id(h.report)],
      ['by', view.text(`${h.command}, ${h.actor}${h.job_id === undefined ? '' : `, job ${h.job_id}`}`)],
      ['reason', h.reason === undefined ? undefined : view.text(h.reason)],
      ['filter', h.filters?.map(view.text).join(', ')],
      ['clock', `${at(h.clock)} (${humanAge(Date.parse(h.clock), view.now)})`],
      ['scanned', `${h.scanned}: ${h.pruned} removed, ${h.spared} kept, ${h.failed} damaged`],
      ['removed', `${humanSize(h.pruned_bytes)} of payload`],
      ['bytes', freedWords(h, gone, undo, view)],
      ...undoFields(gone, undo, h.report, view),
      ['quota', h.quota_bytes === undefined ? undefined : quotaWords(h.quota_bytes, h.quota_unmet_bytes)],
      ['by rule', byRule(gone)],
      ['by class', byClass(gone)],
      ['kept by', keptByRule(h, items) || undefined],
      ['gone already', h.gone === 0 ? undefined : counted(h.gone, 'artifact')],
      ['policy', h.policy_hash],
      ['plan', h.plan_hash],
    ],
    view,
  );
  const spared = since.map((i) => `  ${i.artifact_id.slice(0, 8)}  ${ruleWords(i.rule)}`);
  return [
    facts,
    '',
    view.style.heading(largest.length > LARGEST ? `the ${LARGEST} largest removed` : 'removed'),
    table(itemColumns(view), largest.slice(0, LARGEST), { ...view, quiet: true }),
    ...(spared.length === 0 ? [] : ['', view.style.heading('spared since the plan was made'), ...spared]),
  ].join('\n');
}

type Pruned = Extract<RetentionReport['items'][number], { verdict: 'prune' }>;

/** Artifacts without a trash window were purged at once. */
function freedWords(
  h: RetentionReport['header'],
  gone: readonly Pruned[],
  undo: ReportUndo,
  view: View,
): string {
  const atOnce = gone.reduce((sum, i) => sum + (i.purge ? i.freed_bytes : 0), 0);
  const over = undo.trash_until !== undefined && Date.parse(undo.trash_until) <= view.now;
  const until = over && undo.restorable.length === 0 ? undefined : undo.trash_until;
  const words = freesText({ freed_bytes: h.freed_bytes, freed_at_once_bytes: atOnce }, until, 'did');
  return `${words}, of ${humanSize(h.stored_bytes)}`;
}

function undoFields(
  gone: readonly Pruned[],
  { restorable, irreversible, trash_until: until }: ReportUndo,
  report: string,
  view: View,
): [string, string | undefined][] {
  const lost = new Set<string>(irreversible);
  const back = until === undefined ? '' : ` until the trash is emptied (${dayOf(until)})`;
  return [
    [
      'undo',
      restorable.length === 0
        ? undefined
        : `${restorable.length} can be brought back${back}: hs restore --run ${report.slice(0, 8)}`,
    ],
    [
      'for good',
      lost.size === 0
        ? undefined
        : view.style.warning(
            irreversibleText(
              gone.filter((i) => lost.has(i.artifact_id)),
              view,
            ),
          ),
    ],
  ];
}

function quotaWords(quota: number, unmet: number | undefined): string {
  return `${humanSize(quota)}, ${unmet === undefined ? 'met' : `not met by ${humanSize(unmet)}`}`;
}
