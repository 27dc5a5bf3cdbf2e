import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ArtifactId, ObjectId } from '../../../src/core/objects/ids.js';
import { DEFAULT_POLICY, encodePolicy } from '../../../src/core/policy/policy.js';
import { collect } from '../../../src/ops/gc/collect-garbage.js';
import { emptyTrash, purgeTrashed, seenTrash } from '../../../src/ops/gc/empty-trash.js';
import { listTrash } from '../../../src/ops/gc/list-trash.js';
import { planCollection } from '../../../src/ops/gc/plan-collection.js';
import { planOutlook } from '../../../src/ops/gc/plan-outlook.js';
import { removeArtifacts } from '../../../src/ops/gc/remove-artifacts.js';
import { restore } from '../../../src/ops/gc/restore.js';
import { put } from '../../../src/ops/put/put.js';
import type { Session } from '../../../src/ops/session/session.js';
import { behind, TINY_PACKS } from '../../helpers/store.js';
import { IMPATIENT, makeStore, type TestStore } from './helpers.js';

const FILES = 60;
/** Large enough for all of them, and so that one with so many is not a small one. */
const PACKS = { ...TINY_PACKS, mostObjects: FILES, mostBytes: 1024 * 1024, mergeFrom: 1000 };
const textOf = (i: number) => `the text of file ${String(i).padStart(3, '0')}; `.repeat(10);

