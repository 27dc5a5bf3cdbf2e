import type { Timestamp } from '../objects/ids.js';
import { counted, humanSize, utcTime } from '../text/human.js';
import { barOf, historyFigure } from './charts.js';
import type { ClassHistory } from './class-history.js';
import { html } from './html.js';
import { page } from './page.js';
import { MOST_ROWS } from './report-page.js';

interface Totals {
  readonly objects: number;
  readonly size_bytes: number;
}

export interface UsagePageData {
  readonly storeId: string;
  /** The grouping key: `kind`, `class`, `name` or `layer`. */
  readonly by: string;
  /** Largest first. */
  readonly rows: readonly {
    readonly group: string;
    readonly artifacts: number;
    readonly logical_bytes: number;
    readonly physical_bytes: number;
  }[];
  readonly artifacts: number;
  readonly logical_bytes: number;
  readonly physical_bytes: number;
  readonly unreferenced: Totals;
  readonly trash: Totals;
  readonly history: ClassHistory;
  readonly now: Timestamp;
  /** `hs 0.1.0`. */
  readonly madeBy: string;
}

const are = ({ objects }: Totals) => `${counted(objects, 'object')} ${objects === 1 ? 'is' : 'are'}`;

/** Disk usage as a page. */
export function usagePage(data: UsagePageData): Buffer {
  const { storeId, by, now, madeBy } = data;
  const most = Math.max(1, data.physical_bytes);
  const figures: [string, string][] = [
    ['Artifacts', String(data.artifacts)],
    ['Payload', humanSize(data.logical_bytes)],
    ['On disk', humanSize(data.physical_bytes)],
    ['Unused', humanSize(data.unreferenced.size_bytes)],
    ['In the trash', humanSize(data.trash.size_bytes)],
  ];
  const rows = data.rows
    .slice(0, MOST_ROWS)
    .map(
      (r) =>
        html`<tr><td class="name">${r.group}</td><td class="n">${r.artifacts}</td><td class="n">${humanSize(r.logical_bytes)}</td><td class="n">${humanSize(r.physical_bytes)}</td><td class="bar">${barOf(r.physical_bytes / most)}</td></tr>`,
    );
  const over = data.rows.length - MOST_ROWS;
  const body = html`<h1>Disk usage</h1>
<p class="sub">Store ${storeId}, ${utcTime(now)}.</p>
<p class="lead">${counted(data.artifacts, 'artifact')} with ${humanSize(data.logical_bytes)} of payload take ${humanSize(data.physical_bytes)} on disk.</p>
<dl class="figures">${figures.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<h2>By ${by}</h2>
<table><thead><tr><th>Group</th><th class="n">Artifacts</th><th class="n">Payload</th><th class="n">On disk</th><th class="bar">Share</th></tr></thead><tbody>${rows}</tbody></table>
${over > 0 ? html`<p class="note">And ${counted(over, 'smaller group')}.</p>` : undefined}
<p class="note">What several artifacts share counts once in each group, and once on disk in all. ${are(data.unreferenced)} unused until a collection moves them to the trash; ${are(data.trash)} in the trash until it is emptied.</p>
<h2>Space by class over time</h2>
${historyFigure(data.history)}
<footer>${madeBy}, ${utcTime(now, 'second')}. All times are UTC.</footer>`;
  return page('Disk usage', body);
}
