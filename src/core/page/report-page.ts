import { labelOf } from '../manifest/label-of.js';
import type { ArtifactId, Timestamp } from '../objects/ids.js';
import { explainVerdict } from '../retention/explain-verdict.js';
import type { PlanItem } from '../retention/prune-plan.js';
import type { PrunedItem, RetentionReport } from '../retention/report.js';
import { counted, humanSize, utcTime } from '../text/human.js';
import { historyFigure } from './charts.js';
import type { ClassHistory } from './class-history.js';
import { type Html, html } from './html.js';
import { page } from './page.js';

/** How a collection can be undone. */
export interface PageUndo {
  /** When the artifacts were removed. */
  readonly at: Timestamp;
  /** When the trash of the collection may be purged; absent without an undo window. */
  readonly trashUntil?: Timestamp | undefined;
  readonly restorable: readonly ArtifactId[];
  readonly irreversible: readonly ArtifactId[];
}

export interface ReportPageData {
  readonly report: RetentionReport;
  readonly undo: PageUndo;
  /** What a collection would keep now, with the rule and the end of the retention. */
  readonly stays: readonly PlanItem[];
  readonly history: ClassHistory;
  /** When the page was generated. */
  readonly now: Timestamp;
  /** `hs 0.1.0`. */
  readonly madeBy: string;
}

/** Maximum rows of a table on a page; the rest is summarized. */
export const MOST_ROWS = 500;

const words = (rule: string) => rule.replaceAll('_', ' ');
const day = (at: string) => at.slice(0, 10);

/** The report of a collection as a page: what was removed and why, what is kept and until when. */
export function reportPage(data: ReportPageData): Buffer {
  const { report, undo, stays, history, now, madeBy } = data;
  const { header: h } = report;
  const gone = report.items.filter((i): i is PrunedItem => i.verdict === 'prune');
  const title = `Retention report ${h.report.slice(0, 8)}`;
  const body = html`<h1>${title}</h1>
<p class="sub">Store ${h.store_id}, ${utcTime(undo.at)}. ${h.command === 'gc' ? 'Collected' : 'Removed'} by ${h.actor}${h.job_id === undefined ? '' : `, job ${h.job_id}`}.</p>
<p class="lead">${lead(report, gone)}</p>
${h.reason === undefined ? undefined : html`<p>Reason: ${h.reason}</p>`}
${h.filters === undefined ? undefined : html`<p>Only what matches ${h.filters.join(', ')}.</p>`}
${undoText(data, gone)}
${figures(report)}
<h2>What went, and why</h2>
${ruleTable(gone)}
${goneTable(gone, undo)}
<h2>What stays, and until when</h2>
${staysSection(stays, now)}
<h2>Space by class over time</h2>
${historyFigure(history)}
<h2>What decided</h2>
<p class="note">Clock ${utcTime(h.clock, 'second')}. Policy <code>${h.policy_hash}</code>. Plan <code>${h.plan_hash}</code>. Trash window ${counted(h.trash_days, 'day')}.</p>
<footer>${madeBy}, ${utcTime(now, 'second')}. All times are UTC. The report is artifact <code>${h.report}</code>.</footer>`;
  return page(title, body);
}

function lead({ header: h }: RetentionReport, gone: readonly PrunedItem[]): string {
  const went = `${counted(gone.length, 'artifact')} of ${h.scanned} ${gone.length === 1 ? 'was' : 'were'} removed`;
  const kept = h.spared === 0 ? '' : `; ${h.spared} ${h.spared === 1 ? 'was' : 'were'} kept`;
  const damaged = h.failed === 0 ? '' : `; ${counted(h.failed, 'damaged artifact')} left as found`;
  return `${went}${kept}${damaged}.`;
}

function undoText({ report: { header: h }, undo, now }: ReportPageData, gone: readonly PrunedItem[]): Html {
  const { restorable, irreversible, trashUntil } = undo;
  const back = gone.length - restorable.length - irreversible.length;
  const parts: Html[] = [];
  if (restorable.length > 0) {
    const until =
      trashUntil === undefined || trashUntil <= now
        ? 'until the trash is emptied'
        : `until ${utcTime(trashUntil)}, when the trash may be emptied`;
    parts.push(
      html`<p>${restorable.length} can be brought back ${until}: <code>hs restore --run ${h.report.slice(0, 8)}</code></p>`,
    );
  }
  if (irreversible.length > 0)
    parts.push(html`<p class="warn">${counted(irreversible.length, 'artifact')} cannot be brought back.</p>`);
  if (back > 0)
    parts.push(
      html`<p>${counted(back, 'artifact')} ${back === 1 ? 'has' : 'have'} been brought back since.</p>`,
    );
  return html`${parts}`;
}

