import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { TablesDamaged } from '../../src/core/catalog/key-tables.js';
import { packLines, type Row } from '../../src/core/catalog/row-lines.js';
import { sha256 } from '../../src/core/objects/hash.js';
import { type BlockCompressor, type StoredBlock, storedBlock } from '../../src/fsx/compress-ahead.js';
import type { AheadBlock } from '../../src/fsx/read-ahead.js';
import { nodeIndex } from '../../src/fsx/sync-read-file.js';
import { LayeredTables } from '../../src/store/local/index/layered-tables.js';
import { PieceRanges, piecesOf } from '../../src/store/local/index/line-ranges.js';
import { MergedLines } from '../../src/store/local/index/merge-lines.js';
import { mergeRows } from '../../src/store/local/index/merge-rows.js';
import { Run } from '../../src/store/local/index/sorted-run.js';
import { BlocksAlone, encodeRun } from '../../src/store/local/index/sorted-run-format.js';

const ROWS = 10_000;
const BLOCK_BYTES = 16_384;
const keyOf = (table: string, n: number) => `${table}/${n.toString(16).padStart(6, '0')}`;

/** A run in memory, and how often a block of it was read. */
function makeRun(rows: readonly Row[], compress = true) {
  const pieces = encodeRun('run-0', new PieceRanges(packLines(rows)), new BlocksAlone(compress));
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
  expect(() => [...encodeRun('run-0', new PieceRanges(pieces()), new BlocksAlone(true))]).toThrow(
    'not in order',
  );
  rows[a] = { ...rows[a]!, key: keyOf('a', a) };
  rows[b] = { ...rows[b]!, key: rows[b - 1]!.key };
  expect(() => [...encodeRun('run-0', new PieceRanges(pieces()), new BlocksAlone(true))]).toThrow(
    'not in order',
  );
});

it('merges runs as their rows, block by block', () => {
  const even = rowsOf('a', 20).filter((_, n) => n % 2 === 0);
  const odd = rowsOf('a', 30).filter((_, n) => n % 2 === 1);
  const sources = [even, odd].map((rows) => new PieceRanges(makeRun(rows, rows === even).run.blocks()));
  const lines = Buffer.concat([...piecesOf(new MergedLines(sources, true))]);
  const wanted = [...even, ...odd].sort((a, b) => (a.key < b.key ? -1 : 1));
  expect(lines.toString()).toBe(Buffer.concat([...packLines(wanted)]).toString());
});

