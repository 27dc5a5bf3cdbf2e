import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyAt, lineEnd, packLines, type Row } from '../../src/core/catalog/row-lines.js';
import { PieceRanges, piecesOf } from '../../src/store/local/index/line-ranges.js';
import { MergedLines } from '../../src/store/local/index/merge-lines.js';
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

function rowsOf(lines: Buffer): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < lines.length; ) {
    const end = lineEnd(lines, at);
    const key = keyAt(lines, at, end);
    const text = at + key.length === end ? undefined : lines.toString('utf8', at + key.length + 1, end);
    rows.push({ key, text });
    at = end + 1;
  }
  return rows;
}

/** The same pieces in one buffer, which is overwritten each time. */
function* inOneBuffer(all: Iterable<Buffer>): Generator<Buffer> {
  const buffer = Buffer.alloc(64 * 1024);
  for (const piece of all) yield buffer.subarray(0, piece.copy(buffer.fill(0)));
}

it.each([true, false])(
  'lines of several sources are merged as their rows are, whatever pieces they come in (removed kept: %s)',
  (keepsRemoved) => {
    fc.assert(
      fc.property(fc.array(layer, { maxLength: 9 }), fc.integer({ min: 1, max: 8 }), (above, most) => {
        const layers = above.map(sorted);
        const wanted = [...mergeRows(layers)].filter(({ text }) => keepsRemoved || text !== undefined);
        const sources = layers.map((rows) => new PieceRanges(inOneBuffer(pieces(rows, most))));
        const merged = new MergedLines(sources, keepsRemoved);
        const found: Row[] = [];
        while (merged.next()) {
          found.push(...rowsOf(Buffer.from(merged.lines.subarray(merged.from, merged.to))));
        }
        expect(found).toEqual(wanted);
      }),
      { numRuns: 500 },
    );
  },
);

it('pieces of merged lines remain valid', () => {
  fc.assert(
    fc.property(fc.array(layer, { maxLength: 5 }), fc.integer({ min: 1, max: 8 }), (above, most) => {
      const layers = above.map(sorted);
      const sources = layers.map((rows) => new PieceRanges(pieces(rows, most)));
      const all = [...piecesOf(new MergedLines(sources, true))];
      expect(rowsOf(Buffer.concat(all))).toEqual([...mergeRows(layers)]);
    }),
  );
});