function figures({ header: h }: RetentionReport): Html {
  const rows: [string, string][] = [
    ['Scanned', String(h.scanned)],
    ['Removed', String(h.pruned)],
    ['Kept', String(h.spared)],
    ['Payload removed', humanSize(h.pruned_bytes)],
    ['Bytes freed', humanSize(h.freed_bytes)],
    ['Stored before', humanSize(h.stored_bytes)],
  ];
  if (h.quota_bytes !== undefined) rows.push(['Quota', humanSize(h.quota_bytes)]);
  if (h.quota_unmet_bytes !== undefined) rows.push(['Over quota', humanSize(h.quota_unmet_bytes)]);
  return html`<dl class="figures">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

interface Sum {
  count: number;
  bytes: number;
  first?: string | undefined;
}

function sums(items: readonly Pick<PlanItem, 'rule' | 'size_bytes' | 'until'>[]): [string, Sum][] {
  const found = new Map<string, Sum>();
  for (const { rule, size_bytes, until } of items) {
    const sum = found.get(rule) ?? { count: 0, bytes: 0 };
    found.set(rule, sum);
    sum.count++;
    sum.bytes += size_bytes;
    if (until !== undefined && (sum.first === undefined || until < sum.first)) sum.first = until;
  }
  return [...found].sort((a, b) => b[1].count - a[1].count || (a[0] < b[0] ? -1 : 1));
}

function ruleTable(gone: readonly PrunedItem[]): Html {
  const rows = sums(gone).map(
    ([rule, { count, bytes }]) =>
      html`<tr><td>${words(rule)}</td><td class="n">${count}</td><td class="n">${humanSize(bytes)}</td></tr>`,
  );
  return html`<table><thead><tr><th>Rule</th><th class="n">Artifacts</th><th class="n">Payload</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function goneTable(gone: readonly PrunedItem[], undo: PageUndo): Html {
  const restorable = new Set(undo.restorable);
  const lost = new Set(undo.irreversible);
  const largest = [...gone].sort(
    (a, b) => b.size_bytes - a.size_bytes || (a.artifact_id < b.artifact_id ? -1 : 1),
  );
  const rows = largest.slice(0, MOST_ROWS).map((i) => {
    const state = restorable.has(i.artifact_id) ? 'yes' : lost.has(i.artifact_id) ? 'no' : 'already';
    return html`<tr><td class="name">${labelOf(i)}<br><span class="id">${i.artifact_id.slice(0, 8)}</span></td><td>${words(i.rule)}${i.until === undefined ? undefined : html`, <span class="day">${day(i.until)}</span>`}</td><td class="wide">${i.retention_class}</td><td class="wide n">${day(i.created_at)}</td><td class="n">${humanSize(i.size_bytes)}</td><td class="n">${state}</td></tr>`;
  });
  return html`<h3>${gone.length > MOST_ROWS ? `The ${MOST_ROWS} largest` : 'Each of them'}</h3>
<table><thead><tr><th>Artifact</th><th>Why</th><th class="wide">Class</th><th class="wide n">Created</th><th class="n">Size</th><th class="n">Can be restored</th></tr></thead><tbody>${rows}</tbody></table>
${rest(largest.slice(MOST_ROWS))}`;
}

function rest(items: readonly { readonly size_bytes: number }[]): Html | undefined {
  if (items.length === 0) return undefined;
  const bytes = items.reduce((sum, i) => sum + i.size_bytes, 0);
  return html`<p class="note">And ${items.length} more, ${humanSize(bytes)} of payload.</p>`;
}

/** Ordered by end of retention, earliest first. */
export function byEnd(items: readonly PlanItem[]): PlanItem[] {
  const end = ({ until }: PlanItem) => until ?? '~';
  return [...items].sort((a, b) =>
    end(a) !== end(b) ? (end(a) < end(b) ? -1 : 1) : a.artifact_id < b.artifact_id ? -1 : 1,
  );
}

/** Drops `until`, which has its own column. */
function whyKept({ until: _, ...item }: PlanItem): string {
  return explainVerdict(item, day).replace(/^kept(?::| (?=by))\s*/, '');
}

function staysSection(stays: readonly PlanItem[], now: Timestamp): Html {
  if (stays.length === 0) return html`<p class="note">A collection now would keep nothing.</p>`;
  const totals = sums(stays).map(
    ([rule, { count, bytes, first }]) =>
      html`<tr><td>${words(rule)}</td><td class="n">${count}</td><td class="n">${humanSize(bytes)}</td><td class="n">${first === undefined ? 'no end' : day(first)}</td></tr>`,
  );
  const sorted = byEnd(stays);
  const rows = sorted
    .slice(0, MOST_ROWS)
    .map(
      (i) =>
        html`<tr><td class="name">${labelOf(i)}<br><span class="id">${i.artifact_id.slice(0, 8)}</span></td><td>${whyKept(i)}</td><td class="wide">${i.retention_class}</td><td class="n">${humanSize(i.size_bytes)}</td><td class="n">${i.until === undefined ? 'no end' : day(i.until)}</td></tr>`,
    );
  return html`<p class="note">As of ${utcTime(now)}: what a collection now would keep.</p>
<table><thead><tr><th>Rule</th><th class="n">Artifacts</th><th class="n">Payload</th><th class="n">First ends</th></tr></thead><tbody>${totals}</tbody></table>
<h3>${stays.length > MOST_ROWS ? `The ${MOST_ROWS} that end first` : 'Each of them'}</h3>
<table><thead><tr><th>Artifact</th><th>Why</th><th class="wide">Class</th><th class="n">Size</th><th class="n">Until</th></tr></thead><tbody>${rows}</tbody></table>
${rest(sorted.slice(MOST_ROWS))}`;
}
