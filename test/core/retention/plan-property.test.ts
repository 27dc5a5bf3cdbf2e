import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ArtifactRecord } from '../../../src/core/catalog/artifact-record.js';
import { encodePlan } from '../../../src/core/retention/plan-file.js';
import type { PrunePlan } from '../../../src/core/retention/prune-plan.js';
import { freedBy, model, modelLoss, modelUntil } from './model.js';
import { planPrune, requestedPlan, restrictPlan } from './over-columns.js';
import { randomStore } from './random-store.js';
import type { RecordInput } from './store.js';
import { artifact, DAY, input, NOW, policyWith } from './store.js';

it('says of every artifact what the rules of D2, read one by one, say', () => {
  fc.assert(
    fc.property(randomStore, (store) => {
      const plan = planPrune(store);
      expect(Object.fromEntries(plan.items.map((i) => [i.artifact_id, i.rule]))).toEqual(
        Object.fromEntries(model(store)),
      );
    }),
    { numRuns: 3000 },
  );
});

it('says of every artifact until when, or since when, its rule decides', () => {
  fc.assert(
    fc.property(randomStore, (store) => {
      const records = new Map(store.artifacts.map((a) => [a.artifact_id, a]));
      for (const item of planPrune(store).items) {
        const until = modelUntil(store, records.get(item.artifact_id)!, item.rule);
        expect(item.until, item.rule).toBe(until === undefined ? undefined : new Date(until).toISOString());
      }
    }),
    { numRuns: 1000 },
  );
});

/** What a plan says of undoing it, against the naive model. */
function expectLoss(store: RecordInput, { header, items }: PrunePlan): void {
  const pruned = new Set(items.filter((i) => i.verdict === 'prune').map((i) => i.artifact_id as string));
  const { irreversible, atOnce } = modelLoss(store, (id) => pruned.has(id));
  expect(items.filter((i) => i.irreversible).map((i) => i.artifact_id)).toEqual(irreversible);
  expect(header.irreversible ?? 0).toBe(irreversible.length);
  expect(header.freed_at_once_bytes ?? 0).toBe(atOnce);
  expect(header.freed_bytes).toBe(freedBy(store, (id) => !pruned.has(id)));
}

it('says what nothing can bring back and what is free at once, of all, of a part, and of what is asked for', () => {
  const chosen = randomStore.chain((s) => fc.tuple(fc.constant(s), fc.subarray([...s.artifacts])));
  fc.assert(
    fc.property(chosen, fc.boolean(), ([store, some], purge) => {
      const plan = planPrune(store);
      expectLoss(store, plan);
      const ids = new Set(some.map((a) => a.artifact_id));
      const going = new Set(
        plan.items.filter((i) => i.verdict === 'prune' && ids.has(i.artifact_id)).map((i) => i.artifact_id),
      );
      expectLoss(store, restrictPlan(store, going));
      const asked = { ...store, purge };
      expectLoss(asked, requestedPlan(asked, ids));
    }),
    { numRuns: 1000 },
  );
});

it('accounts for every artifact and every byte once', () => {
  fc.assert(
    fc.property(randomStore, (store) => {
      const { header, items } = planPrune(store);
      const pruned = new Set(items.filter((i) => i.verdict === 'prune').map((i) => i.artifact_id as string));
      expect(header.scanned).toBe(store.artifacts.length);
      expect(header.pruned + header.spared + header.failed).toBe(header.scanned);
      expect(header.freed_bytes).toBe(freedBy(store, (id) => !pruned.has(id)));
      expect(header.stored_bytes).toBe(freedBy(store, () => false));
      const left = header.stored_bytes - header.freed_bytes;
      expect(header.quota_unmet_bytes ?? 0).toBe(Math.max(0, left - (header.quota_bytes ?? left)));
    }),
  );
});

it('gives the same bytes whatever order the artifacts are listed in', () => {
  fc.assert(
    fc.property(
      randomStore.chain((s) =>
        fc.tuple(fc.constant(s), fc.shuffledSubarray([...s.artifacts], { minLength: s.artifacts.length })),
      ),
      ([store, shuffled]) => {
        expect(
          encodePlan(planPrune({ ...store, artifacts: shuffled })).equals(encodePlan(planPrune(store))),
        ).toBe(true);
      },
    ),
  );
});

it('prunes nothing more once what it prunes is gone', () => {
  fc.assert(
    fc.property(randomStore, (store) => {
      const first = planPrune(store);
      const isKept = ({ artifact_id: id }: ArtifactRecord) =>
        first.items.find((x) => x.artifact_id === id)!.verdict === 'keep';
      const artifacts = store.artifacts.filter(isKept);
      const removed = [...store.removed, ...store.artifacts.filter((a) => !isKept(a))];
      const second = planPrune({ ...store, artifacts, removed });
      expect(second.items.filter((i) => i.verdict === 'prune')).toEqual([]);
    }),
  );
});

it('plans 100,000 artifacts, half of them over, in a list of that length', () => {
  const artifacts = Array.from({ length: 100_000 }, (_, n) =>
    artifact(n, { name: `series-${n % 5000}`, registered: NOW - (n % 2) * 40 * DAY }),
  );
  const { header } = planPrune(input(artifacts, { policy: policyWith({}) }));
  expect(header).toMatchObject({ scanned: 100_000, pruned: 2500 * 17, failed: 0 });
});
