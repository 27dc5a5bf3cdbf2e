import { describe, expect, it } from 'vitest';
import type { ArtifactRecord } from '../../src/core/catalog/artifact-record.js';
import type { Timestamp } from '../../src/core/objects/ids.js';
import { classHistory } from '../../src/core/page/class-history.js';
import { escapeHtml, html } from '../../src/core/page/html.js';
import { MOST_ROWS, reportPage } from '../../src/core/page/report-page.js';
import { idOf, PAGES, reportData } from './samples.js';

describe('a page', () => {
  it('escapes text, but not markup', () => {
    const name = `<b a="1" b='2'>&\u0000\u001b\u202e`;
    expect(html`<p title="${name}">${html`<i>${1}</i>`}${undefined}</p>`.text).toBe(
      `<p title="${escapeHtml(name)}"><i>1</i></p>`,
    );
    expect(escapeHtml(name)).not.toMatch(/[<>"'\u0000\u001b\u202e]/);
  });

  it.each(PAGES)('of a %s has no script, no address and a policy that forbids both', (_name, make) => {
    const text = make(true).toString();
    expect(text).toContain(`content="default-src 'none'; style-src 'sha256-`);
    // A name that is escaped has no angle bracket, so that these are all the tags there are.
    const tags = text.match(/<[^>]*>/g)!;
    const active = /^<(script|img|link|iframe|object|a)\b|\s(src|href|style|on\w+)=/;
    expect(tags.filter((tag) => active.test(tag))).toEqual([]);
    expect(tags.length).toBeGreaterThan(100);
    expect(make(true).equals(make(true))).toBe(true);
  });

  it('shows what was removed and why, what is kept and until when, and how long the removal can be undone', () => {
    const text = reportPage(reportData(false)).toString();
    for (const said of [
      '5 artifacts of 10 were removed; 5 were kept.',
      'window expired, <span class="day">2026-05-31</span>',
      '3 can be brought back until 2026-06-07 12:00Z',
      'hs restore --run abcdef12',
      '1 artifact cannot be brought back.',
      '1 artifact has been brought back since.',
      'pinned as &#39;release&#39;',
      '2026-09-11',
      'no end',
    ])
      expect(text).toContain(said);
  });

  it('has a bounded length for any report', () => {
    const data = reportData(false);
    const [one] = data.report.items;
    const items = Array.from({ length: 5000 }, (_, n) => ({ ...one!, artifact_id: idOf(n) }));
    const text = reportPage({ ...data, report: { ...data.report, items } as typeof data.report }).toString();
    expect(text).toContain(`The ${MOST_ROWS} largest`);
    expect(text).toContain('And 4500 more, ');
    expect(text.length).toBeLessThan(250_000);
  });
});

describe('space by class over time', () => {
  const at = (day: number) => `2026-01-${String(day).padStart(2, '0')}T00:00:00.000Z` as Timestamp;
  const record = (cls: string, size: number, from: number, to?: number) =>
    ({
      retention_class: cls,
      size_bytes: size,
      registered: { seq: 1, index: 0, at: at(from) },
      ...(to === undefined ? {} : { removed: { seq: 2, at: at(to), purge: false } }),
    }) as unknown as ArtifactRecord;

  it('rises with new artifacts, falls with removals, and ends at the current total', () => {
    const { series, from } = classHistory(
      [record('log', 10, 1), record('log', 5, 9, 25), record('result', 7, 17)],
      at(31),
    );
    expect(from).toBe(at(1));
    const [log, result] = series.map((s) => s.bytes);
    expect(series.map((s) => s.retentionClass)).toEqual(['log', 'result']);
    expect([log![0], Math.max(...log!), log!.at(-1)]).toEqual([10, 15, 10]);
    expect([result![0], result!.at(-1)]).toEqual([0, 7]);
    const middle = (day: number) => Math.round(((day - 1) / 30) * (log!.length - 1));
    expect([log![middle(16)], result![middle(16)], log![middle(28)]]).toEqual([15, 0, 10]);
  });

  it('is empty for an empty store, and never negative if clocks went back', () => {
    expect(classHistory([], at(3)).series).toEqual([]);
    const { series } = classHistory([record('log', 4, 9, 2), record('log', 1, 1)], at(10));
    expect(Math.min(...series[0]!.bytes)).toBeGreaterThanOrEqual(0);
  });
});