const dir = mkdtempSync(join(tmpdir(), 'hs-sorted-run-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** A block each, 16 groups. */
const LONG = 16 * 128;
const longRows: readonly Row[] = Array.from({ length: LONG }, (_, n) => ({
  key: keyOf('a', n),
  text: `"${`${n} `.padStart(5).repeat(n % 9 === 0 ? 8000 : 3400)}"`,
}));

function longRun(rows = longRows, compressor: BlockCompressor = new BlocksAlone(true)) {
  const pieces = encodeRun('run-long', new PieceRanges(packLines(rows)), compressor);
  const all: Buffer[] = [];
  let next = pieces.next();
  for (; !next.done; next = pieces.next()) all.push(next.value);
  return { bytes: Buffer.concat(all), fact: next.value };
}

/** Has every block until `most` are waiting, as one that compresses ahead. */
class BlocksLater implements BlockCompressor {
  readonly most: number;
  readonly #waiting: StoredBlock[] = [];

  constructor(most: number) {
    this.most = most;
  }

  give(text: Buffer): void {
    this.#waiting.push(storedBlock(text));
    if (this.#waiting.length > this.most) throw new Error('more than there is room for');
  }

  take(): StoredBlock {
    return this.#waiting.shift()!;
  }

  close(): void {}
}

it('a run is the same however many blocks are compressed at a time', () => {
  const [short, many] = [rowsOf('a', 600).slice(0, 300), longRows.slice(0, 300)];
  for (const rows of [[], short, ...[1, 127, 128, 129, 256, 300].map((n) => many.slice(0, n))]) {
    const wanted = longRun(rows);
    for (const most of [1, 2, 64, 200]) expect(longRun(rows, new BlocksLater(most))).toEqual(wanted);
    const { bytes, fact } = wanted;
    const read = (offset: number, length: number) => bytes.subarray(offset, offset + length);
    const open = () => ({ size: bytes.length, read, close: () => undefined });
    const run = Run.open({ open }, '', '', fact);
    for (const row of rows) expect(run.get(row.key)).toEqual(row);
  }
});

function digestOf(lines: Iterable<Buffer>): string {
  let all = '';
  for (const piece of lines) all += sha256(piece);
  return sha256(Buffer.from(all));
}

/** That run on a disk without a thread that reads ahead, or with one that has what `has` gives. */
function aheadOf(has?: (block: AheadBlock) => Buffer | undefined) {
  const { bytes, fact } = longRun();
  const told = { opened: 0, closed: 0, published: 0, handed: 0 };
  const read = (offset: number, length: number) => bytes.subarray(offset, offset + length);
  const readAhead = () => {
    told.opened++;
    const blocks: AheadBlock[] = [];
    let next = 0;
    return {
      publish: (more: readonly AheadBlock[]) => {
        blocks.push(...more);
        told.published += more.length;
      },
      next: () => {
        const text = has?.(blocks[next++]!);
        if (text !== undefined) told.handed++;
        return text;
      },
      close: () => {
        told.closed++;
      },
    };
  };
  const open = () => ({ size: bytes.length, read, close: () => undefined, ...(has && { readAhead }) });
  return { run: Run.open({ open }, '', '', fact), told, bytes };
}

it('a long scan gives the same with what was read ahead', () => {
  const { bytes, fact } = longRun();
  writeFileSync(join(dir, 'run-long'), bytes);
  const onDisk = Run.open(nodeIndex, dir, 'run-long', fact);
  const plain = aheadOf().run;
  for (const [prefix, after] of [
    ['', ''],
    ['a/', ''],
    ['a/', keyOf('a', 130)],
  ] as const) {
    expect(digestOf(onDisk.lines(prefix, after))).toBe(digestOf(plain.lines(prefix, after)));
    expect([...onDisk.rows(prefix, after)]).toEqual(longRows.filter(({ key }) => key > after));
  }
  onDisk.close();
});

it('a damaged block far in a long scan is found', () => {
  const { bytes, fact } = longRun();
  for (const part of [0.4, 0.6, 0.9]) {
    const damaged = Buffer.from(bytes);
    damaged[Math.floor(bytes.length * part)]! ^= 1;
    const name = `damaged-${part}`;
    writeFileSync(join(dir, name), damaged);
    const run = Run.open(nodeIndex, dir, name, fact);
    expect(() => digestOf(run.lines(''))).toThrow(TablesDamaged);
    expect(() => [...run.rows('')]).toThrow(TablesDamaged);
    run.close();
  }
});

it('each block of a scan is announced in its order, and read where nobody has it', () => {
  let n = 0;
  const { run, told, bytes } = aheadOf(({ offset, bytes: length }) =>
    n++ % 3 === 0 ? brotliDecompressSync(bytes.subarray(offset, offset + length)) : undefined,
  );
  expect(digestOf(run.lines(''))).toBe(digestOf(aheadOf().run.lines('')));
  expect(told).toEqual({ opened: 1, closed: 1, published: 14 * 128, handed: Math.ceil((14 * 128) / 3) });
});

it('nobody reads ahead of a scan that ends soon, and nobody goes on after one that is left', () => {
  const { run, told } = aheadOf(() => undefined);
  const take = (rows: Iterable<unknown>, most: number) => {
    for (const _ of rows) if (--most === 0) return;
  };
  take(run.rows('a/'), 200);
  take(run.lines('a/', keyOf('a', 8 * 128)), Number.POSITIVE_INFINITY);
  expect(told.opened).toBe(0);
  take(run.rows('a/'), 500);
  take(run.lines('a/'), 500);
  take(new LayeredTables([run, run]).lines('a/'), 500);
  take(mergeRows([run.rows('a/'), run.rows('a/')]), 500);
  expect(told).toMatchObject({ opened: 6, closed: 6 });
});

it('a run that was closed gives nothing that was read ahead', () => {
  const { run, told } = aheadOf(() => Buffer.from('a/0\t1\n'));
  const lines = run.lines('a/');
  for (let n = 0; n < 300; n++) lines.next();
  run.close();
  // Before the file, whose descriptor may soon be that of another one, and not when the scan goes on.
  expect(told).toMatchObject({ opened: 1, closed: 1 });
  expect(() => lines.next()).toThrow('read after it was closed');
  expect(told).toMatchObject({ opened: 1, closed: 1 });
});
