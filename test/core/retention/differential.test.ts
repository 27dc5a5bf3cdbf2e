import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PrunePlan } from '../../../src/core/retention/prune-plan.js';
import * as columns from './over-columns.js';
import * as applyPlain from './plain/apply-plan.js';
import * as plain from './plain/planner.js';
import * as requested from './plain/requested-plan.js';
import { randomStore } from './random-store.js';

/** Without what the plain planner does not say. */
function ofBoth({ header, items }: PrunePlan): PrunePlan {
  const { schema: _, rules: __, kept_hash: ___, ...rest } = header;
  return { header: rest as PrunePlan['header'], items };
}

const some = randomStore.chain((store) =>
  fc.tuple(fc.constant(store), fc.subarray(store.artifacts.map((a) => a.artifact_id)), fc.boolean()),
);

it('judges over columns as the plain planner judges over records: verdicts, reasons, times, bytes and order', () => {
  fc.assert(
    fc.property(randomStore, (store) => {
      expect(ofBoth(columns.planPrune(store))).toEqual(ofBoth(plain.planPrune(store)));
    }),
    { numRuns: 1500 },
  );
});

it('removes of a plan, and of what was asked for, what the plain one removes', () => {
  fc.assert(
    fc.property(some, ([store, ids, purge]) => {
      const asked = { ...store, purge };
      const wanted = new Set(ids);
      expect(ofBoth(columns.requestedPlan(asked, wanted))).toEqual(
        ofBoth(requested.requestedPlan(asked, wanted)),
      );
      const plan = plain.planPrune(store);
      const going = new Set(
        plan.items
          .filter((i) => i.verdict === 'prune' && wanted.has(i.artifact_id))
          .map((i) => i.artifact_id),
      );
      expect(ofBoth(columns.restrictPlan(store, going))).toEqual(
        ofBoth(applyPlain.restrictPlan(store, plan, going)),
      );
    }),
    { numRuns: 500 },
  );
});

it('keeps of a saved plan what the plain one keeps', () => {
  fc.assert(
    fc.property(randomStore, randomStore, (before, after) => {
      const saved = plain.planPrune(before);
      const { remove, sparedSince, gone } = applyPlain.intersect(saved, plain.planPrune(after));
      const found = columns.intersect(saved, after);
      expect(found.remove).toEqual(remove);
      expect(found.gone).toEqual(gone);
      expect(found.sparedSince).toEqual(sparedSince.map(({ artifact_id, rule }) => ({ artifact_id, rule })));
    }),
    { numRuns: 500 },
  );
});
