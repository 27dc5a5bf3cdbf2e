import { describe, expect, it } from 'vitest';
import { appendNote } from '../../../src/ops/govern/ledger-note.js';
import { put } from '../../../src/ops/put/put.js';
import { openTestSession, testStore } from '../../helpers/store.js';
import { SimDisk } from '../../sim/sim-disk.js';
import { errorsOf, exportRecords, moved, readAll } from './helpers.js';

const OPTIONS = { useIndex: false } as const;
/** Two artifacts a batch: two batches and a rest. */
const LIMITS = { artifacts: 2, bytes: 1e9 };

/** Two stores on one simulated disk, and five artifacts in the first. */
async function prepare(): Promise<SimDisk> {
  const sim = new SimDisk();
  for (const dir of ['/from', '/to']) {
    sim.plant.dir(dir);
    await (await testStore(dir, { disk: sim.process(`init ${dir}`), ...OPTIONS })).close();
  }
  const session = await openTestSession('/from', { disk: sim.process('put'), ...OPTIONS });
  for (let i = 0; i < 5; i++) {
    sim.plant.file(`/src/${i}/a.txt`, 'same');
    sim.plant.file(`/src/${i}/b.txt`, `${i}`);
    await put(session, [{ path: i % 2 === 0 ? `/src/${i}` : `/src/${i}/b.txt` }], { name: `${i}` });
  }
  await session.close();
  sim.settle();
  return sim;
}

async function open(sim: SimDisk, process: string) {
  const disk = sim.process(process);
  return {
    from: await openTestSession('/from', { disk, ...OPTIONS }),
    to: await openTestSession('/to', { disk, ...OPTIONS }),
  };
}

async function push(sim: SimDisk, process = 'push') {
  const { from, to } = await open(sim, process);
  return moved(from, to, {}, LIMITS);
}

async function idle(sim: SimDisk): Promise<void> {
  for (let quiet = 0, before = -1; quiet < 3; quiet = before === sim.operations ? quiet + 1 : 0) {
    before = sim.operations;
    await new Promise(setImmediate);
  }
}

describe('a transfer', () => {
  for (const [death, at, step] of [
    ['SIGKILL', 'killAt', 7],
    ['a power cut', 'crashAt', 11],
  ] as const) {
    it(`continues after ${death} at any operation: nothing half-visible, nothing lost, all on record`, async () => {
      const base = await prepare();
      const probe = base.afterCrash(0);
      const from = probe.operations;
      await push(probe);
      const operations = probe.operations - from;
      const counts = new Set<number>();
      for (let n = 1; n <= operations; n += step) {
        const said = `${death} at operation ${n} of ${operations}`;
        const sim = base.afterCrash(n);
        sim[at](n);
        push(sim).catch(() => {});
        await idle(sim);
        const { to } = await open(sim, 'look');
        // Whole artifacts alone: each object that an entry names is there.
        counts.add((await readAll(to)).length);
        expect(errorsOf(await push(sim, 'again')), said).toEqual([]);
        const { from: source, to: target } = await open(sim, 'check');
        expect(await readAll(target), said).toEqual(await readAll(source));
        for (const session of [source, target]) await appendNote(session, 'next');
        // Each decision has its record, and no command left anything behind.
        const decided = [];
        for await (const { entry } of source.store.ledger.walk())
          if (entry.type === 'export_decided') decided.push(entry);
        expect(await exportRecords(source), said).toHaveLength(decided.length);
        for (const { store } of [source, target]) expect(await store.leases.list(), said).toEqual([]);
      }
      // The deaths fell before, between and after the batches.
      expect([...counts].sort()).toEqual(expect.arrayContaining([0, 2, 4]));
    }, 120_000);
  }

  it('that finds the disk full reports it, registers nothing of that batch, and continues once there is room', async () => {
    const sim = await prepare();
    let left = 12;
    const mend = sim.inject(({ operation, path }) =>
      path.startsWith('/to/') && /^(write|open:create)/.test(operation) && left-- <= 0
        ? { fail: 'ENOSPC' }
        : undefined,
    );
    await expect(push(sim)).rejects.toMatchObject({ code: 'ENOSPC' });
    mend();
    const { from, to } = await open(sim, 'look');
    expect((await readAll(to)).length).toBeLessThan(5);
    expect((await exportRecords(from)).at(-1)).toMatchObject({ outcome: 'failed' });
    expect(errorsOf(await push(sim, 'again'))).toEqual([]);
    expect(await readAll(to)).toEqual(await readAll(from));
  });

  it('that cannot tell whether its artifacts are registered records that they left', async () => {
    const sim = await prepare();
    let linked = false;
    const mend = sim.inject(({ operation, path }) => {
      if (!path.startsWith('/to/.hsstore/ledger')) return undefined;
      linked ||= operation === 'link';
      return linked && operation === 'syncDir' ? { fail: 'EIO' } : undefined;
    });
    await expect(push(sim)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    mend();
    const { from, to } = await open(sim, 'look');
    const [record, ...more] = await exportRecords(from);
    expect([record!.outcome, record!.source_hashes.length, record!.errors.length, more]).toEqual([
      'done',
      2,
      1,
      [],
    ]);
    expect(await readAll(to)).toHaveLength(2);
  });

  it('that is refused, and cannot write that record, leaves it to the next command beside that of what went', async () => {
    const sim = await prepare();
    const planting = await openTestSession('/from', { disk: sim.process('put'), ...OPTIONS });
    sim.plant.file('/src/secret', 'secret');
    await put(planting, [{ path: '/src/secret' }], { name: 'secret', classification: 'high', ttl: 30 });
    await planting.close();
    let entries = 0;
    // After the decisions about what goes and what stays.
    const mend = sim.inject(({ operation, path }) =>
      operation === 'link' && path.startsWith('/from/.hsstore/ledger/') && ++entries === 3
        ? { fail: 'ENOSPC' }
        : undefined,
    );
    const { from, to } = await open(sim, 'push');
    expect(errorsOf(await moved(from, to))).toHaveLength(1);
    mend();
    expect(await exportRecords(from)).toMatchObject([{ outcome: 'done' }]);
    const { from: source } = await open(sim, 'next');
    await appendNote(source, 'next');
    expect(await exportRecords(source)).toMatchObject([{ outcome: 'done' }, { outcome: 'refused' }]);
    expect(await source.store.leases.list()).toEqual([]);
  });

  it('of the same artifacts by two commands at once registers each once', async () => {
    const sim = await prepare();
    const results = await Promise.all([push(sim, 'one'), push(sim, 'two')]);
    for (const each of results) expect(errorsOf(each)).toEqual([]);
    const { from, to } = await open(sim, 'look');
    expect(await readAll(to)).toEqual(await readAll(from));
  });

  it('that is interrupted stops before the next object, and says so in its record', async () => {
    const sim = await prepare();
    const abort = new AbortController();
    const disk = sim.process('push');
    const from = await openTestSession('/from', { disk, ...OPTIONS, signal: abort.signal });
    const to = await openTestSession('/to', { disk, ...OPTIONS, signal: abort.signal });
    const progress = { ...to.progress };
    Object.defineProperty(from, 'progress', {
      value: { ...progress, advance: () => abort.abort(new Error('stopped')) },
    });
    await expect(moved(from, to, {}, LIMITS)).rejects.toThrow('stopped');
    const { from: source, to: target } = await open(sim, 'look');
    expect(await readAll(target)).toEqual([]);
    expect(await exportRecords(source)).toMatchObject([{ outcome: 'failed', errors: ['stopped'] }]);
  });
});
