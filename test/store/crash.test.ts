import { describe, expect, it } from 'vitest';
import type { Disk } from '../../src/fsx/disk.js';
import { put } from '../../src/ops/put/put.js';
import type { PackLimits } from '../../src/store/local/objects/pack-writer.js';
import { openTestSession, TINY_PACKS, testStore } from '../helpers/store.js';
import { forgetful } from '../sim/forgetful-disk.js';
import { readAll } from '../sim/invariants.js';
import { Rng, seededRandom } from '../sim/rng.js';
import { SimDisk } from '../sim/sim-disk.js';

const WORK = '/w';
const NOW = Date.parse('2026-06-01T00:00:00.000Z');
const OPTIONS = { useIndex: false, clock: { now: () => NOW } } as const;
/** Once with each object a file, and once with all of them in packs. */
const WAYS = [
  ['in files', undefined],
  ['in packs', TINY_PACKS],
] as const;

async function simulated(): Promise<SimDisk> {
  const sim = new SimDisk();
  sim.plant.dir(WORK);
  sim.plant.file('/src/a.txt', 'hello');
  sim.plant.file('/src/sub/b.txt', 'world');
  const random = seededRandom(new Rng(1));
  const session = await testStore(WORK, { disk: sim.process('init'), random, ...OPTIONS });
  await session.close();
  sim.settle();
  return sim;
}

/** With the same seed, the same operations each time: by chance, an object may lie in a directory that is there. */
async function putSource(disk: Disk, packLimits: PackLimits | undefined, seed = 2): Promise<void> {
  const random = seededRandom(new Rng(seed));
  const session = await openTestSession(WORK, {
    disk,
    random,
    ...OPTIONS,
    ...(packLimits && { packLimits }),
  });
  await put(session, [{ path: '/src' }], { name: 'tree' });
}

async function survivors(disk: Disk): Promise<number> {
  return (await readAll(await openTestSession(WORK, { disk, ...OPTIONS }))).length;
}

describe.each(WAYS)('a commit of objects %s', (_, packLimits) => {
  it('is complete or absent after a power failure at any operation', async () => {
    const probe = await simulated();
    const before = probe.operations;
    await putSource(probe.process('put'), packLimits);
    const operations = probe.operations - before;
    expect(operations).toBeGreaterThan(25);
    const seen = new Set<number>();
    for (let n = 1; n <= operations; n++) {
      const sim = await simulated();
      sim.crashAt(n);
      const process = sim.process('put');
      const outcome = await process.run(() => putSource(process, packLimits));
      expect(outcome.status).toBe('killed');
      for (let seed = 0; seed < 3; seed++) {
        const after = sim.afterCrash(seed);
        seen.add(await survivors(after.process('reader')));
      }
    }
    expect([...seen].sort()).toEqual([0, 1]);
  });

  it('that was acknowledged survives a power cut right after', async () => {
    const sim = await simulated();
    await putSource(sim.process('put'), packLimits);
    for (let seed = 0; seed < 50; seed++)
      expect(await survivors(sim.afterCrash(seed).process('reader'))).toBe(1);
  });

  it('would be lost or torn without fsync (the control that must lose)', async () => {
    const sim = await simulated();
    await putSource(forgetful(sim.process('put')), packLimits);
    let lost = 0;
    for (let seed = 0; seed < 50; seed++) {
      const count = await survivors(sim.afterCrash(seed).process('reader')).catch(() => 0);
      if (count === 0) lost++;
    }
    expect(lost).toBeGreaterThan(0);
  });

  it('leaves the store as it was when the disk is full at any write', async () => {
    for (let n = 1; n < 60; n++) {
      const sim = await simulated();
      sim.failAt(n, 'ENOSPC');
      const process = sim.process('put');
      await putSource(process, packLimits).catch(() => undefined);
      const session = await openTestSession(WORK, { disk: sim.process('reader'), ...OPTIONS });
      expect((await readAll(session)).length).toBeLessThanOrEqual(1);
      for await (const _ of session.store.ledger.walk());
    }
  });

  it('cleans up the staging of a killed command in the next writing command', async () => {
    const left = { tmp: 0, leases: 0 };
    for (let n = 1; ; n++) {
      const sim = await simulated();
      sim.killAt(n);
      const process = sim.process('put');
      const { status } = await process.run(() => putSource(process, packLimits));
      if (status !== 'killed') break;
      for (const dir of ['tmp', 'leases'] as const) left[dir] += sim.tree(`${WORK}/.hsstore/${dir}`).length;
      await putSource(sim.process('again'), packLimits, 3);
      const reader = sim.process('reader');
      expect(await reader.readdir(`${WORK}/.hsstore/tmp`)).toEqual([]);
      expect(await reader.readdir(`${WORK}/.hsstore/leases`)).toEqual([]);
    }
    expect(left.tmp).toBeGreaterThan(4);
    expect(left.leases).toBeGreaterThan(10);
  });
});
