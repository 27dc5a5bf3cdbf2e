import { stripVTControlCharacters } from 'node:util';
import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bar } from '../../src/cli/text/bar.js';
import { guardBytes, guardLine, guardText, safeJson } from '../../src/cli/text/escape-for-terminal.js';
import { humanAge, humanSpan } from '../../src/cli/text/human-age.js';
import { colourStyle, plainStyle } from '../../src/cli/text/style.js';
import { type Column, fields, table } from '../../src/cli/text/table.js';
import type { View } from '../../src/cli/text/view.js';
import { cutTo, displayWidth, pad, wrap } from '../../src/cli/text/width.js';
import { escapeText } from '../../src/core/text/escape-control.js';
import { counted, humanSize } from '../../src/core/text/human.js';
import { didYouMean } from '../../src/core/text/suggest.js';

const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/u;
const VECTORS = [
  '\x1b[2J',
  '\x1b]0;title\x07',
  '\x1bP+q\x1b\\',
  '\x9b2J',
  '\x90q\x9c',
  '\r',
  '\b\b',
  '\x7f',
  '\x00',
  '\u202e',
  '\u2066',
  '\u200b',
  '\u200d',
  '\u2028',
  '\u2029',
  '\ufeff',
  '\ud800',
  '\ue000',
  '\u{e0041}',
  '\u{10ffff}',
  '\u061c',
  '\u00ad',
];

describe('control sequences', () => {
  it.each(VECTORS)('%j is shown escaped by every writer', (vector) => {
    for (const write of [
      escapeText,
      guardLine,
      (s: string) => guardText(s, true),
      (s: string) => guardText(s, false),
    ]) {
      expect(write(`a${vector}b`)).not.toMatch(UNSAFE);
    }
    expect(guardBytes(Buffer.from(`a${vector}b`))).not.toMatch(UNSAFE);
  });

  it('never remain, in any string', () => {
    assert(
      property(string({ unit: 'binary' }), (s) => {
        expect(guardLine(s)).not.toMatch(UNSAFE);
        expect(guardText(s, false).replace(/[\n\t]/g, '')).not.toMatch(UNSAFE);
        expect(safeJson(s)).not.toMatch(UNSAFE);
        expect(JSON.parse(safeJson(s))).toBe(s);
      }),
    );
  });

  it('lets colours pass only where hs colours, and nothing longer', () => {
    expect(guardText('\x1b[31mred\x1b[0m', true)).toBe('\x1b[31mred\x1b[0m');
    expect(guardText('\x1b[31mred', false)).toBe('\\x1b[31mred');
    expect(guardText('\x1b[31;1H', true)).toBe('\\x1b[31;1H');
  });
});

const view: View = {
  text: escapeText,
  style: plainStyle,
  width: 80,
  terminal: true,
  unicode: true,
  quiet: false,
  verbose: false,
  now: 0,
};
interface Row {
  readonly name: string;
  readonly size: number;
}
const columns: readonly Column<Row>[] = [
  { head: 'NAME', value: (r) => r.name, shrinks: true },
  { head: 'SIZE', value: (r) => humanSize(r.size), align: 'right' },
  { head: 'KIND', value: () => 'file' },
];

