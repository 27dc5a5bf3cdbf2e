import type { ArtifactId } from '../../../src/core/objects/ids.js';
import type { Disk } from '../../../src/fsx/disk.js';
import { collect } from '../../../src/ops/gc/collect-garbage.js';
import { removeArtifacts } from '../../../src/ops/gc/remove-artifacts.js';
import { changePins } from '../../../src/ops/govern/pins.js';
import { put } from '../../../src/ops/put/put.js';
import type { Session } from '../../../src/ops/session/session.js';
import { openTestSession, type TestStoreOptions, TINY_PACKS, testStore } from '../../helpers/store.js';
import { SimDisk } from '../../sim/sim-disk.js';
import { TestClock } from './helpers.js';

export const WORK = '/w';

/** How objects are kept, each in a file or all in packs; and whose randomness names what is made. */
export type Kept = Pick<TestStoreOptions, 'packLimits' | 'random'>;
export const IN_FILES: Kept = {};
export const IN_PACKS: Kept = { packLimits: TINY_PACKS };

export function openSim(disk: Disk, clock: TestClock, kept = IN_FILES): Promise<Session> {
  return openTestSession(WORK, { disk, clock, useIndex: false, ...kept });
}

export interface World {
  readonly sim: SimDisk;
  readonly clock: TestClock;
  readonly ids: Readonly<Record<'over' | 'secret' | 'pinned' | 'tree' | 'sharing' | 'removed', ArtifactId>>;
}

/**
 * A store on a simulated disk with something for every step of a collection: an expired file, an expired
 * secret, an expired tree that shares a file with what stays, a pinned one, and trash that is due.
 */
export async function makeWorld(kept = IN_FILES): Promise<World> {
  const sim = new SimDisk();
  const clock = new TestClock();
  sim.plant.dir(WORK);
  for (const name of ['over', 'secret', 'pinned', 'removed'])
    sim.plant.file(`/src/${name}`, `bytes of ${name}`);
  sim.plant.file('/src/tree/shared', 'shared');
  sim.plant.file('/src/tree/own', 'own');
  sim.plant.file('/src/shared', 'shared');
  const session = await testStore(WORK, { disk: sim.process('init'), clock, useIndex: false, ...kept });
  const store = async (path: string, options: Parameters<typeof put>[2]) =>
    (await put(session, [{ path: `/src/${path}` }], options))[0]!.artifactId;
  const ids = {
    over: await store('over', { ttl: 9 }),
    secret: await store('secret', { ttl: 9, classification: 'high' }),
    pinned: await store('pinned', { ttl: 9 }),
    tree: await store('tree', { ttl: 9 }),
    sharing: await store('shared', { ttl: 99 }),
    removed: await store('removed', {}),
  };
  await changePins(session, [{ change: 'pin', id: ids.pinned, name: 'hold' }]);
  await removeArtifacts(session, new Set([ids.removed]));
  await session.close();
  clock.pass(10);
  sim.settle();
  return { sim, clock, ids };
}

/** A collection by a process of its own. */
export async function collectOn(disk: Disk, clock: TestClock, kept = IN_FILES): Promise<void> {
  const session = await openSim(disk, clock, kept);
  await collect(session);
  await session.close();
}
