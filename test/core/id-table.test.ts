import { expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import { IdTable } from '../../src/core/objects/id-table.js';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import { TextTable } from '../../src/core/objects/text-table.js';
import { UuidTable } from '../../src/core/objects/uuid-table.js';

const idOf = (n: number) => sha256(Buffer.from(`object ${n}`));

it('a table of ids has each once, with its number, for any size', () => {
  const table = new IdTable();
  const ids = Array.from({ length: 5000 }, (_, n) => idOf(n));
  for (const [n, id] of ids.entries()) {
    expect(table.has(id)).toBe(false);
    expect(table.add(id)).toBe(n);
    expect(table.add(ids[n >> 1]!)).toBe(n >> 1);
  }
  expect(table.size).toBe(ids.length);
  expect([...table]).toEqual(ids);
  expect(ids.map((id) => table.numberOf(id))).toEqual(ids.map((_, n) => n));
  expect(table.numberOf(idOf(-1))).toBe(-1);
});

it('a table of ids distinguishes ids with a common prefix', () => {
  const table = new IdTable();
  const alike = Array.from({ length: 200 }, (_, n) => `${'a'.repeat(60)}${n.toString(16).padStart(4, '0')}`);
  const ids = alike as unknown as ReturnType<typeof idOf>[];
  for (const id of ids) table.add(id);
  expect([...table]).toEqual(ids);
  expect(ids.every((id, n) => table.numberOf(id) === n)).toBe(true);
});

it.each([0, 1, 127, 128, 1000])(
  'a table of ids knows %i that are had as bytes, wherever they begin',
  (count) => {
    const table = new IdTable();
    for (let n = 0; n < 500; n++) table.add(idOf(2 * n));
    const stride = 41;
    const bytes = Buffer.alloc(count * stride);
    for (let n = 0; n < count; n++) bytes.write(idOf(n), n * stride, 'hex');
    const expected = Array.from({ length: count }, (_, n) => (n % 2 === 0 ? n / 2 : -1));
    expect([...table.numbersOf({ bytes, stride, count })]).toEqual(expected);
  },
);

const uuidOf = (hex: string) =>
  hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5') as ArtifactId;

it('tables of ids read the digits that a text has', () => {
  const [ids, uuids] = [new IdTable(), new UuidTable()];
  for (let n = 0; n < 200; n++) {
    const [id, uuid] = [idOf(n), uuidOf(idOf(n))];
    const text = Buffer.from(`é${uuid}:${id}`, 'utf8');
    expect(ids.addAt(text, 39)).toBe(n);
    expect(uuids.addAt(text, 2)).toBe(n);
    expect([ids.at(n), ids.numberOf(id)]).toEqual([id, n]);
    expect([uuids.at(n), uuids.numberOf(uuid)]).toEqual([uuid, n]);
  }
});

it.each([
  ['random', (n: number) => idOf(n)],
  ['alike at first', (n: number) => `${'0'.repeat(16)}${idOf(n)}`],
  ['made one after the other', (n: number) => `018f${(n >> 6).toString(16).padStart(8, '0')}${idOf(n)}`],
])('a table tells the order of ids that are %s', (_, hexOf) => {
  const table = new UuidTable();
  const ids = Array.from({ length: 30_000 }, (__, n) => uuidOf(hexOf(n)));
  for (const id of ids) table.add(id);
  expect(Array.from(table.inOrder(), (row) => table.at(row))).toEqual([...ids].sort());
});

it('a table of texts has each once, with its number', () => {
  const table = new TextTable();
  const texts = Array.from({ length: 5000 }, (_, n) => Buffer.from(`ä${n % 2500}`.repeat(n % 3), 'utf8'));
  const known = new Map<string, number>();
  for (const [n, text] of texts.entries()) {
    const key = `${n % 2}${text.toString()}`;
    const number = table.add(n % 2, Buffer.concat([Buffer.from('x'), text]), 1, 1 + text.length);
    expect(number).toBe(known.get(key) ?? known.size);
    known.set(key, number);
  }
  expect(table.size).toBe(known.size);
});