describe('tables', () => {
  it('align wide, combining and escaped names', () => {
    const rows = ['报告', 'e\u0301te\u0301', 'a\x1b[2Jb', '👩‍🚀', 'x'].map((name) => ({ name, size: 2048 }));
    const lines = table(columns, rows, view).split('\n');
    expect(new Set(lines.slice(1).map((l) => displayWidth(l))).size).toBe(1);
    expect(lines[0]).toMatch(/^NAME +SIZE {2}KIND$/);
    expect(lines.join('')).not.toMatch(UNSAFE);
  });

  it('cut the widest column to fit the terminal, and nothing on a pipe', () => {
    const rows = [{ name: 'n'.repeat(255), size: 1 }];
    const narrow = table(columns, rows, { ...view, width: 40 });
    expect(Math.max(...narrow.split('\n').map(displayWidth))).toBe(40);
    expect(narrow).toContain('…');
    expect(table(columns, rows, { ...view, width: 40, unicode: false })).toContain('~');
    expect(table(columns, rows, { ...view, width: 40, terminal: false })).toContain('n'.repeat(255));
  });

  it('colour a cell and nothing of the row', async () => {
    const { id } = await colourStyle();
    const painted = columns.map((c) => ({ ...c, paint: id }));
    const text = table(painted, [{ name: 'report', size: 1 }], { ...view, quiet: true });
    expect(stripVTControlCharacters(text)).toBe('report  1 B  file');
    expect(text).not.toBe(stripVTControlCharacters(text));
  });

  it('stand on a terminal of 20 columns', () => {
    expect(table(columns, [{ name: 'report', size: 1 }], { ...view, width: 20 })).toContain('report');
  });

  it('drawn in parts have one heading and the widths of the first part, and lose nothing on a pipe', () => {
    const rows = ['first', 'second', 'a name that is longer'].map((name) => ({ name, size: 1 }));
    const pipe = { ...view, terminal: false, layout: {} };
    const [first, second] = [rows.slice(0, 2), rows.slice(2)].map((part) => table(columns, part, pipe));
    expect(first).toBe(table(columns, rows.slice(0, 2), { ...view, terminal: false }));
    expect(second).toBe('a name that is longer   1 B  file');
    const terminal = { ...view, layout: {} };
    table(columns, rows.slice(0, 2), terminal);
    expect(table(columns, rows.slice(2), terminal)).toBe('a nam…   1 B  file');
  });

  it('have no heading with --quiet and no lines without rows', () => {
    expect(table(columns, [{ name: 'a', size: 1 }], { ...view, quiet: true })).toBe('a  1 B  file');
    expect(table(columns, [], view)).toBe('');
  });

  it('align fields and omit missing ones', () => {
    expect(
      fields(
        [
          ['id', 'x'],
          ['name', undefined],
          ['content', 'y'],
        ],
        view,
      ),
    ).toBe('id       x\ncontent  y');
  });
});

describe('widths', () => {
  it('cut between grapheme clusters', () => {
    expect(cutTo('报告报告', 5)).toBe('报告…');
    expect(cutTo('abc', 3)).toBe('abc');
    expect(cutTo('abcd', 1)).toBe('…');
    expect(cutTo('abcd', 0)).toBe('');
    expect(displayWidth(cutTo('e\u0301'.repeat(9), 4))).toBe(4);
  });

  it('pad and wrap by columns', () => {
    expect(pad('报', 4)).toBe('报  ');
    expect(pad('x', 3, 'right')).toBe('  x');
    expect(wrap('one two  three', 7)).toEqual(['one two', 'three']);
  });
});

describe('human forms', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [10 * 1024, '10 KiB'],
    [1023 * 1024, '1.0 MiB'],
    [5 * 2 ** 30, '5.0 GiB'],
  ])('%d bytes are %s', (bytes, text) => expect(humanSize(bytes)).toBe(text));

  it.each([
    [0, 'now'],
    [1000, '1 second ago'],
    [90_000, '1 minute ago'],
    [3 * 86_400_000, '3 days ago'],
    [13 * 86_400_000, '13 days ago'],
    [14 * 86_400_000, '2 weeks ago'],
    [-7_200_000, 'in 2 hours'],
    [400 * 86_400_000, '1 year ago'],
  ])('%d ms before now is %s', (ms, text) => expect(humanAge(1e12, 1e12 + ms)).toBe(text));

  it('count with the right plural and draw shares with and without Unicode', () => {
    expect([counted(1, 'file'), counted(0, 'file'), counted(2, 'entry', 'entries')]).toEqual([
      '1 file',
      '0 files',
      '2 entries',
    ]);
    expect(humanSpan(59_999)).toBe('59 seconds');
    expect([bar(0.5, 4, true), bar(0.5, 4, false), bar(2, 4, false), bar(Number.NaN, 2, false)]).toEqual([
      '██  ',
      '##..',
      '####',
      '..',
    ]);
  });
});

describe('did you mean', () => {
  it.each([
    ['exprot', 'export'],
    ['unpn', 'unpin'],
    ['hash-objct', 'hash-object'],
    ['--jsno', '--json'],
  ])('%s is taken for %s', (typed, meant) =>
    expect(didYouMean(typed, ['export', 'unpin', 'hash-object', '--json', 'ls'])).toBe(meant),
  );

  it('says nothing when nothing is near', () => {
    expect(didYouMean('frobnicate', ['export', 'ls'])).toBeUndefined();
    expect(didYouMean('a', ['ls'])).toBeUndefined();
  });
});
