import { describe, expect, it } from 'vitest';
import type { ArtifactRecord } from '../../../src/core/catalog/artifact-record.js';
import { planPrune } from './over-columns.js';
import {
  artifact,
  DAY,
  HOUR,
  idOf,
  input,
  NO_FLOORS,
  NOW,
  objectIdOf,
  pin,
  plainObjects,
  policyWith,
} from './store.js';

function verdictOf(a: ArtifactRecord, others: ArtifactRecord[] = [], policy = NO_FLOORS) {
  const item = planPrune(input([a, ...others], { policy })).items.find(
    (i) => i.artifact_id === a.artifact_id,
  )!;
  return `${item.verdict} ${item.rule}`;
}

const old = { created: NOW - 100 * DAY, registered: NOW - 100 * DAY };

describe('the rules of D2 in their order', () => {
  it('keeps what is pinned, whatever else is over, until the millisecond its last pin ends', () => {
    const secret = { ...old, kind: 'prompt_payload', retention_ttl_days: 1 } as const;
    expect(verdictOf(artifact(1, { ...secret, pins: [pin()] }))).toBe('keep pinned');
    expect(verdictOf(artifact(1, { ...secret, pins: [pin(NOW + 1)] }))).toBe('keep pinned');
    expect(verdictOf(artifact(1, { ...secret, pins: [pin(NOW)] }))).toBe('prune sensitive_ttl');
    expect(verdictOf(artifact(1, { ...secret, pins: [pin(NOW, 'a'), pin(NOW + 1, 'b')] }))).toBe(
      'keep pinned',
    );
  });

  it('names the pins that hold, not those that are over', () => {
    const plan = planPrune(input([artifact(1, { pins: [pin(NOW, 'over'), pin(NOW + 1, 'holds')] })]));
    expect(plan.items[0]).toMatchObject({ pins: ['holds'], until: '2026-06-01T00:00:00.001Z' });
  });

  it('keeps L1 whatever its age and classification', () => {
    expect(verdictOf(artifact(1, { ...old, layer: 'L1', classification: 'high' }))).toBe('keep frozen');
  });

  it('prunes what is high or a prompt payload from the millisecond its TTL is over', () => {
    for (const sensitive of [{ classification: 'high' }, { kind: 'prompt_payload' }] as const) {
      const at = (created: number) => artifact(1, { ...sensitive, retention_ttl_days: 2, created });
      expect(verdictOf(at(NOW - 2 * DAY))).toBe('prune sensitive_ttl');
      expect(verdictOf(at(NOW - 2 * DAY + 1))).toBe('keep within_ttl');
    }
  });

  it('does not hold a sensitive source whose TTL is over', () => {
    const source = artifact(1, { ...old, classification: 'high', retention_ttl_days: 1 });
    expect(verdictOf(source, [artifact(2, { pins: [pin()], sources: [idOf(1)] })])).toBe(
      'prune sensitive_ttl',
    );
  });

  it('holds what lies behind a source that went by its TTL, also once that is gone', () => {
    const origin = artifact(1, old);
    const source = artifact(2, { ...old, classification: 'high', retention_ttl_days: 1, sources: [idOf(1)] });
    const user = artifact(3, { pins: [pin()], sources: [idOf(2)] });
    const before = planPrune(input([origin, source, user], { policy: NO_FLOORS }));
    expect(before.items.map((i) => i.rule)).toEqual(['held', 'sensitive_ttl', 'pinned']);
    const after = planPrune(input([origin, user], { policy: NO_FLOORS, removed: [source] }));
    expect(after.items.map((i) => i.rule)).toEqual(['held', 'pinned']);
  });

  it('holds the sources of a pinned artifact, and theirs, cycles included', () => {
    const first = artifact(1, { ...old, sources: [idOf(2)] });
    const second = artifact(2, { ...old, sources: [idOf(1)], retention_ttl_days: 1 });
    const user = artifact(3, { pins: [pin(NOW + 1)], sources: [idOf(2)] });
    expect(verdictOf(first, [second, user])).toBe('keep held');
    expect(verdictOf(second, [first, user])).toBe('keep held');
    expect(verdictOf(first, [second, { ...user, pins: [pin(NOW)] }])).toBe('prune window_expired');
  });

  it('says that a source is held until the last of the pins behind it ends', () => {
    const source = artifact(1, old);
    const users = [5, 9, 7].map((days, i) =>
      artifact(i + 2, { pins: [pin(NOW + days * DAY)], sources: [idOf(1)] }),
    );
    expect(planPrune(input([source, ...users])).items[0]!.until).toBe('2026-06-10T00:00:00.000Z');
  });

  it('holds no source where the policy says not to', () => {
    const policy = policyWith({ ...NO_FLOORS.retention, hold_sources: false });
    const user = artifact(2, { pins: [pin()], sources: [idOf(1)] });
    expect(verdictOf(artifact(1, old), [user], policy)).toBe('prune window_expired');
  });

  it('lets an explicit TTL decide before layer and class, counting from created_at', () => {
    const at = (created: number) =>
      artifact(1, { layer: 'L4', retention_ttl_days: 3, created, registered: NOW - 90 * DAY });
    expect(verdictOf(at(NOW - 3 * DAY + 1))).toBe('keep within_ttl');
    expect(verdictOf(at(NOW - 3 * DAY))).toBe('prune ttl_expired');
    expect(verdictOf(artifact(1, { retention_ttl_days: 0, created: NOW }))).toBe('prune ttl_expired');
  });

  it('gives L4 its hours, whatever its class and however few there are', () => {
    const at = (registered: number) => artifact(1, { layer: 'L4', registered });
    expect(verdictOf(at(NOW - 24 * HOUR + 1))).toBe('keep ephemeral_live');
    expect(verdictOf(at(NOW - 24 * HOUR), [], policyWith({}))).toBe('prune ephemeral');
  });

  it('counts a class window from the registration here, not from created_at', () => {
    expect(verdictOf(artifact(1, { created: NOW - 90 * DAY, registered: NOW - 30 * DAY + 1 }))).toBe(
      'keep within_window',
    );
    expect(verdictOf(artifact(1, { created: NOW - DAY, registered: NOW - 30 * DAY }))).toBe(
      'prune window_expired',
    );
    expect(verdictOf(artifact(1, { registered: NOW - 7 * DAY, retention_class: 'cache' }))).toBe(
      'prune window_expired',
    );
  });

  it('keeps and flags what is dated in the future, a TTL of zero notwithstanding', () => {
    const at = (created: number) => artifact(1, { classification: 'high', retention_ttl_days: 0, created });
    expect(verdictOf(at(NOW + 1))).toBe('keep future_dated');
    expect(verdictOf(at(NOW))).toBe('prune sensitive_ttl');
  });

  it('keeps what is damaged, counts it as failed, and still counts the bytes it shares', () => {
    const broken = artifact(1, { ...old, classification: 'high', retention_ttl_days: 1 });
    const sharing = artifact(2, { ...old, content_hash: broken.content_hash });
    const { header, items } = planPrune(
      input([broken, sharing], { objectsOf: (a) => ({ ...plainObjects(a), damaged: a === broken }) }),
    );
    expect(items.map((i) => i.rule)).toEqual(['damaged', 'window_expired']);
    expect(header).toMatchObject({ scanned: 2, pruned: 1, spared: 0, failed: 1, freed_bytes: 10 });
  });
});

