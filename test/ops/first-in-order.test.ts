import { expect, it, vi } from 'vitest';
import { firstInOrder } from '../../src/ops/inspect/first-in-order.js';
import { Rng } from '../sim/rng.js';

async function* each<T>(items: readonly T[]) {
  yield* items;
}

it.each([0, 1, 1023, 1024, 5000])('the first of %i items are those of all of them sorted', async (count) => {
  const rng = new Rng(count + 1);
  const items = Array.from({ length: count }, (_, n) => ({ key: rng.below(count / 4 + 1), n }));
  const order = (a: { key: number; n: number }, b: { key: number; n: number }) => a.key - b.key || a.n - b.n;
  const sorted = [...items].sort(order);
  for (const most of [1, 2, 50, 1500, undefined]) {
    expect(await firstInOrder(each(items), order, most)).toEqual(sorted.slice(0, most));
  }
});

it('holds no more than twice the first of them, and 1,024', async () => {
  const original = Array.prototype.sort;
  const held: number[] = [];
  const spy = vi.spyOn(Array.prototype, 'sort').mockImplementation(function (this: unknown[], by) {
    held.push(this.length);
    return original.call(this, by);
  });
  try {
    const items = Array.from({ length: 20_000 }, (_, n) => n);
    expect(await firstInOrder(each(items), (a, b) => b - a, 5)).toEqual([
      19_999, 19_998, 19_997, 19_996, 19_995,
    ]);
  } finally {
    spy.mockRestore();
  }
  expect(held.length).toBeGreaterThan(10);
  expect(Math.max(...held)).toBe(2 * 5 + 1024);
});
