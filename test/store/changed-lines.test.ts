import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Row } from '../../src/core/catalog/row-lines.js';
import { ChangedLines } from '../../src/store/local/index/changed-lines.js';
import { piecesOf } from '../../src/store/local/index/line-ranges.js';

const key = fc.nat(30).map((n) => `${'an'[n % 2]}/${n}`);
const change = fc.record({
  key,
  text: fc.option(
    fc.string({ unit: 'grapheme', maxLength: 3000 }).map((t) => JSON.stringify(t)),
    { nil: undefined },
  ),
  isDeleted: fc.boolean(),
});

it('changed rows are as in a map, however often each changes, and a copy stays as it was', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), fc.nat(200), key, (changes, copiedAt, after) => {
      const model = new Map<string, Row>();
      let lines = new ChangedLines();
      let old: { readonly lines: ChangedLines; readonly rows: readonly Row[] } | undefined;
      const modelled = () => [...model.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
      for (const [n, { isDeleted, ...row }] of changes.entries()) {
        if (n === copiedAt) {
          old = { lines, rows: modelled() };
          lines = lines.fork();
          // The other one goes on too.
          old.lines.put({ key: 'z', text: '"other"' });
        }
        if (isDeleted) {
          lines.delete(row.key);
          model.delete(row.key);
        } else {
          lines.put(row);
          model.set(row.key, row);
        }
        expect(lines.row(row.key)).toEqual(model.get(row.key));
      }
      expect([...lines.rows('')]).toEqual(modelled());
      expect(lines.size).toBe(model.size);
      const some = modelled().filter((row) => row.key.startsWith('n/') && row.key > after);
      expect([...lines.rows('n/', after)]).toEqual(some);
      const text = some.map((row) => (row.text === undefined ? `${row.key}\n` : `${row.key}\t${row.text}\n`));
      expect(Buffer.concat([...piecesOf(lines.ranges('n/', after))]).toString()).toBe(text.join(''));
      if (old !== undefined)
        expect([...old.lines.rows('')]).toEqual([...old.rows, { key: 'z', text: '"other"' }]);
    }),
    { numRuns: 200 },
  );
});

it('a row that changes again and again takes no more room', () => {
  const lines = new ChangedLines();
  const text = JSON.stringify('x'.repeat(1000));
  for (let n = 0; n < 10_000; n++) lines.put({ key: `a/${n % 10}`, text });
  expect(lines.bytes).toBeLessThan(200_000);
});
