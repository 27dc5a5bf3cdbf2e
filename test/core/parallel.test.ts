import { expect, it } from 'vitest';
import { parallel } from '../../src/core/parallel.js';

/** Tasks that end when they are told to. */
function tasks() {
  const ends = new Map<number, { resolve: () => void; reject: (e: Error) => void }>();
  const begun: number[] = [];
  const run = (n: number) => {
    begun.push(n);
    return new Promise<void>((resolve, reject) => ends.set(n, { resolve, reject }));
  };
  return {
    run,
    begun,
    end: (n: number) => ends.get(n)!.resolve(),
    fail: (n: number) => ends.get(n)!.reject(new Error(`${n}`)),
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('runs items in their order, so many at a time', async () => {
  const { run, begun, end } = tasks();
  const done = parallel([0, 1, 2, 3], run, 2);
  expect(begun).toEqual([0, 1]);
  end(1);
  await turn();
  expect(begun).toEqual([0, 1, 2]);
  for (const n of [0, 2]) end(n);
  await turn();
  end(3);
  await done;
});

it('begins nothing after a failure, and throws the first once all have ended', async () => {
  const { run, begun, end, fail } = tasks();
  let settled: unknown;
  const done = parallel([0, 1, 2, 3, 4], run, 3).catch((e) => {
    settled = e.message;
  });
  fail(1);
  await turn();
  expect([begun, settled]).toEqual([[0, 1, 2], undefined]);
  fail(0);
  await turn();
  expect([begun, settled]).toEqual([[0, 1, 2], undefined]);
  end(2);
  await done;
  expect([begun, settled]).toEqual([[0, 1, 2], '1']);
});
