import { describe, expect, it, vi } from 'vitest';
import { HsError } from '../../src/errors/hs-error.js';
import { checkStore } from '../../src/ops/doctor/check-store.js';
import { exportArtifact } from '../../src/ops/export/export.js';
import { assumeDead } from '../../src/ops/gc/collect-garbage.js';
import { appendNote } from '../../src/ops/govern/ledger-note.js';
import { put } from '../../src/ops/put/put.js';
import { openTestSession, testStore } from '../helpers/store.js';
import { SimDisk } from '../sim/sim-disk.js';

const OPTIONS = { useIndex: false } as const;
const EXPORT_ID = '00000000-0000-4000-8000-000000000000';

async function store() {
  const sim = new SimDisk();
  for (const dir of ['/w', '/out', '/home']) sim.plant.dir(dir);
  sim.plant.file('/src/a.txt', 'a');
  const session = await testStore('/w', { disk: sim.process('init'), ...OPTIONS });
  await put(session, [{ path: '/src/a.txt' }], { name: 'a' });
  await session.close();
  const warnings: string[] = [];
  const open = (process: string) =>
    openTestSession('/w', { disk: sim.process(process), warn: (text) => warnings.push(text), ...OPTIONS });
  return { sim, open, warnings };
}

/** An export that was killed with its file staged in /out, and what is to be done there is refused from then on. */
async function unfinishable(code: string, operation: string) {
  const { sim, open, warnings } = await store();
  const killed = sim.inject((o) =>
    o.process === 'export' && o.operation === 'link' && o.path.endsWith('/dest') ? 'kill' : undefined,
  );
  const session = await open('export');
  exportArtifact(session, { artifact: 'a', place: { kind: 'path', path: '/out/dest' } }).catch(() => {});
  for (let before = -1; before !== sim.operations; ) {
    before = sim.operations;
    for (let i = 0; i < 5; i++) await new Promise(setImmediate);
  }
  killed();
  const mend = sim.inject((o) =>
    o.operation === operation && o.path.includes('.hs-tmp-') ? { fail: code } : undefined,
  );
  const next = await open('next');
  const [token] = await next.store.leases.list();
  expect(sim.tree('/out')).toHaveLength(1);
  return { sim, open, warnings, next, token: token!, mend };
}

describe('leftovers of a dead command that cannot be cleared now', () => {
  it.each([
    ['EROFS', 'unlink'],
    ['EACCES', 'lstat'],
    ['EIO', 'unlink'],
  ])('is told of and left alone, and stops no command (%s at %s)', async (code, operation) => {
    const { sim, warnings, next, token, mend } = await unfinishable(code, operation);
    await appendNote(next, 'goes on');
    expect((await next.catalog()).head.seq).toBeGreaterThan(0);
    expect(warnings).toEqual([expect.stringMatching(`${token}.*'/out/dest'.*${code}`)]);
    expect(await next.store.leases.list()).toEqual([token]);
    mend();
    await appendNote(next, 'clears it');
    expect([await next.store.leases.list(), sim.tree('/out'), warnings.length]).toEqual([[], [], 1]);
  });

  it('are reported by hs doctor, with their place and how to abandon them', async () => {
    const { open, token } = await unfinishable('EROFS', 'unlink');
    const checks = await checkStore(await open('doctor'));
    expect(checks.find((c) => c.check === 'lease')).toMatchObject({
      found: expect.stringContaining("beside '/out/dest'"),
      mend: expect.stringContaining(`hs gc --assume-dead ${token}`),
    });
  });

  it('can be judged by others after a command that could not ask for the head', async () => {
    const { open, next, mend } = await unfinishable('EROFS', 'unlink');
    const busy = new HsError('SYSTEM', 'the service is busy');
    const confirm = vi.spyOn(next.store.anchor, 'confirm').mockRejectedValue(busy);
    await expect(appendNote(next, 'does not get so far')).rejects.toBe(busy);
    expect(confirm).toHaveBeenCalled();
    mend();
    await appendNote(await open('other'), 'clears it');
    expect(await next.store.leases.list()).toEqual([]);
  });

  it('is given up on the word of a person, without another try', async () => {
    const { sim, warnings, next, token } = await unfinishable('EROFS', 'unlink');
    await assumeDead(next, [token]);
    expect([await next.store.leases.list(), warnings, sim.tree('/out').length]).toEqual([[], [], 1]);
  });

  it('is a journal that cannot be understood, which doctor says too', async () => {
    const { open, warnings } = await store();
    const writer = await open('writer');
    const lease = await writer.store.leases.take();
    for (const record of [
      { after_seq: 0, config: { mtime: 0, with_manifest: false }, export_id: EXPORT_ID, journal: 'export' },
      { export_id: EXPORT_ID, journal: 'staging', staging: { path: 7 } },
    ]) {
      await lease.journal(record);
    }
    const { token } = lease;
    lease.abandon();
    await lease.release();
    const next = await open('next');
    await appendNote(next, 'goes on');
    expect(warnings).toEqual([expect.stringContaining(token)]);
    const told = (await checkStore(await open('doctor'))).find((c) => c.check === 'lease');
    expect(told?.found).toContain('journal of a materialization');
  });
});
