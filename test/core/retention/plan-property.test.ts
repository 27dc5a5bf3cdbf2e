import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodePlan } from '../../../src/core/plan-file.js';
import { planPrune } from '../../../src/core/plan-prune.js';
import type { ArtifactRecord } from '../../../src/core/record.js';
import { freedBy, model } from './model.js';
import { randomStore } from './random-store.js';
import { artifact, DAY, input, NOW, policyWith } from './store.js';

it('says of every artifact what the rules of D2, read one by one, say', () => {
  fc.assert(
    fc.property(randomStore, (store) => {
      const plan = planPrune(store);
      expect(Object.fromEntries(plan.items.map((i) => [i.artifact_id, i.rule]))).toEqual(
        Object.fromEntries(model(store)),
      );
    }),
    { numRuns: 500 },
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
