import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { ensureDir } from 'fs-extra/esm';
import { describe, expect, it, vi } from 'vitest';
import type { ObjectId } from '../../../src/core/objects/ids.js';
import { nodeDisk } from '../../../src/fsx/node-disk.js';
import { collect } from '../../../src/ops/gc/collect-garbage.js';
import { purgeTrashed, reclaimTrash } from '../../../src/ops/gc/empty-trash.js';
import { planRemoval, removeArtifacts } from '../../../src/ops/gc/remove-artifacts.js';
import { isRestorable, removedByRun, restore } from '../../../src/ops/gc/restore.js';
import { readReport } from '../../../src/ops/gc/retention-reports.js';
import { goneForGood, trashedArtifacts } from '../../../src/ops/gc/trash-contents.js';
import { changePins } from '../../../src/ops/govern/pins.js';
import { retain } from '../../../src/ops/govern/retain.js';
import { put } from '../../../src/ops/put/put.js';
import { behind, TINY_PACKS } from '../../helpers/store.js';
import { interceptDisk } from '../../sim/intercept-disk.js';
import { IMPATIENT, liveIds, makeStore, putFile } from './helpers.js';

describe('restore', () => {
  it('restores a tree, byte for byte, with a pin for the trash window', async () => {
    const { session, dir, clock } = await makeStore();
    await ensureDir(`${dir}/tree/deep`);
    await writeFile(`${dir}/tree/deep/file`, 'hello');
    const before = (await put(session, [{ path: `${dir}/tree` }], { ttl: 1 }))[0]!.artifactId;
    clock.pass(2);
    await collect(session);
    await restore(session, [before], { pin: true });
    const record = (await (await session.catalog()).get(before))!;
    expect(record.pins).toMatchObject([{ name: 'restored', until: '2026-06-10T00:00:00.000Z' }]);
    await session.store.objects.read(record.content_hash);
    expect(await session.store.objects.sizeInUse(record.content_hash)).toBeGreaterThan(0);
    const { plan } = (await collect(session)).outcome;
    expect(plan.header.rules).toMatchObject({ pinned: { artifacts: 1 } });
    expect(plan.items).toEqual([]);
  });

  it('pins without an end what is restored at the end of all time', async () => {
    const { session, open } = await makeStore({ allowSetClock: true });
    const id = await putFile(session, {});
    await removeArtifacts(session, new Set([id]), {});
    const last = await open({ setClock: Date.parse('9999-12-31T00:00:00.000Z') });
    expect((await restore(last, [id], { pin: true })).failed).toEqual([]);
    const { pins } = (await (await session.catalog()).get(id))!;
    expect(pins.map(({ name, until }) => [name, until])).toEqual([['restored', undefined]]);
    expect((await collect(last)).outcome.plan.items).toEqual([]);
  });

  it('undoes a whole collection, and names what it cannot restore', async () => {
    const { session, clock } = await makeStore();
    const plain = [await putFile(session, { ttl: 1 }), await putFile(session, { ttl: 1 })];
    const secret = await putFile(session, { ttl: 1, classification: 'high' });
    clock.pass(2);
    const { outcome } = await collect(session);
    const report = (await (await session.catalog()).get(outcome.report!))!;
    const removed = await removedByRun(session, report);
    expect(removed.map((r) => r.artifact_id).sort()).toEqual([...plain, secret].sort());
    const done = await restore(
      session,
      removed.map((r) => r.artifact_id),
      { pin: false, run: outcome.report! },
    );
    expect(done.restored.map((r) => r.artifact_id).sort()).toEqual([...plain].sort());
    expect(done.failed).toMatchObject([
      { record: { artifact_id: secret }, error: { code: 'OBJECT_MISSING' } },
    ]);
  });

  it('restores many by listings of what there is, not by lookups of each', async () => {
    const { session, dir, open } = await makeStore();
    const paths = [...Array(600).keys()].map((n) => `${dir}/f${n}`);
    for (const path of paths) await writeFile(path, path);
    const put600 = await put(
      session,
      paths.map((path) => ({ path })),
      {},
    );
    const ids = put600.map((p) => p.artifactId);
    await removeArtifacts(session, new Set(ids), {});
    let looks = 0;
    const disk = interceptDisk(nodeDisk(), (operation) => {
      if (['lstat', 'find', 'readdir'].includes(operation)) looks++;
    });
    const other = await open({ disk });
    looks = 0;
    const { restored, failed } = await restore(other, ids, { pin: true });
    expect([restored.length, failed.length]).toEqual([ids.length, 0]);
    // Two listings of each directory of objects, and a few for the rest; a lookup of each takes three for each.
    expect(looks).toBeLessThan(2 * ids.length);
    for (const { content_hash } of restored) {
      expect(await other.store.objects.sizeInUse(content_hash)).toBeGreaterThan(0);
      await other.store.objects.read(content_hash);
    }
  });

  it('lists the store once to tell what can be restored of many large artifacts', async () => {
    const { session, dir, clock } = await makeStore();
    for (const tree of ['a', 'b', 'c']) {
      await mkdir(`${dir}/${tree}`);
      for (let n = 0; n < 1000; n++) await writeFile(`${dir}/${tree}/${n}`, `${tree}${n}`);
    }
    const paths = ['a', 'b', 'c'].map((tree) => ({ path: `${dir}/${tree}` }));
    const ids = (await put(session, paths, { ttl: 1 })).map((p) => p.artifactId);
    clock.pass(2);
    const { outcome } = await collect(session);
    const trashed = await trashedArtifacts(session);
    expect(trashed.map((t) => t.artifact_id).sort()).toEqual([...ids].sort());
    const listed = vi.spyOn(session.store.inventory, 'groups');
    expect(await goneForGood(session, trashed)).toEqual([]);
    expect(listed).toHaveBeenCalledTimes(1);
    const { undo } = await readReport(session, outcome.report!);
    expect([undo.restorable.length, undo.irreversible]).toEqual([3, []]);
    expect(listed).toHaveBeenCalledTimes(2);
    expect(await isRestorable(session, (await (await session.catalog()).get(ids[0]!))!)).toBe(true);
    expect(listed).toHaveBeenCalledTimes(2);
  });

  it('is promised for no removed artifact that is damaged, and no missing bytes are freed', async () => {
    const { session } = await makeStore();
    const ids = [];
    for (const content of ['missing', 'torn manifest', 'sound'])
      ids.push(await putFile(session, { content }));
    const catalog = await session.catalog();
    const [missing, torn] = await Promise.all(ids.map((id) => catalog.get(id)));
    const pathOf = (id: ObjectId) => behind(session).layout.object(id);
    await rm(pathOf(missing!.content_hash));
    await chmod(pathOf(torn!.manifests[0]!.manifest), 0o600);
    await writeFile(pathOf(torn!.manifests[0]!.manifest), '');
    const before = await planRemoval(session, new Set(ids), false);
    const { outcome, restorableUntil } = await removeArtifacts(session, new Set(ids), {});
    expect(before.header).toMatchObject({ pruned: 3, irreversible: 2 });
    const named = [missing!, torn!].map((r) => r.artifact_id).sort();
    expect([outcome.restorable, [...outcome.irreversible].sort()]).toEqual([1, named]);
    expect(restorableUntil).toBeDefined();
    const item = outcome.plan.items.find((i) => i.artifact_id === missing!.artifact_id)!;
    expect(item.freed_bytes).toBe(missing!.manifests[0]!.size_bytes);
    const { restored, failed } = await restore(session, ids, { pin: true });
    expect(restored.map((r) => r.artifact_id)).toEqual([ids[2]]);
    expect(failed.map((f) => f.record.artifact_id).sort()).toEqual(named);
    expect(failed[0]!.error.hint).toContain('missing before: see hs fsck');
  });

  it('restores the others where the bytes of one are damaged', async () => {
    const { session, dir, clock } = await makeStore({ packLimits: TINY_PACKS });
    const root = `${dir}/.hsstore`;
    const bad = await putFile(session, { ttl: 1 });
    const packs = await readdir(`${root}/packs`);
    expect(packs).not.toEqual([]);
    const good = await putFile(session, { ttl: 1 });
    clock.pass(2);
    await collect(session);
    for (const batch of await readdir(`${root}/trash`)) {
      for (const name of await readdir(`${root}/trash/${batch}`)) {
        if (!packs.includes(name)) continue;
        const path = `${root}/trash/${batch}/${name}`;
        const bytes = await readFile(path);
        bytes[20]! ^= 1;
        await rm(path);
        await writeFile(path, bytes, { mode: 0o444 });
      }
    }
    const { restored, failed } = await restore(session, [bad, good], { pin: true });
    expect(restored.map((r) => r.artifact_id)).toEqual([good]);
    expect(failed).toMatchObject([{ record: { artifact_id: bad } }]);
  });

  it('restores nothing once the trash was emptied', async () => {
    const { session, clock } = await makeStore();
    const id = await putFile(session, { ttl: 1 });
    clock.pass(2);
    await collect(session);
    await reclaimTrash(session);
    const { restored, failed } = await restore(session, [id], { pin: true });
    expect(restored).toEqual([]);
    expect(failed[0]!.error.hint).toContain('trash was emptied');
  });

  it('restores an artifact whose bytes were purged, put again and removed with a window', async () => {
    const { session } = await makeStore();
    const leaked = await putFile(session, { content: '' });
    await removeArtifacts(session, new Set([leaked]), { purge: true, patience: IMPATIENT });
    const ordinary = await putFile(session, { content: '' });
    await removeArtifacts(session, new Set([ordinary]), { patience: IMPATIENT });
    expect(await restore(session, [ordinary], { pin: true })).toMatchObject({ failed: [] });
    expect(await liveIds(session)).toContain(ordinary);
  });

  it('refuses what is damaged in the trash, which the same bytes put again take the place of', async () => {
    const { session } = await makeStore();
    const id = await putFile(session, { content: 'sound' });
    await removeArtifacts(session, new Set([id]), { patience: IMPATIENT });
    const { content_hash: object } = (await (await session.catalog()).get(id))!;
    const { layout } = behind(session);
    const path = layout.trashed((await readdir(layout.trash))[0]!, object);
    await rm(path);
    await writeFile(path, 'wrong', { mode: 0o444 });
    const { restored, failed } = await restore(session, [id], { pin: true });
    expect([restored, failed[0]!.error.code]).toEqual([[], 'INTEGRITY']);
    expect(await session.store.objects.sizeInUse(object)).toBeUndefined();
    await putFile(session, { content: 'sound' });
    await collect(session, { patience: IMPATIENT });
    expect(Buffer.from(await session.store.objects.read(object)).toString()).toBe('sound');
    expect((await restore(session, [id], { pin: true })).failed).toEqual([]);
  });

  it('does not keep what is damaged in the trash from being purged', async () => {
    const { session } = await makeStore();
    const id = await putFile(session, { content: 'a secret' });
    await removeArtifacts(session, new Set([id]), { patience: IMPATIENT });
    const { content_hash: object } = (await (await session.catalog()).get(id))!;
    const { layout } = behind(session);
    const path = layout.trashed((await readdir(layout.trash))[0]!, object);
    await rm(path);
    await writeFile(path, 'a secreT', { mode: 0o444 });
    const { emptied, unpurged } = await purgeTrashed(session, new Set([id]), { patience: IMPATIENT });
    expect([emptied.length, unpurged]).toEqual([1, undefined]);
    expect(await session.store.objects.size(object)).toBeUndefined();
  });

  it('refuses artifacts that are not removed', async () => {
    const { session } = await makeStore();
    const id = await putFile(session);
    expect((await restore(session, [id], { pin: true })).failed[0]!.error.code).toBe('CONFLICT');
  });

  it('restores an artifact whose bytes another put again meanwhile', async () => {
    const { session, clock } = await makeStore();
    const a = await putFile(session, { ttl: 1, content: 'same' });
    clock.pass(2);
    await collect(session);
    const b = await putFile(session, { content: 'same' });
    await reclaimTrash(session);
    const record = (await (await session.catalog()).get(b))!;
    await session.store.objects.read(record.content_hash);
    // Its manifest went with the trash, though its payload is here.
    expect((await restore(session, [a], { pin: true })).failed[0]!.error.message).toContain('1 of 2 objects');
  });
});

