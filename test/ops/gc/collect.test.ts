import { chmod, mkdir, rm, unlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { EntryPayload } from '../../../src/core/ledger/entry-types.js';
import { sha256 } from '../../../src/core/objects/hash.js';
import { DEFAULT_POLICY, encodePolicy, type Policy } from '../../../src/core/policy/policy.js';
import { encodePlan, planHash } from '../../../src/core/retention/plan-file.js';
import { assumeDead, collect } from '../../../src/ops/gc/collect-garbage.js';
import { reclaimTrash } from '../../../src/ops/gc/empty-trash.js';
import { planCollection } from '../../../src/ops/gc/plan-collection.js';
import { readReport } from '../../../src/ops/gc/retention-reports.js';
import { changePins } from '../../../src/ops/govern/pins.js';
import { put } from '../../../src/ops/put/put.js';
import type { Session } from '../../../src/ops/session/session.js';
import { behind } from '../../helpers/store.js';
import { interceptDisk } from '../../sim/intercept-disk.js';
import { IMPATIENT, liveIds, makeStore, putFile } from './helpers.js';

async function setRetention(session: Session, change: Partial<Policy['retention']>): Promise<void> {
  await session.write('policy.set', [], async (tx) => {
    const policy = { ...DEFAULT_POLICY, retention: { ...DEFAULT_POLICY.retention, ...change } };
    const { id } = await tx.batch.addBytes(encodePolicy(policy));
    const from = (await session.catalog()).policyId;
    await tx.commit(() => ({
      type: 'policy_changed',
      payload: { from, to: id },
      ops: [{ op: 'set_policy', policy: id }],
    }));
  });
}

const seen = async (session: Session) => {
  const plan = await planCollection(session);
  return { plan, hash: planHash(plan) };
};

describe('a collection', () => {
  it('writes report, removals and summary in one entry, and the purge in a later one', async () => {
    const { session, clock } = await makeStore();
    const over = await putFile(session, { ttl: 1 });
    const secret = await putFile(session, { ttl: 1, classification: 'high' });
    const kept = await putFile(session, { ttl: 5 });
    clock.pass(2);
    const { outcome } = await collect(session);
    const { entry } = await session.store.ledger.read(outcome.seq!);
    expect(entry.type).toBe('meta.gc_summary');
    expect(entry.ops?.map((op) => op.op)).toEqual(['add', 'remove', 'remove']);
    expect(entry.ops).toContainEqual({ op: 'remove', artifact_id: over });
    expect(entry.ops).toContainEqual({ op: 'remove', artifact_id: secret, purge: true });
    const summary = entry.payload as EntryPayload<'meta.gc_summary'>;
    expect(summary).toMatchObject({ scanned: 3, pruned: 2, spared: 1, failed: 0, report: outcome.report });
    const next = await session.store.ledger.read(outcome.seq! + 1);
    expect(next.entry).toMatchObject({ type: 'objects_purged', payload: { objects: 2 } });
    expect(await liveIds(session)).toEqual([kept, outcome.report!].sort());
  });

  it('reports ids, reasons, sizes, what was spared and by which rule, policy, clock and plan', async () => {
    const { session, clock } = await makeStore();
    const over = await putFile(session, { ttl: 1, content: 'twelve bytes' });
    const kept = await putFile(session, { ttl: 5 });
    clock.pass(2);
    const plan = await planCollection(session);
    const { outcome } = await collect(session);
    const { header, items } = (await readReport(session, outcome.report!)).report;
    expect(header).toMatchObject({
      command: 'gc',
      actor: 'human:tester',
      plan_hash: planHash(plan),
      policy: DEFAULT_POLICY,
      clock: '2026-06-03T00:00:00.000Z',
    });
    expect(items.find((i) => i.artifact_id === over)).toMatchObject({ rule: 'ttl_expired', size_bytes: 12 });
    expect(items.map((i) => i.artifact_id)).not.toContain(kept);
    expect(header.rules).toMatchObject({ within_ttl: { artifacts: 1 } });
    expect(header.kept_hash).toBe(sha256(Buffer.from(`${kept} within_ttl\n`)));
  });

  it('does what the dry-run showed, to the byte of the plan', async () => {
    const { session, clock } = await makeStore();
    for (let i = 0; i < 5; i++) await putFile(session, { ttl: i });
    clock.pass(3);
    const shown = await planCollection(session);
    const { outcome } = await collect(session);
    expect(encodePlan(outcome.plan).equals(encodePlan(shown))).toBe(true);
  });

  it('leaves no entry when there is nothing to remove', async () => {
    const { session } = await makeStore();
    await putFile(session);
    const before = (await session.catalog()).head;
    expect((await collect(session)).outcome.report).toBeUndefined();
    expect((await session.catalog()).head).toEqual(before);
  });

  it('collects its own reports like other logs: the newest three stay', async () => {
    const { session, clock } = await makeStore();
    for (let i = 0; i < 6; i++) {
      await putFile(session, { ttl: 1 });
      clock.pass(40);
      await collect(session);
    }
    expect(await (await session.catalog()).named('retention-report').all()).toHaveLength(4);
  });

  it('plans again if something was pinned between plan and commit', async () => {
    const { session, clock, open } = await makeStore();
    const a = await putFile(session, { ttl: 1 });
    const b = await putFile(session, { ttl: 1 });
    clock.pass(2);
    const other = await open();
    let pinned = false;
    const disk = interceptDisk(behind(session).disk, async (operation, path) => {
      // The commit is at the point of no return when another command gets there first.
      if (pinned || operation !== 'link' || !path.includes('/ledger/')) return;
      pinned = true;
      await changePins(other, [{ change: 'pin', id: a, name: 'late' }]);
    });
    const racing = await open({ disk });
    const { outcome } = await collect(racing);
    expect(outcome.plan.header.rules).toMatchObject({ pinned: { artifacts: 1 } });
    expect(await liveIds(session)).toContain(a);
    expect(await liveIds(session)).not.toContain(b);
  });

  it('is refused while the system clock is behind the newest entry', async () => {
    const { session, clock } = await makeStore();
    const id = await putFile(session, { ttl: 0 });
    clock.ms -= 1;
    await expect(collect(session)).rejects.toThrow('before the newest ledger entry');
    expect(await liveIds(session)).toEqual([id]);
  });

  it('with a clock set ahead only plans, unless the store allows it', async () => {
    for (const allowSetClock of [false, true]) {
      const { session, clock, open } = await makeStore({ allowSetClock });
      await putFile(session, { ttl: 1 });
      const ahead = await open({ setClock: clock.ms + 90 * 86_400_000 });
      expect((await planCollection(ahead)).header.pruned).toBe(1);
      const attempt = collect(ahead);
      if (allowSetClock) expect((await attempt).outcome.plan.header.pruned).toBe(1);
      else await expect(attempt).rejects.toMatchObject({ code: 'REFUSED' });
    }
  });

  it('keeps artifacts removed under a clock set ahead in the trash by the system clock', async () => {
    const { session, clock, open } = await makeStore({ allowSetClock: true });
    const id = await putFile(session, { ttl: 1 });
    const ahead = await open({ setClock: clock.ms + 90 * 86_400_000 });
    await collect(ahead);
    const { reclaimed } = await collect(ahead);
    expect(reclaimed.purged.objects).toBe(0);
    expect((await (await session.catalog()).get(id))?.removed).toBeDefined();
  });

  it('that is stopped during its sweep leaves the rest to the next one', async () => {
    const { session, clock, open } = await makeStore();
    for (let i = 0; i < 3; i++) await putFile(session, { ttl: 1 });
    clock.pass(2);
    const stop = new AbortController();
    let moved = 0;
    const disk = interceptDisk(behind(session).disk, (operation, path) => {
      if (operation === 'rename' && path.includes('/trash/') && ++moved === 2) stop.abort(new Error('stop'));
    });
    const stopped = await open({ disk, signal: stop.signal });
    await expect(collect(stopped)).rejects.toThrow('stop');
    expect((await session.store.leases.list()).length).toBe(0);
    const { outcome, reclaimed } = await collect(session, { emptyTrash: true });
    expect(outcome.report).toBeUndefined();
    expect(reclaimed.purged.objects).toBe(6);
  });

  it('leaves the bytes to another running collector', async () => {
    const { session, clock } = await makeStore();
    await putFile(session, { ttl: 1 });
    clock.pass(2);
    const lock = await behind(session).disk.open(behind(session).layout.gcLock, { access: 'update' });
    expect(await lock.tryLock()).toBe(true);
    const { outcome, reclaimed } = await collect(session);
    expect(outcome.plan.header.pruned).toBe(1);
    expect(reclaimed).toMatchObject({ sweep: 'busy', swept: { objects: 0 } });
    await lock.close();
    expect((await collect(session)).reclaimed.swept.objects).toBe(2);
  });

  it('is not stopped by a file that does not belong in the trash', async () => {
    const { session, clock } = await makeStore();
    await putFile(session, { ttl: 1 });
    clock.pass(2);
    await collect(session);
    const [batch] = await behind(session).files.trashBatches();
    await writeFile(`${behind(session).layout.trashBatch(batch!)}/stray`, '');
    expect((await collect(session, { emptyTrash: true })).reclaimed.purged.objects).toBe(2);
    expect((await collect(session, { emptyTrash: true })).reclaimed.purged.objects).toBe(0);
  });

  it('treats a lease as dead on request, and the ledger records who asked', async () => {
    const { session, clock, open } = await makeStore();
    await putFile(session, { ttl: 1, classification: 'high' });
    clock.pass(2);
    const stuck = await (await open()).store.leases.take();
    await collect(session, { patience: IMPATIENT });
    await assumeDead(session, [stuck.token]);
    expect((await session.store.ledger.read((await session.catalog()).head.seq)).entry).toMatchObject({
      type: 'capability_action',
      payload: { action: 'assume-dead', subjects: [stuck.token] },
    });
    expect((await collect(session)).reclaimed.purged.objects).toBe(2);
    await expect(assumeDead(session, ['0'.repeat(24)])).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await stuck.release();
  });

  it('removes nothing if kept artifacts alone exceed the quota, unless told to', async () => {
    const { session } = await makeStore();
    const held = await putFile(session, { content: 'x'.repeat(5000) });
    await changePins(session, [{ change: 'pin', id: held, name: 'hold' }]);
    const kept = await putFile(session, { content: 'y'.repeat(5000) });
    const { seq } = (await session.catalog()).head;
    await expect(collect(session, { quotaBytes: 1000 })).rejects.toMatchObject({
      code: 'QUOTA',
      exitStatus: 11,
      details: { quota_bytes: 1000, artifacts: 1 },
    });
    const seen = { plan: await planCollection(session, { quotaBytes: 1000 }) };
    const apply = collect(session, { seen: { ...seen, hash: planHash(seen.plan) } });
    await expect(apply).rejects.toMatchObject({ code: 'QUOTA' });
    expect((await session.catalog()).head.seq).toBe(seq);
    expect(await liveIds(session)).toEqual(expect.arrayContaining([held, kept]));
  });

  it('reports that its own report exceeds the quota, by how much, and counts it', async () => {
    const { session } = await makeStore();
    await putFile(session, { content: 'x'.repeat(5000) });
    await putFile(session, { content: 'y'.repeat(5000) });
    const before = (await planCollection(session)).header.stored_bytes;
    const { outcome } = await collect(session, { quotaBytes: before - 5000 });
    expect(outcome.plan.header).toMatchObject({ pruned: 1 });
    expect(outcome.plan.header.quota_unmet_bytes).toBeUndefined();
    const after = (await planCollection(session)).header.stored_bytes;
    expect(after).toBe(before - outcome.plan.header.freed_bytes + outcome.reportBytes);
    expect(outcome.overQuotaBytes).toBe(after - (before - 5000));
    const { entry } = await session.store.ledger.read(outcome.seq!);
    expect(entry.payload).toMatchObject({ quota_unmet_bytes: outcome.overQuotaBytes });
  });

  it('reports by how much a quota is missed after removing what it may', async () => {
    const { session } = await makeStore();
    const held = await putFile(session, { content: 'x'.repeat(5000) });
    await changePins(session, [{ change: 'pin', id: held, name: 'hold' }]);
    await putFile(session, { content: 'y'.repeat(5000) });
    const { outcome } = await collect(session, { quotaBytes: 1000, bestEffort: true });
    expect(outcome.plan.header).toMatchObject({ pruned: 1, quota_bytes: 1000 });
    expect(outcome.plan.header.quota_unmet_bytes).toBeGreaterThan(4000);
    expect(await liveIds(session)).toContain(held);
  });

  it('delays a purge for a running command, and says so', async () => {
    const { session, clock, open } = await makeStore();
    await putFile(session, { ttl: 1, classification: 'high' });
    clock.pass(2);
    const reader = await open();
    await reader.read(async () => {
      const { reclaimed } = await collect(session, { patience: IMPATIENT });
      expect(reclaimed.purge_pending).toMatchObject([{ objects: 2, leases: [expect.any(String)] }]);
      expect(reclaimed.purged.objects).toBe(0);
    });
    expect((await collect(session)).reclaimed.purged.objects).toBe(2);
  });
});

describe('a saved plan', () => {
  it('spares artifacts pinned since, and reports them', async () => {
    const { session, clock } = await makeStore();
    const a = await putFile(session, { ttl: 1 });
    const b = await putFile(session, { ttl: 1 });
    clock.pass(2);
    const saved = await seen(session);
    await changePins(session, [{ change: 'pin', id: a, name: 'late' }]);
    const { outcome } = await collect(session, { seen: saved });
    expect(outcome.sparedSince.map((i) => [i.artifact_id, i.rule])).toEqual([[a, 'pinned']]);
    const { items } = (await readReport(session, outcome.report!)).report;
    expect(items.find((i) => i.artifact_id === a)).toMatchObject({ since_plan: true, rule: 'pinned' });
    expect(await liveIds(session)).not.toContain(b);
  });

  it('does not remove artifacts that expired since', async () => {
    const { session, clock } = await makeStore();
    await putFile(session, { ttl: 1 });
    const later = await putFile(session, { ttl: 3 });
    clock.pass(2);
    const saved = await seen(session);
    clock.pass(2);
    const { outcome } = await collect(session, { seen: saved });
    expect(outcome.plan.header.rules).toMatchObject({ unlisted: { artifacts: 1 } });
    expect(await liveIds(session)).toContain(later);
  });

  it('is refused if applied before, or if the policy has changed', async () => {
    const { session, clock } = await makeStore();
    await putFile(session, { ttl: 1 });
    clock.pass(2);
    const first = await seen(session);
    await collect(session, { seen: first });
    await putFile(session, { ttl: 0 });
    await expect(collect(session, { seen: first })).rejects.toThrow('already applied');
    const second = await seen(session);
    await setRetention(session, { trash_days: 1 });
    await expect(collect(session, { seen: second })).rejects.toThrow('the policy changed');
  });

  it('is refused by another store', async () => {
    const { session, clock } = await makeStore();
    await putFile(session, { ttl: 1 });
    clock.pass(2);
    const { session: elsewhere } = await makeStore();
    await expect(collect(elsewhere, { seen: await seen(session) })).rejects.toMatchObject({
      code: 'PLAN_STALE',
    });
  });
});

describe('damage', () => {
  it('of a manifest or a payload is reported, and the artifact is left alone', async () => {
    const { session, clock } = await makeStore();
    const ids = [];
    for (let i = 0; i < 4; i++) ids.push(await putFile(session, { ttl: 1 }));
    clock.pass(2);
    const catalog = await session.catalog();
    const [torn, missing, shorter, sound] = await Promise.all(ids.map((id) => catalog.get(id)));
    const path = (id: string) => behind(session).layout.object(id as never);
    await chmod(path(torn!.manifest), 0o600);
    await writeFile(path(torn!.manifest), 'x'.repeat(torn!.manifest_size_bytes));
    await unlink(path(missing!.content_hash));
    await rm(path(shorter!.content_hash));
    await writeFile(path(shorter!.content_hash), '');
    const { outcome } = await collect(session);
    expect(outcome.plan.header).toMatchObject({ scanned: 4, pruned: 1, spared: 0, failed: 3 });
    const live = await liveIds(session);
    for (const { artifact_id } of [torn!, missing!, shorter!]) expect(live).toContain(artifact_id);
    expect(live).not.toContain(sound!.artifact_id);
  });

  it('of the index of a live directory allows removals, and skips the sweep', async () => {
    const { session, dir, clock } = await makeStore();
    const over = await putFile(session, { ttl: 1 });
    await mkdir(`${dir}/nothing`);
    const { contentHash } = (await put(session, [{ path: `${dir}/nothing` }], {}))[0]!;
    const empty = behind(session).layout.object(contentHash);
    await chmod(empty, 0o600);
    await writeFile(empty, '[ ]');
    clock.pass(2);
    const { outcome, reclaimed } = await collect(session);
    expect(outcome.plan.header).toMatchObject({ pruned: 1, failed: 1 });
    expect(reclaimed).toMatchObject({ sweep: 'skipped', swept: { objects: 0 } });
    expect(await liveIds(session)).not.toContain(over);
    expect(await session.store.objects.has((await (await session.catalog()).get(over))!.content_hash)).toBe(
      true,
    );
  });
});

describe('the trash', () => {
  it('is purged when its window ends, by the current policy', async () => {
    const { session, clock } = await makeStore();
    await putFile(session, { ttl: 1 });
    clock.pass(2);
    await collect(session);
    clock.pass(6.9);
    expect((await collect(session)).reclaimed.purged.objects).toBe(0);
    clock.pass(0.1);
    expect((await collect(session)).reclaimed.purged.objects).toBe(2);
  });

  it('is emptied on demand', async () => {
    const { session, clock } = await makeStore();
    await putFile(session, { ttl: 1 });
    clock.pass(2);
    await collect(session);
    expect((await reclaimTrash(session)).purged.objects).toBe(2);
    const batches = await behind(session).files.trashBatches();
    expect(batches).toEqual([]);
  });

  it('is not emptied by a job that may only collect', async () => {
    const { open } = await makeStore();
    const job = await open({ actor: 'ai_job:robot' });
    await expect(collect(job, { emptyTrash: true })).rejects.toMatchObject({ code: 'REFUSED' });
  });
});
