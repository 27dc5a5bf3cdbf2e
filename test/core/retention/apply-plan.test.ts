import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toTimestamp } from '../../../src/core/objects/ids.js';
import { checkApplicable, type PlanTarget } from '../../../src/core/retention/apply-plan.js';
import { freedBy } from './model.js';
import { intersect, planPrune, requestedPlan, restrictPlan } from './over-columns.js';
import { randomStore } from './random-store.js';
import { artifact, DAY, idOf, input, NOW, objectIdOf, pin } from './store.js';

const old = { created: NOW - 50 * DAY, registered: NOW - 50 * DAY };

describe('a saved plan', () => {
  const saved = planPrune(input([artifact(1, old), artifact(2, old), artifact(3, old), artifact(4)]));

  it('spares what was pinned after it was made, and says by which rule', () => {
    const fresh = input([artifact(1, old), artifact(2, { ...old, pins: [pin()] }), artifact(3, old)]);
    const { remove, sparedSince, gone } = intersect(saved, fresh);
    expect([...remove]).toEqual([idOf(1), idOf(3)]);
    expect(sparedSince.map((i) => [i.artifact_id, i.rule])).toEqual([[idOf(2), 'pinned']]);
    expect(gone).toEqual([]);
  });

  it('never takes more than it showed: what has expired since stays, as unlisted', () => {
    const now = input([artifact(1, old), artifact(4, old)]);
    const { remove, gone } = intersect(saved, now);
    expect(gone).toEqual([idOf(2), idOf(3)]);
    const applied = restrictPlan(now, remove);
    expect(applied.items.map((i) => i.rule)).toEqual(['window_expired', 'unlisted']);
    expect(applied.header).toMatchObject({ scanned: 2, pruned: 1, spared: 1, freed_bytes: 110 });
  });

  it('counts again what is freed when something that shares stays', () => {
    fc.assert(
      fc.property(randomStore, fc.nat(), (store, mask) => {
        const fresh = planPrune(store);
        const some = fresh.items.filter((i, k) => i.verdict === 'prune' && (mask >> (k % 30)) & 1);
        const remove = new Set(some.map((i) => i.artifact_id));
        const { header } = restrictPlan(store, remove);
        expect(header.pruned).toBe(remove.size);
        expect(header.freed_bytes).toBe(freedBy(store, (id) => !remove.has(id as never)));
        expect(header.pruned + header.spared + header.failed).toBe(header.scanned);
      }),
    );
  });

  const target: PlanTarget = {
    storeId: saved.header.store_id,
    head: { seq: 1005 },
    policyId: saved.header.policy_hash,
    clock: toTimestamp(NOW),
    hashAt: () => objectIdOf('head'),
  };
  it.each<[string, Partial<PlanTarget>, string]>([
    ['another store', { storeId: '00000000-0000-4000-8000-000000000002' }, 'for store'],
    ['another policy', { policyId: objectIdOf('other') }, 'policy changed'],
    ['a position to come', { head: { seq: 999 } }, 'position 1000, but this store is at 999'],
    ['another history', { hashAt: () => objectIdOf('other') }, 'ledger entry 1000 is not the one'],
    ['a time to come', { clock: toTimestamp(NOW - 1) }, 'is in the future'],
    ['a second time', { appliedAt: 1003 }, 'already applied by ledger entry 1003'],
  ])('is refused as stale for %s', (_, change, message) => {
    expect(() => checkApplicable(saved.header, target)).not.toThrow();
    const refused = () => checkApplicable(saved.header, { ...target, ...change });
    expect(refused).toThrow(message);
    expect(refused).toThrow(expect.objectContaining({ code: 'PLAN_STALE' }) as Error);
  });
});

describe('the plan of what was asked for by id', () => {
  const store = input([
    artifact(1, { retention_ttl_days: 90 }),
    artifact(2, { pins: [pin()] }),
    artifact(3, { layer: 'L1' }),
    artifact(4, { content_hash: objectIdOf('payload 1') }),
    artifact(5, { pins: [pin(NOW)] }),
  ]);

  it('removes whatever its age, but nothing that is pinned or frozen', () => {
    const { items } = requestedPlan(store, new Set([1, 2, 3, 5, 77].map(idOf)));
    expect(items.map((i) => `${i.verdict} ${i.rule}`)).toEqual([
      'prune requested',
      'keep pinned',
      'keep frozen',
      'prune requested',
    ]);
  });

  it('counts the bytes that really go: not those of a payload that another artifact shares', () => {
    expect(requestedPlan(store, new Set([idOf(1)])).header.freed_bytes).toBe(10);
    expect(requestedPlan(store, new Set([idOf(1), idOf(4)])).header.freed_bytes).toBe(120);
  });
});
