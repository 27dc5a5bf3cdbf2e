import { expect, it } from 'vitest';
import { packLines, type Row } from '../../src/core/catalog/row-lines.js';
import { PieceRanges, piecesOf } from '../../src/store/local/index/line-ranges.js';
import { MergedLines } from '../../src/store/local/index/merge-lines.js';
import { Run } from '../../src/store/local/index/sorted-run.js';
import { encodeRun } from '../../src/store/local/index/sorted-run-format.js';

const ROWS = 10_000;
const BLOCK_BYTES = 16_384;
const keyOf = (table: string, n: number) => `${table}/${n.toString(16).padStart(6, '0')}`;

/** A run in memory, and how often a block of it was read. */
function makeRun(rows: readonly Row[], compress = true) {
  const pieces = encodeRun('run-0', new PieceRanges(packLines(rows)), compress);
  const all: Buffer[] = [];
  let next = pieces.next();
  for (; !next.done; next = pieces.next()) all.push(next.value);
  const bytes = Buffer.concat(all);
  let reads = 0;
  const open = () => ({
    size: bytes.length,
    read: (offset: number, length: number) => {
      reads++;
      return bytes.subarray(offset, offset + length);
    },
    close: () => undefined,
  });
  const run = Run.open({ open }, '', '', next.value);
  return { run, reads: () => reads, bytes: bytes.length };
}

const rowsOf = (table: string, width: number): Row[] =>
  Array.from({ length: ROWS }, (_, n) => ({ key: keyOf(table, n), text: `"${n}${'x'.repeat(width)}"` }));

it.each([true, false])('finds every key of a run, and none that it lacks (compressed: %s)', (compress) => {
  const rows = rowsOf('a', 20).map((row, n) => (n % 7 === 0 ? { ...row, text: undefined } : row));
  const { run } = makeRun(rows, compress);
  for (const row of rows) expect(run.get(row.key)).toEqual(row);
  for (const key of ['a', 'a/', keyOf('a', ROWS), `${keyOf('a', 5)}0`, 'b/'])
    expect(run.get(key)).toBeUndefined();
});

it('reads each block of a table once when keys in order are looked up with keys in none', () => {
  const { run, reads } = makeRun([...rowsOf('a', 1600), ...rowsOf('i', 600)]);
  const before = reads();
  // 7919 is coprime to the number of rows: each key once.
  for (let n = 0; n < ROWS; n++) {
    run.get(keyOf('i', (n * 7919) % ROWS));
    run.get(keyOf('a', n));
  }
  const blocks = (ROWS * (1620 + 620)) / BLOCK_BYTES;
  expect(reads() - before).toBeLessThan(1.2 * blocks);
});

it('gives the lines of a table, and those after a key, as its rows', () => {
  const rows = rowsOf('i', 20);
  const { run } = makeRun([...rowsOf('a', 300), ...rows, { key: 'm', text: '1' }]);
  for (const after of ['', keyOf('i', 0), keyOf('i', 4321), keyOf('i', ROWS - 1)]) {
    const wanted = rows.filter(({ key }) => key > after).map(({ key, text }) => `${key}\t${text}\n`);
    expect(Buffer.concat([...run.lines('i/', after)]).toString()).toBe(wanted.join(''));
    expect([...run.rows('i/', after)]).toEqual(rows.filter(({ key }) => key > after));
  }
});

it.each([
  ['next to each other', 5, 6],
  ['in two pieces', 99, 100],
  ['in two blocks', 5, 2000],
  ['in two groups', 5, ROWS - 1],
])('makes no run of rows %s that are out of order', (_, a, b) => {
  const rows = rowsOf('a', 600);
  [rows[a], rows[b]] = [rows[b]!, rows[a]!];
  function* pieces() {
    for (let at = 0; at < ROWS; at += 100) yield* packLines(rows.slice(at, at + 100));
  }
  expect(() => [...encodeRun('run-0', new PieceRanges(pieces()), true)]).toThrow('not in order');
  rows[a] = { ...rows[a]!, key: keyOf('a', a) };
  rows[b] = { ...rows[b]!, key: rows[b - 1]!.key };
  expect(() => [...encodeRun('run-0', new PieceRanges(pieces()), true)]).toThrow('not in order');
});

it('merges runs as their rows, block by block', () => {
  const even = rowsOf('a', 20).filter((_, n) => n % 2 === 0);
  const odd = rowsOf('a', 30).filter((_, n) => n % 2 === 1);
  const sources = [even, odd].map((rows) => new PieceRanges(makeRun(rows, rows === even).run.blocks()));
  const lines = Buffer.concat([...piecesOf(new MergedLines(sources, true))]);
  const wanted = [...even, ...odd].sort((a, b) => (a.key < b.key ? -1 : 1));
  expect(lines.toString()).toBe(Buffer.concat([...packLines(wanted)]).toString());
});