describe('rm', () => {
  it('removes by id at any age, and can be undone', async () => {
    const { session } = await makeStore();
    const id = await putFile(session);
    const { outcome, restorableUntil } = await removeArtifacts(session, new Set([id]), { reason: 'mistake' });
    expect(outcome.plan.header).toMatchObject({ pruned: 1 });
    expect(restorableUntil).toBe('2026-06-08T00:00:00.000Z');
    expect((await restore(session, [id], { pin: false })).restored).toHaveLength(1);
  });

  it('says that another command has removed it already', async () => {
    const { session } = await makeStore();
    const [a, b] = [await putFile(session), await putFile(session)];
    expect((await removeArtifacts(session, new Set([a]))).outcome.gone).toEqual([]);
    const { outcome } = await removeArtifacts(session, new Set([a, b]));
    expect([outcome.gone, outcome.plan.header.pruned]).toEqual([[a], 1]);
    const late = (await removeArtifacts(session, new Set([a]))).outcome;
    expect([late.gone, late.report]).toEqual([[a], undefined]);
  });

  it('removes the rest if one is pinned, and records the refusal', async () => {
    const { session } = await makeStore();
    const [a, b] = [await putFile(session), await putFile(session)];
    await changePins(session, [{ change: 'pin', id: b, name: 'hold' }]);
    const { refused } = await removeArtifacts(session, new Set([a, b]));
    expect(refused).toMatchObject([{ item: { artifact_id: b }, error: { code: 'PINNED' } }]);
    expect(await liveIds(session)).toContain(b);
    expect(await liveIds(session)).not.toContain(a);
    const head = await session.store.ledger.read((await session.catalog()).head.seq);
    expect(head.entry).toMatchObject({
      type: 'capability_action',
      decision: 'deny',
      payload: { subjects: [b] },
    });
  });

  it('with purge leaves no byte that no other artifact shares', async () => {
    const { session } = await makeStore();
    const leaked = await putFile(session, { content: 'secret', name: 'leak' });
    const shared = await putFile(session, { content: 'shared' });
    const holder = await putFile(session, { content: 'shared' });
    const catalog = await session.catalog();
    const [l, s] = [(await catalog.get(leaked))!, (await catalog.get(shared))!];
    const { reclaimed } = await removeArtifacts(session, new Set([leaked, shared]), { purge: true });
    expect(reclaimed.purged.objects).toBe(3);
    expect(await session.store.objects.has(l.content_hash)).toBe(false);
    expect(await session.store.objects.has(l.manifest)).toBe(false);
    await session.store.objects.read(s.content_hash);
    expect(await liveIds(session)).toContain(holder);
  });

  it('with purge reports bytes that a running command still holds', async () => {
    const { session, open } = await makeStore();
    const id = await putFile(session);
    const reader = await open();
    await reader.read(async (catalog) => {
      const { reclaimed } = await removeArtifacts(session, new Set([id]), {
        purge: true,
        patience: IMPATIENT,
      });
      expect(reclaimed.purge_pending).toHaveLength(1);
      await reader.store.objects.read((await catalog.get(id))!.content_hash);
    });
    expect((await collect(session)).reclaimed.purged.objects).toBe(2);
  });

  it('is refused to a job', async () => {
    const { session, open } = await makeStore();
    const id = await putFile(session);
    const job = await open({ actor: 'ai_job:robot' });
    await expect(removeArtifacts(job, new Set([id]))).rejects.toMatchObject({ code: 'REFUSED' });
  });
});

