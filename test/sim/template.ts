import type { ArtifactId } from '../../src/core/objects/ids.js';
import { ArtifactStore } from '../../src/library/artifact-store.js';
import { openTestSession, testStore } from '../helpers/store.js';
import { BUNDLE, OUT, SOURCES } from './calls.js';
import { Rng, seededRandom } from './rng.js';
import { SimDisk } from './sim-disk.js';

/** The two stores, each with a state directory of its own. */
export const HERE = '/w';
export const THERE = '/v';

export const STARTED = Date.parse('2026-06-01T00:00:00.000Z');

export interface Template {
  readonly sim: SimDisk;
  /** The artifact that is pinned as `kept`. */
  readonly kept: ArtifactId;
}

let made: Promise<Template> | undefined;

/** The disk that every run begins with: two stores with a few artifacts each, sources, and a bundle to import. */
export function template(): Promise<Template> {
  made ??= make();
  return made;
}

async function make(): Promise<Template> {
  const sim = new SimDisk({ now: () => STARTED });
  for (const dir of [HERE, THERE, OUT]) sim.plant.dir(dir);
  for (let i = 0; i < SOURCES; i++) {
    sim.plant.file(`/src/file${i}`, `content ${i}`);
    for (const name of ['a', 'b']) sim.plant.file(`/src/tree${i}/${name}`, `content ${i}`);
  }
  const process = sim.process('template');
  const options = {
    disk: process,
    useIndex: false,
    clock: { now: () => STARTED },
    random: seededRandom(new Rng(1)),
  };
  for (const dir of [HERE, THERE]) await (await testStore(dir, options)).close();
  const here = new ArtifactStore(await openTestSession(HERE, options));
  await here.put('/src/file0', { ttl: 0 });
  const { artifactId: kept } = await here.put('/src/tree0');
  await here.pin([kept], { name: 'kept' });
  const { artifactId: removed } = await here.put('/src/file1');
  await here.remove([removed]);
  const { artifactId: bundle } = await here.bundle([kept]);
  await here.export(bundle, BUNDLE, { format: 'tar' });
  await here.put('/src/tree1', { classification: 'high', ttl: 1 });
  await here.close();
  const there = new ArtifactStore(await openTestSession(THERE, options));
  await there.put('/src/tree2', { ttl: 0 });
  await there.close();
  sim.settle();
  return { sim, kept };
}
