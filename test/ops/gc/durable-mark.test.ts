import { describe, expect, it } from 'vitest';
import { collect } from '../../../src/ops/gc/collect-garbage.js';
import { reclaimTrash } from '../../../src/ops/gc/empty-trash.js';
import { removeArtifacts } from '../../../src/ops/gc/remove-artifacts.js';
import type { Session } from '../../../src/ops/session/session.js';
import { readAll } from '../../sim/invariants.js';
import type { SimDisk } from '../../sim/sim-disk.js';
import { IMPATIENT } from './helpers.js';
import { collectOn, makeWorld, openSim, type World } from './world.js';

const world: World = await makeWorld();
const { clock, ids } = world;

/** A removal that another process can see and a power cut can take back: killed before its directory's fsync. */
async function removedNotDurably(): Promise<SimDisk> {
  const sim = world.sim.afterCrash(1);
  // A collection that finds nothing to prune appends no entry, whose fsync would cover the removal.
  await collectOn(sim.process('before'), clock);
  sim.settle();
  let linked = false;
  const stop = sim.inject(({ operation, path }) => {
    if (linked && operation === 'syncDir') return 'kill';
    linked ||= operation === 'link' && path.includes('/ledger/');
    return undefined;
  });
  const rm = sim.process('rm');
  const outcome = await rm.run(async () => {
    const session = await openSim(rm, clock);
    await removeArtifacts(session, new Set([ids.sharing]), { purge: true, patience: IMPATIENT });
  });
  stop();
  expect([linked, outcome.status]).toEqual([true, 'killed']);
  return sim;
}

describe('a removal that is not durable yet', () => {
  it.each<[string, (session: Session) => Promise<unknown>]>([
    ['gc', (session) => collect(session, { patience: IMPATIENT })],
    ['gc --empty-trash', (session) => reclaimTrash(session, IMPATIENT)],
  ])('costs no live artifact its bytes when %s purges by it and the power is cut', async (_, act) => {
    const sim = await removedNotDurably();
    const gc = sim.process('gc');
    let unlinked = 0;
    sim.inject(({ process, operation, path }) => {
      if (process !== 'gc') return undefined;
      if (operation === 'unlink' && path.includes('/trash/')) unlinked++;
      // Its own entry, of what it purged, would make the removal durable.
      return unlinked > 0 && operation === 'link' ? 'kill' : undefined;
    });
    await gc.run(async () => act(await openSim(gc, clock)));
    expect(unlinked).toBeGreaterThan(0);
    for (let seed = 0; seed < 40; seed++) {
      await readAll(await openSim(sim.afterCrash(seed).process('reader'), clock));
    }
  });

  it('frees nothing if it cannot be made durable', async () => {
    const sim = await removedNotDurably();
    sim.inject(({ process, operation, path }) =>
      process === 'gc' && operation === 'syncDir' && path.includes('/ledger/') ? { fail: 'EIO' } : undefined,
    );
    const gc = sim.process('gc');
    await expect(openSim(gc, clock).then((s) => reclaimTrash(s, IMPATIENT))).rejects.toMatchObject({
      code: 'EIO',
    });
    for (let seed = 0; seed < 10; seed++) {
      await readAll(await openSim(sim.afterCrash(seed).process('reader'), clock));
    }
  });
});
