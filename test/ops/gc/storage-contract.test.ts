import { chmod, rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/core/objects/hash.js';
import { type ArtifactId, toTimestamp } from '../../../src/core/objects/ids.js';
import { encodePlan, planHash } from '../../../src/core/retention/plan-file.js';
import { applyRemoval, type RemovalRequest } from '../../../src/ops/gc/apply-removal.js';
import { makePlan } from '../../../src/ops/gc/make-plan.js';
import type { RetentionPort } from '../../../src/ops/gc/retention-port.js';
import { StoreRetention } from '../../../src/ops/gc/store-retention.js';
import { changePins } from '../../../src/ops/govern/pins.js';
import { artifact, pin } from '../../core/retention/store.js';
import { behind } from '../../helpers/store.js';
import { interceptDisk } from '../../sim/intercept-disk.js';
import { makeStore, putFile, type TestClock } from './helpers.js';
import { MemoryRetention } from './memory-retention.js';

/** A backend with the few things that a test does behind its back. */
interface Backend {
  readonly storage: RetentionPort;
  readonly clock: TestClock;
  add(ttl: number, options?: { readonly content?: string; readonly high?: boolean }): Promise<ArtifactId>;
  pin(id: ArtifactId): Promise<void>;
  damage(id: ArtifactId): Promise<void>;
  /** Does it in the middle of the next commit. */
  race(what: () => void | Promise<void>): void;
}

async function onDisk(): Promise<Backend> {
  const { session, clock, open } = await makeStore();
  let race: (() => void | Promise<void>) | undefined;
  const disk = interceptDisk(behind(session).disk, async (operation, path) => {
    if (race === undefined || operation !== 'link' || !path.includes('/ledger/')) return;
    const what = race;
    race = undefined;
    await what();
  });
  return {
    storage: new StoreRetention(await open({ disk }), { capability: 'retention.collect' }),
    clock,
    add: (ttl, { content, high } = {}) =>
      putFile(session, {
        ttl,
        ...(content === undefined ? {} : { content }),
        ...(high ? { classification: 'high' as const } : {}),
      }),
    pin: (id) => changePins(session, [{ change: 'pin', id, name: 'hold' }]),
    damage: async (id) => {
      const path = behind(session).layout.object((await (await session.catalog()).get(id))!.content_hash);
      await chmod(path, 0o600);
      await rm(path);
      await writeFile(path, '');
    },
    race: (what) => {
      race = what;
    },
  };
}

async function inMemory(): Promise<Backend> {
  const { TestClock: Clock } = await import('./helpers.js');
  const clock = new Clock();
  const storage = new MemoryRetention(clock);
  let n = 0;
  return {
    storage,
    clock,
    add: async (ttl, { content = `content ${n}`, high = false } = {}) => {
      const record = artifact(++n, {
        created: clock.ms,
        registered: clock.ms,
        retention_ttl_days: ttl,
        size_bytes: content.length,
        content_hash: sha256(Buffer.from(content)),
        classification: high ? 'high' : 'low',
      });
      storage.add(record, Buffer.from(content));
      return record.artifact_id;
    },
    pin: async (id) => storage.setPins(id, [pin()]),
    damage: async (id) => {
      storage.bytes.set(storage.live.get(id)!.content_hash, new Uint8Array());
    },
    race: (what) => {
      storage.race = what;
    },
  };
}

describe.each([
  ['a store on disk', onDisk],
  ['a store in memory', inMemory],
])('%s, as planner and applier see it', (_, make) => {
  const now = (clock: TestClock) => ({ now: () => toTimestamp(clock.ms) });
  const request = (clock: TestClock): RemovalRequest => ({
    ...now(clock),
    command: 'gc',
    report: '99999999-9999-4999-8999-999999999999' as ArtifactId,
    actor: { type: 'human', id: 'tester' },
    traceId: '88888888-8888-4888-8888-888888888888',
    systemMs: () => clock.ms,
  });
  const longPlan = async (storage: RetentionPort, clock: TestClock) =>
    (await makePlan(storage, now(clock))).plan(true);
  const ruleOf = async ({ storage, clock }: Backend, id: ArtifactId) =>
    (await longPlan(storage, clock)).items.find((i) => i.artifact_id === id)?.rule;

  it('gives the same plan for the same state and clock', async () => {
    const b = await make();
    await b.add(1);
    await b.add(3);
    b.clock.pass(2);
    const [one, two] = [await longPlan(b.storage, b.clock), await longPlan(b.storage, b.clock)];
    expect(encodePlan(one).equals(encodePlan(two))).toBe(true);
    expect(one.header).toMatchObject({ scanned: 2, pruned: 1 });
  });

  it('removes exactly what the plan prunes', async () => {
    const b = await make();
    const [over, kept] = [await b.add(1), await b.add(3)];
    b.clock.pass(2);
    const { plan, seq } = await applyRemoval(b.storage, request(b.clock));
    expect(plan.header).toMatchObject({ pruned: 1, spared: 1 });
    expect(seq).toBeDefined();
    expect(await ruleOf(b, over)).toBeUndefined();
    expect(await ruleOf(b, kept)).toBe('within_ttl');
  });

  it('commits nothing when there is nothing to remove', async () => {
    const b = await make();
    await b.add(3);
    expect((await applyRemoval(b.storage, request(b.clock))).seq).toBeUndefined();
  });

  it('lets a pin that comes first win', async () => {
    const b = await make();
    const id = await b.add(1);
    b.clock.pass(2);
    b.race(() => b.pin(id));
    expect((await applyRemoval(b.storage, request(b.clock))).seq).toBeUndefined();
    expect(await ruleOf(b, id)).toBe('pinned');
  });

  it('does not plan again after additions only', async () => {
    const b = await make();
    await b.add(1);
    b.clock.pass(2);
    const planned = (await b.storage.state()).head.seq;
    b.race(async () => {
      await b.add(5);
    });
    const { plan, seq } = await applyRemoval(b.storage, request(b.clock));
    expect(plan.header.head_seq).toBe(planned);
    expect(seq).toBe(planned + 2);
  });

  it('recognizes an applied plan', async () => {
    const b = await make();
    await b.add(1);
    b.clock.pass(2);
    const plan = await (await makePlan(b.storage, now(b.clock))).plan();
    const seen = { plan, hash: planHash(plan) };
    await applyRemoval(b.storage, { ...request(b.clock), seen });
    await expect(applyRemoval(b.storage, { ...request(b.clock), seen })).rejects.toThrow('already applied');
  });

  it('keeps damaged artifacts and counts them as failed', async () => {
    const b = await make();
    const [bad, good] = [await b.add(1), await b.add(1)];
    await b.damage(bad);
    b.clock.pass(2);
    const { plan } = await applyRemoval(b.storage, request(b.clock));
    expect(plan.header).toMatchObject({ scanned: 2, pruned: 1, failed: 1 });
    expect(await ruleOf(b, bad)).toBe('damaged');
    expect(await ruleOf(b, good)).toBeUndefined();
  });

  it('removes a damaged artifact that is named, and says that nothing brings it back', async () => {
    const b = await make();
    const [bad, good] = [await b.add(1), await b.add(1)];
    await b.damage(bad);
    const { plan, restorable, irreversible } = await applyRemoval(b.storage, {
      ...request(b.clock),
      command: 'rm',
      ids: new Set([bad, good]),
    });
    expect(plan.header).toMatchObject({ pruned: 2, irreversible: 1 });
    expect([restorable, irreversible]).toEqual([1, [bad]]);
  });

  it('frees bytes when the window ends, at once without one, and never shared ones', async () => {
    const b = await make();
    await b.add(1, { content: 'shared' });
    const holder = await b.add(90, { content: 'shared' });
    await b.add(1, { content: 'gone' });
    await b.add(1, { content: 'hush', high: true });
    b.clock.pass(2);
    await applyRemoval(b.storage, request(b.clock));
    const first = await b.storage.reclaim({ emptyTrash: false });
    // A manifest of each of the three that went, and the payloads of two.
    expect([first.swept.objects, first.purged.objects]).toEqual([5, 2]);
    b.clock.pass(8);
    expect((await b.storage.reclaim({ emptyTrash: false })).purged.objects).toBe(3);
    expect(await ruleOf(b, holder)).toBe('within_ttl');
  });
});
