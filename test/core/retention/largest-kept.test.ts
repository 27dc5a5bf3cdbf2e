import fc from 'fast-check';
import { expect, it } from 'vitest';
import { judgeAll } from '../../../src/core/retention/planner.js';
import { toInput } from './over-columns.js';
import { randomStore } from './random-store.js';

it('lists all that goes and the largest of what stays, in order of id', () => {
  fc.assert(
    fc.property(randomStore, fc.integer({ min: 1, max: 12 }), (store, most) => {
      const all = judgeAll(toInput(store));
      const { bytes } = all.input.artifacts;
      const listed = [...all.withLargestKept(most)];
      expect(listed).toEqual([...all.rows].filter((row) => listed.includes(row)));
      for (const row of all.pruned) expect(listed).toContain(row);
      const kept = [...all.rows].filter((row) => !all.prunes(row)).map((row) => bytes[row]!);
      const shown = listed.filter((row) => !all.prunes(row)).map((row) => bytes[row]!);
      const descending = (a: number, b: number) => b - a;
      const whole = all.rows.length <= most;
      expect(shown.sort(descending)).toEqual(kept.sort(descending).slice(0, whole ? kept.length : most));
    }),
    { numRuns: 300 },
  );
});

it('lists what is asked for besides, once', () => {
  fc.assert(
    fc.property(randomStore, fc.integer({ min: 1, max: 4 }), fc.array(fc.nat(20)), (store, most, asked) => {
      const all = judgeAll(toInput(store));
      const besides = new Set(asked);
      const without = [...all.withLargestKept(most)];
      const expected = [...all.rows].filter((row) => without.includes(row) || besides.has(row));
      expect([...all.withLargestKept(most, besides)]).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});