describe('a few unused objects in a large pack', () => {
  let made: TestStore;
  let session: Session;
  let ids: readonly ArtifactId[];

  beforeEach(async () => {
    made = await makeStore({ packLimits: PACKS });
    session = made.session;
    await mkdir(`${made.dir}/files`);
    const files = Array.from({ length: FILES }, (_, i) => `${made.dir}/files/${i}`);
    for (const [i, path] of files.entries()) await writeFile(path, textOf(i));
    const stored = await put(
      session,
      files.map((path) => ({ path })),
      {},
    );
    ids = stored.map(({ artifactId }) => artifactId);
  });

  const packs = async () => (await readdir(behind(session).layout.packs)).sort();
  const contentOf = async (id: ArtifactId): Promise<ObjectId> =>
    (await (await session.catalog()).get(id))!.content_hash;
  const reads = async (i: number) =>
    Buffer.from(await session.store.objects.read(await contentOf(ids[i]!))).toString() === textOf(i);
  const has = async (i: number) => session.store.objects.has(await contentOf(ids[i]!));
  const remove = (...some: number[]) => removeArtifacts(session, new Set(some.map((i) => ids[i]!)));

  it('stay, are said, and can be brought back', async () => {
    const before = await packs();
    const { reclaimed } = await remove(3, 4);
    expect(reclaimed).toMatchObject({
      sweep: 'done',
      swept: { objects: 0 },
      unswept: { objects: 4 },
      left: [],
    });
    // The report came, and nothing went.
    expect((await packs()).filter((name) => before.includes(name))).toEqual(before);
    expect(await session.store.reclaimer.batches()).toEqual([]);
    expect((await listTrash(session)).map((item) => [item.artifact_id, item.restorable_until])).toEqual(
      [ids[3], ids[4]].sort().map((id) => [id, undefined]),
    );
    await restore(session, [ids[3]!], { pin: false });
    expect(await reads(3)).toBe(true);
    expect((await collect(session)).reclaimed).toMatchObject({
      swept: { objects: 0 },
      unswept: { objects: 2 },
    });
  });

  it('are in a dry run as they are in the collection, and stay after the window too', async () => {
    await remove(3);
    made.clock.pass(10);
    const outlook = async (repack: boolean) =>
      (await planOutlook(session, (await planCollection(session, {})).header, { repack })).reclaimable;
    const { unreferenced, unswept } = await outlook(false);
    expect(unreferenced.objects).toBe(2);
    expect(unswept).toEqual(unreferenced);
    expect((await outlook(true)).unswept.objects).toBe(0);
    expect((await collect(session)).reclaimed.unswept).toEqual(unswept);
    expect(await reads(3)).toBe(true);
  });

  it('move to the trash with --repack, and when they are more than a tenth', async () => {
    await remove(3);
    expect((await collect(session, { repack: true })).reclaimed).toMatchObject({
      swept: { objects: 2 },
      unswept: { objects: 0 },
    });
    expect((await session.store.reclaimer.batches()).length).toBe(1);
    expect(await reads(3)).toBe(true);
    const { reclaimed } = await remove(10, 11, 12, 13, 14, 15, 16);
    expect(reclaimed).toMatchObject({ swept: { objects: 14 }, unswept: { objects: 0 } });
    for (let i = 0; i < FILES; i++) expect(await reads(i)).toBe(true);
  });

  it('are taken out at once when they are to be purged, with the others of their pack', async () => {
    await remove(3);
    await removeArtifacts(session, new Set([ids[5]!]), { purge: true });
    expect([await has(5), await reads(3), await reads(6)]).toEqual([false, true, true]);
    await remove(7);
    await purgeTrashed(session, new Set([ids[7]!]));
    expect(await has(7)).toBe(false);
    for (const name of await packs()) {
      const bytes = await readFile(`${behind(session).layout.packs}/${name}`);
      expect([name, bytes.includes(textOf(5).slice(0, 24)), bytes.includes(textOf(7).slice(0, 24))]).toEqual([
        name,
        false,
        false,
      ]);
    }
  });

  it('go when the trash is emptied, but not what was removed after it was shown', async () => {
    await remove(3);
    const seen = await seenTrash(session);
    await remove(4);
    expect((await emptyTrash(session, { seen })).emptied.map((item) => item.artifact_id)).toEqual([ids[3]]);
    expect([await has(3), await reads(4)]).toEqual([false, true]);
    expect((await collect(session, { emptyTrash: true })).reclaimed.unswept.objects).toBe(0);
    expect(await has(4)).toBe(false);
    for (let i = 5; i < FILES; i++) expect(await reads(i)).toBe(true);
  });

  it('go with another copy of theirs that is a file', async () => {
    const { layout } = behind(session);
    const twice = await contentOf(ids[3]!);
    await mkdir(layout.objectDir(twice), { recursive: true });
    await writeFile(layout.object(twice), textOf(3));
    const { reclaimed } = await remove(3);
    // Its manifest stays.
    expect(reclaimed).toMatchObject({ swept: { objects: 1 }, unswept: { objects: 1 } });
    expect((await stat(layout.trash)).isDirectory()).toBe(true);
    made.clock.pass(10);
    await collect(session);
    expect(await has(3)).toBe(false);
  });

  it('go at once without a trash window, since nobody is told that they could be brought back', async () => {
    await session.write('policy.set', [], async (tx) => {
      const retention = { ...DEFAULT_POLICY.retention, trash_days: 0 };
      const { id } = await tx.batch.addBytes(encodePolicy({ ...DEFAULT_POLICY, retention }));
      const from = (await session.catalog()).policyId;
      await tx.commit(() => ({
        type: 'policy_changed',
        payload: { from, to: id },
        ops: [{ op: 'set_policy', policy: id }],
      }));
    });
    const { reclaimed, irreversible } = await remove(3);
    expect(reclaimed.unswept.objects).toBe(0);
    expect([irreversible, await has(3), await reads(4)]).toEqual([[ids[3]], false, true]);
  });

  it('end with their window when they were a secret too that was purged before', async () => {
    const path = `${made.dir}/secret`;
    await writeFile(path, textOf(5));
    const [secret] = await put(session, [{ path }], { classification: 'high', ttl: 1 });
    expect((await removeArtifacts(session, new Set([secret!.artifactId]))).irreversible).toHaveLength(1);
    await remove(5);
    expect(await reads(5)).toBe(true);
    made.clock.pass(10);
    await collect(session);
    expect(await has(5)).toBe(false);
  });

  it('go with the index that lists them: without it nobody knows whose they are', async () => {
    const tree = `${made.dir}/tree`;
    await mkdir(tree);
    await writeFile(`${tree}/3`, textOf(3));
    // So that the list of them is no small object.
    for (let i = 100; i < 140; i++) await writeFile(`${tree}/${'long'.repeat(25)}${i}`, '');
    await remove(3);
    const [directory] = await put(session, [{ path: tree }], {});
    const removed = await removeArtifacts(session, new Set([directory!.artifactId]));
    // The manifest of the file.
    expect(removed.reclaimed.unswept.objects).toBe(1);
    made.clock.pass(10);
    await collect(session);
    expect([await has(3), await reads(4)]).toEqual([false, true]);
  });

  it('are not said to stay by a dry run if they are to be purged, and a collection was in the way', async () => {
    await remove(3);
    const other = await session.store.leases.exclusive('collector');
    await removeArtifacts(session, new Set([ids[5]!]), { purge: true, patience: IMPATIENT });
    await other!.release();
    expect(await reads(5)).toBe(true);
    const { unreferenced, unswept } = (await planOutlook(session, (await planCollection(session, {})).header))
      .reclaimable;
    expect([unreferenced.objects, unswept.objects < 4]).toEqual([4, true]);
    expect((await collect(session)).reclaimed.unswept).toEqual(unswept);
    expect(await has(5)).toBe(false);
  });

  it('cannot be read by the command that purged them out of a pack of the trash', async () => {
    await remove(3, 4);
    await collect(session, { repack: true });
    expect([await reads(3), await reads(4)]).toEqual([true, true]);
    await purgeTrashed(session, new Set([ids[3]!]));
    expect([await has(3), await reads(4)]).toEqual([false, true]);
  });

  it('go with the trash that was shown though a collection moved them to the trash since', async () => {
    await remove(3);
    const seen = await seenTrash(session);
    await remove(4);
    await collect(session, { repack: true });
    const { emptied } = await emptyTrash(session, { seen });
    expect(emptied.map((item) => item.artifact_id)).toEqual([ids[3]]);
    expect([await has(3), await reads(4)]).toEqual([false, true]);
  });
});
