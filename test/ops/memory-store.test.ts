import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noProgress } from '../../src/core/effects.js';
import { isHsError } from '../../src/errors/hs-error.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { systemRandom } from '../../src/fsx/system-effects.js';
import { checkStore } from '../../src/ops/doctor/check-store.js';
import { exportArtifact } from '../../src/ops/export/export.js';
import { fsck } from '../../src/ops/fsck/fsck.js';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import { removeArtifacts } from '../../src/ops/gc/remove-artifacts.js';
import { restore } from '../../src/ops/gc/restore.js';
import { changePins } from '../../src/ops/govern/pins.js';
import { countObjects } from '../../src/ops/inspect/count-objects.js';
import { resolveObject } from '../../src/ops/naming/resolve-object.js';
import { put } from '../../src/ops/put/put.js';
import { verifyLedger } from '../../src/store/ledger/verify-ledger.js';
import { thisProgram } from '../../src/store/memory/memory-state.js';
import { MemoryStores } from '../../src/store/memory/memory-stores.js';
import { openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { IMPATIENT, TestClock } from './gc/helpers.js';

async function world() {
  const dir = await tmp();
  const clock = new TestClock();
  const memory = new MemoryStores();
  const stores = memory.seenBy({ process: thisProgram, random: systemRandom(), uid: 1000, disk: nodeDisk() });
  const session = await testStore(dir, { stores, clock });
  await writeFile(join(dir, 'a'), 'hello');
  return {
    dir,
    clock,
    session,
    state: memory.stateOf(dir),
    open: () => openTestSession(dir, { stores, clock }),
  };
}

const FSCK = { repair: false, secondOpinion: false, sample: 1 };

describe('a store in memory, used through the port only', () => {
  it('stores and exports files and trees', async () => {
    const { dir, session } = await world();
    await mkdir(join(dir, 'tree'));
    for (let i = 0; i < 40; i++) await writeFile(join(dir, 'tree', `${i}`), `file ${i}`);
    await put(session, [{ path: join(dir, 'a') }], { name: 'a' });
    await put(session, [{ path: join(dir, 'tree') }], { name: 'tree' });
    for (const artifact of ['a', 'tree']) {
      await exportArtifact(session, {
        artifact,
        place: { kind: 'path', path: join(dir, `out-${artifact}`) },
      });
    }
    expect(await readFile(join(dir, 'out-a'), 'utf8')).toBe('hello');
    expect(await readFile(join(dir, 'out-tree', '7'), 'utf8')).toBe('file 7');
  });

  it('removes, restores, collects and counts', async () => {
    const { dir, clock, session } = await world();
    const { artifactId } = (await put(session, [{ path: join(dir, 'a') }], { name: 'a' }))[0]!;
    await removeArtifacts(session, new Set([artifactId]));
    expect(await countObjects(session)).toMatchObject({ trash_batches: 1, trash_objects: 2 });
    expect((await restore(session, [artifactId], { pin: false })).restored).toHaveLength(1);
    const { content_hash: id } = (await (await session.catalog()).get(artifactId))!;
    expect(await resolveObject(session, id.slice(0, 8))).toBe(id);
    await removeArtifacts(session, new Set([artifactId]));
    clock.pass(30);
    const { reclaimed } = await collect(session, { patience: IMPATIENT });
    expect(reclaimed.purged.objects).toBeGreaterThanOrEqual(2);
    expect(await countObjects(session)).toMatchObject({ trash_objects: 0, staged: 0, leases: 0 });
    await expect(resolveObject(session, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is sound for fsck, the ledger and doctor', async () => {
    const { dir, session } = await world();
    const { artifactId: id } = (await put(session, [{ path: join(dir, 'a') }], {}))[0]!;
    await changePins(session, [{ change: 'pin', id, name: 'hold' }]);
    expect(await fsck(session, FSCK)).toMatchObject({ ok: true, findings: [], checked: { artifacts: 1 } });
    expect((await verifyLedger(session.store, noProgress, session.signal)).problems).toEqual([]);
    expect((await checkStore(session)).filter((c) => c.state === 'problem')).toEqual([]);
  });

  it('reports a corrupted object, and is repaired by putting the right bytes', async () => {
    const { dir, session, state } = await world();
    const { artifactId } = (await put(session, [{ path: join(dir, 'a') }], { name: 'a' }))[0]!;
    const { content_hash: id } = (await (await session.catalog()).get(artifactId))!;
    state.objects.set(id, Buffer.from('HELLO'));
    const { findings } = await fsck(session, FSCK);
    expect(findings.map((f) => f.severity)).toEqual(['damage', 'damage']);
    expect(findings[0]!.subject).toContain(id);
    const read = session.store.objects.read(id).catch((e: unknown) => e);
    expect(isHsError(await read, 'INTEGRITY')).toBe(true);
    await put(session, [{ path: join(dir, 'a') }], {});
    expect((await fsck(session, FSCK)).ok).toBe(true);
  });

  it('finishes the work of a dead command in the next one', async () => {
    const { session, open } = await world();
    const lease = await session.store.leases.take();
    await session.store.batch(lease.token).addBytes(Buffer.from('never published'));
    lease.abandon();
    await lease.release();
    const next = await open();
    expect((await next.store.inventory.staged()).map((s) => s.lease)).toEqual([lease.token]);
    await next.write('ledger.note', [], (tx) =>
      tx.commit(() => ({ type: 'note', payload: { text: 'next' } })),
    );
    expect([await next.store.inventory.staged(), await next.store.leases.list()]).toEqual([[], []]);
  });
});