describe('pins', () => {
  it('are several per artifact; removing one leaves the others', async () => {
    const { session, clock } = await makeStore();
    const id = await putFile(session, { ttl: 0 });
    await changePins(session, [
      { change: 'pin', id, name: 'a' },
      { change: 'pin', id, name: 'b', reason: 'audit' },
    ]);
    await changePins(session, [{ change: 'unpin', id, name: 'a' }]);
    clock.pass(1);
    await collect(session);
    expect((await (await session.catalog()).get(id))?.pins).toMatchObject([{ name: 'b', reason: 'audit' }]);
  });

  it('hold until exactly their end', async () => {
    const { session, clock } = await makeStore();
    const id = await putFile(session, { ttl: 0 });
    await changePins(session, [{ change: 'pin', id, name: 'a', until: '2026-06-02T00:00:00.000Z' as never }]);
    clock.ms += 86_399_999;
    expect((await collect(session)).outcome.plan.header.pruned).toBe(0);
    clock.ms += 1;
    expect((await collect(session)).outcome.plan.header.pruned).toBe(1);
  });

  it('change all together or not at all', async () => {
    const { session } = await makeStore();
    const [a, b] = [await putFile(session), await putFile(session)];
    const attempt = changePins(session, [
      { change: 'pin', id: a, name: 'x' },
      { change: 'unpin', id: b, name: 'never' },
    ]);
    await expect(attempt).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await (await session.catalog()).get(a))?.pins).toEqual([]);
  });

  it('may be set by a job only under its own name', async () => {
    const { session, open } = await makeStore();
    const id = await putFile(session);
    const job = await open({ actor: 'ai_job:robot' });
    await changePins(job, [{ change: 'pin', id, name: 'robot' }]);
    await expect(changePins(job, [{ change: 'pin', id, name: 'release' }])).rejects.toMatchObject({
      code: 'REFUSED',
    });
  });

  it('that have expired already are refused', async () => {
    const { session } = await makeStore();
    const id = await putFile(session);
    const until = session.now();
    await expect(changePins(session, [{ change: 'pin', id, name: 'x', until }])).rejects.toThrow(
      'in the past',
    );
  });
});

