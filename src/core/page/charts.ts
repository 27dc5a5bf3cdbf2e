import { humanSize, utcTime } from '../text/human.js';
import type { ClassHistory } from './class-history.js';
import { type Html, html } from './html.js';

const WIDTH = 960;
const HEIGHT = 240;

/** A share from 0 to 1 as a bar. */
export function barOf(share: number): Html {
  const width = Math.round(1000 * Math.min(1, Math.max(0, share)));
  return html`<svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="1000" height="10"/><rect class="fill" width="${width}" height="10"/></svg>`;
}

const coordinate = (value: number) => Number(value.toFixed(1));

/** The area between two step lines: a size holds until it changes. */
function area(lower: readonly number[], upper: readonly number[], y: (bytes: number) => number): string {
  const x = (i: number) => coordinate((i * WIDTH) / Math.max(1, upper.length - 1));
  const up = upper.map((bytes, i) => `${i === 0 ? 'M' : `H${x(i)}V`}${i === 0 ? `${x(0)} ` : ''}${y(bytes)}`);
  const down = [...lower].reverse().map((bytes, i) => {
    const at = lower.length - 1 - i;
    return i === 0 ? `V${y(bytes)}` : `V${y(bytes)}H${x(at)}`;
  });
  return `${up.join('')}${down.join('')}Z`;
}

/** Space by class over time: a stacked chart, and the same as figures, for print in one colour. */
export function historyFigure({ series, from, to }: ClassHistory): Html {
  if (series.length === 0) return html`<p class="note">Nothing has been stored yet.</p>`;
  const length = series[0]!.bytes.length;
  const sums = Array.from({ length }, (_, i) => series.reduce((sum, s) => sum + s.bytes[i]!, 0));
  const most = Math.max(1, ...sums);
  const y = (bytes: number) => coordinate(HEIGHT - (bytes / most) * HEIGHT);
  let below = new Array<number>(length).fill(0);
  const areas = series.map(({ retentionClass, bytes }) => {
    const above = bytes.map((b, i) => b + below[i]!);
    const drawn = html`<path class="${retentionClass}" d="${area(below, above, y)}"/>`;
    below = above;
    return drawn;
  });
  const rows = [...series].reverse().map(({ retentionClass, bytes }) => {
    const peak = Math.max(...bytes);
    return html`<tr><td><svg class="key" viewBox="0 0 1 1" aria-hidden="true"><rect class="${retentionClass}" width="1" height="1"/></svg>${retentionClass}</td><td class="n">${humanSize(peak)}</td><td class="n">${humanSize(bytes.at(-1)!)}</td></tr>`;
  });
  const label = `Bytes of payload by retention class from ${utcTime(from)} to ${utcTime(to)}, at most ${humanSize(most)}`;
  return html`<figure>
<div class="axis"><span>${humanSize(most)}</span></div>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">${areas}</svg>
<div class="axis"><span>${utcTime(from)}</span><span>${utcTime(to)}</span></div>
</figure>
<table><thead><tr><th>Class</th><th class="n">At most</th><th class="n">Now</th></tr></thead><tbody>${rows}</tbody></table>`;
}
