import { expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import { IdTable } from '../../src/core/objects/id-table.js';

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