describe('retain', () => {
  it('changes TTL and class by a revision, which moves neither creation nor registration', async () => {
    const { session, clock } = await makeStore();
    const id = await putFile(session, { ttl: 1 });
    const before = (await (await session.catalog()).get(id))!;
    clock.pass(0.5);
    await retain(session, [id], { ttl: 3, retentionClass: 'checkpoint' });
    const after = (await (await session.catalog()).get(id))!;
    expect(after).toMatchObject({ revision: 2, retention_ttl_days: 3, retention_class: 'checkpoint' });
    expect([after.created_at, after.registered]).toEqual([before.created_at, before.registered]);
    clock.pass(2);
    expect((await collect(session)).outcome.plan.header.pruned).toBe(0);
  });

  it('removes a TTL, but not from sensitive artifacts', async () => {
    const { session } = await makeStore();
    const plain = await putFile(session, { ttl: 1 });
    await retain(session, [plain], { ttl: null });
    expect((await (await session.catalog()).get(plain))?.retention_ttl_days).toBeUndefined();
    const secret = await putFile(session, { ttl: 1, classification: 'high' });
    await expect(retain(session, [secret], { ttl: null })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });
});

it('a removal whose objects left the trash does not stop the next collection', async () => {
  const { session, dir, clock } = await makeStore();
  await writeFile(`${dir}/one`, 'one');
  await putFile(session, { ttl: 1 });
  clock.pass(2);
  await collect(session, { emptyTrash: true });
  expect((await collect(session)).reclaimed).toMatchObject({ sweep: 'done', swept: { objects: 0 } });
});

describe('a purge', () => {
  it('unlinks last the records that restrict other bytes, and keeps the index of their hashes', async () => {
    const { session, dir } = await makeStore();
    await mkdir(`${dir}/tree`);
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await writeFile(`${dir}/tree/${name}`, name);
    const options = { classification: 'high', ttl: 1 } as const;
    const { artifactId } = (await put(session, [{ path: `${dir}/tree` }], options))[0]!;
    const { content_hash, manifest } = (await (await session.catalog()).get(artifactId))!;
    const { disk } = behind(session);
    const unlink = disk.unlink.bind(disk);
    const gone: string[] = [];
    disk.unlink = (path) => {
      if (/\/trash\/.*\/[0-9a-f]{64}$/.test(path)) gone.push(path.slice(-64));
      return unlink(path);
    };
    await removeArtifacts(session, new Set([artifactId]), { purge: true });
    expect(gone).toHaveLength(7);
    expect(gone.at(-1)).toBe(manifest);
    expect(await session.store.objects.has(content_hash)).toBe(true);
  });
});