describe('floors', () => {
  const expired = (n: number, change = {}) => artifact(n, { ...old, name: 'build', ...change });
  const kept = (artifacts: ArtifactRecord[]) =>
    planPrune(input(artifacts, { policy: policyWith({}) }))
      .items.filter((i) => i.rule === 'min_versions')
      .map((i) => Number.parseInt(i.artifact_id, 16));

  it('keeps the newest of a series by ledger position, not by date', () => {
    const series = [1, 2, 3, 4, 5].map((n) => expired(n, { created: NOW - n * DAY }));
    expect(kept(series)).toEqual([3, 4, 5]);
  });

  it('keeps all of a series that is no longer than its floor', () => {
    expect(kept([1, 2].map((n) => expired(n)))).toEqual([1, 2]);
  });

  it('goes by class and name, else filename hint, else kind', () => {
    const different = [
      expired(1),
      expired(2, { retention_class: 'log' }),
      expired(3, { filename_hint: 'other' }),
      artifact(4, { ...old, filename_hint: 'build' }),
      artifact(5, old),
      artifact(6, { ...old, kind: 'bundle' }),
    ];
    const crowd = different.flatMap((a, i) =>
      [10, 20].map((k) => ({ ...a, artifact_id: idOf(k + i), registered: { ...a.registered, seq: k + i } })),
    );
    // 1 and 3 share the series 'build' of class result: four in it beside 10, 20, 12 and 22.
    expect(kept([...different, ...crowd])).toEqual([2, 4, 5, 6, 11, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25]);
  });

  it('counts what is kept anyway, and not what an earlier rule prunes or what is damaged', () => {
    const within = expired(5, { registered: NOW });
    expect(kept([expired(1), expired(2), expired(3), expired(4), within])).toEqual([3, 4]);
    const over = expired(5, { retention_ttl_days: 1 });
    expect(kept([expired(1), expired(2), expired(3), expired(4), over])).toEqual([2, 3, 4]);
  });
});

