import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyAt, lineEnd, packLines, type Row } from '../../src/core/catalog/row-lines.js';
import { mergeLines } from '../../src/store/local/index/merge-lines.js';
import { mergeRows } from '../../src/store/local/index/merge-rows.js';

const row = fc.record({ key: fc.nat(40).map((n) => `k${n}`), text: fc.option(fc.nat().map(String)) });
const layer = fc.uniqueArray(row, { selector: ({ key }) => key, maxLength: 30 });

const sorted = (rows: readonly { key: string; text: string | null }[]): Row[] =>
  [...rows]
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ key, text }) => ({ key, text: text ?? undefined }));

/** The lines in pieces of a few. */
function* pieces(rows: readonly Row[], most: number): Generator<Buffer> {
  for (let at = 0; at < rows.length; at += most) yield* packLines(rows.slice(at, at + most));
}

it('lines of several sources are merged as their rows are, whatever pieces they come in', () => {
  fc.assert(
    fc.property(
      fc.array(layer, { maxLength: 5 }),
      layer,
      fc.integer({ min: 1, max: 8 }),
      (above, below, most) => {
        const layers = [...above.map(sorted), sorted(below).filter(({ text }) => text !== undefined)];
        const wanted = [...mergeRows(layers)].filter(({ text }) => text !== undefined);
        const lines = Buffer.concat([...mergeLines(layers.map((rows) => pieces(rows, most)))]);
        const found: Row[] = [];
        for (let at = 0; at < lines.length; ) {
          const end = lineEnd(lines, at);
          const key = keyAt(lines, at, end);
          found.push({ key, text: lines.toString('utf8', at + key.length + 1, end) });
          at = end + 1;
        }
        expect(found).toEqual(wanted);
      },
    ),
    { numRuns: 500 },
  );
});