describe('the quota', () => {
  const withQuota = (artifacts: ArtifactRecord[], quotaBytes: number, policy = NO_FLOORS) =>
    planPrune(input(artifacts, { quotaBytes, policy }));
  const pruned = (plan: ReturnType<typeof planPrune>) =>
    plan.items.filter((i) => i.rule === 'quota').map((i) => Number.parseInt(i.artifact_id, 16));

  it('takes nothing while the bytes are at the quota, and the first in order one byte above', () => {
    const two = [artifact(1), artifact(2)];
    expect(pruned(withQuota(two, 220))).toEqual([]);
    expect(pruned(withQuota(two, 219))).toEqual([1]);
  });

  it('takes cache, result, log, evidence, checkpoint in that order', () => {
    const classes = ['checkpoint', 'evidence', 'log', 'result', 'cache'] as const;
    const all = classes.map((retention_class, i) => artifact(i + 1, { retention_class }));
    const order = [5, 4, 3, 2, 1];
    for (let n = 0; n <= 5; n++) {
      expect(pruned(withQuota(all, 550 - n * 110))).toEqual(order.slice(0, n).sort());
    }
  });

  it('takes the oldest first by ledger position', () => {
    const all = [3, 1, 2].map((seq, i) => ({
      ...artifact(i + 1),
      registered: { ...artifact(seq).registered },
    }));
    expect(pruned(withQuota(all, 220))).toEqual([2]);
  });

  it('takes everything above the floors before it breaks one, whatever the class', () => {
    const caches = [1, 2, 3].map((n) => artifact(n, { retention_class: 'cache' }));
    const results = [4, 5, 6, 7].map((n) => artifact(n));
    const all = [...caches, ...results];
    expect(pruned(withQuota(all, 660, policyWith({})))).toEqual([4]);
    expect(pruned(withQuota(all, 550, policyWith({})))).toEqual([1, 4]);
  });

  it('counts only bytes that are really freed', () => {
    const shared = objectIdOf('shared');
    const all = [1, 2, 3].map((n) => artifact(n, { content_hash: shared }));
    const plan = withQuota([...all, artifact(4)], 219);
    // 130 shared (3 manifests, one payload) and 110: two manifests free 20, the last user 110 more.
    expect(pruned(plan)).toEqual([1, 2, 3]);
    expect(plan.items.map((i) => i.freed_bytes)).toEqual([10, 10, 110, 0]);
  });

  it('takes none of what another rule keeps, and says what is then missing', () => {
    const all = [
      artifact(1, { pins: [pin()] }),
      artifact(2, { retention_ttl_days: 9 }),
      artifact(3, { layer: 'L4', registered: NOW }),
      artifact(4),
    ];
    const { header } = withQuota(all, 50);
    expect(header).toMatchObject({
      pruned: 1,
      stored_bytes: 440,
      freed_bytes: 110,
      quota_bytes: 50,
      quota_unmet_bytes: 280,
    });
  });
});
