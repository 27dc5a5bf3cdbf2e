import { unlink } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { Disk } from '../../src/fsx/disk.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { systemRandom } from '../../src/fsx/system-effects.js';
import type { LocalBackend, LocalPorts } from '../../src/store/local/local-backend.js';
import { localStores } from '../../src/store/local/local-stores.js';
import type { PackLimits } from '../../src/store/local/objects/pack-writer.js';
import { thisProgram } from '../../src/store/memory/memory-state.js';
import { MemoryStores } from '../../src/store/memory/memory-stores.js';
import { TINY_PACKS, testEnvironment } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { FakeS3 } from '../s3/fake-s3.js';
import { storesOnFake, URL_OF_STORE } from '../s3/on-fake.js';
import { SimDisk } from '../sim/sim-disk.js';
import { create, damaged, opened, overwrite } from './contract/behind.js';
import { backendContract, CONTRACT_LENGTH } from './contract/contract.js';
import { onService } from './contract/on-service.js';
import type { Implementation, Subject } from './contract/subject.js';

const random = systemRandom();
const WORK = '/w';
/** Every small object in a pack, also one alone. */
const ALL_IN_PACKS: PackLimits = { ...TINY_PACKS, leastObjects: 1, leastBytes: 8192 };

async function inDirectory(packLimits: PackLimits | undefined): Promise<Subject> {
  const dir = await tmp();
  const env = testEnvironment(dir);
  const ports: LocalPorts = { disk: nodeDisk(), random, env, ...(packLimits && { packLimits }) };
  const stores = localStores(ports);
  await create(stores, dir);
  const [backend, other] = [await opened(stores, dir), await opened(stores, dir)];
  const { layout } = (backend as LocalBackend).parts;
  return {
    backend,
    other,
    damage: (id, bytes) => damaged(backend as LocalBackend, id, (path, at) => overwrite(path, bytes, at)),
    loseEntry: (seq) => unlink(layout.entry(seq)),
  };
}

async function onSimulatedDisk(): Promise<Subject> {
  const sim = new SimDisk();
  sim.plant.dir(WORK);
  const stores = (disk: Disk) => localStores({ disk, random, env: testEnvironment(WORK) });
  await create(stores(sim.process('init')), WORK);
  const behind = sim.process('behind');
  const backend = await opened(stores(sim.process('one')), WORK);
  const { layout } = (backend as LocalBackend).parts;
  return {
    backend,
    other: await opened(stores(sim.process('other')), WORK),
    damage: (id, bytes) =>
      damaged(backend as LocalBackend, id, async (path) => {
        await behind.unlink(path);
        await behind.writeFile(path, bytes, { mode: 0o444, sync: true });
      }),
    loseEntry: (seq) => behind.unlink(layout.entry(seq)),
  };
}

async function inMemory(): Promise<Subject> {
  const memory = new MemoryStores();
  const stores = memory.seenBy({ process: thisProgram, random, uid: 1000, disk: nodeDisk() });
  await create(stores, WORK);
  const state = memory.stateOf(WORK);
  return {
    backend: await opened(stores, WORK),
    other: await opened(stores, WORK),
    damage: async (id, bytes) => void state.objects.set(id, bytes),
    loseEntry: async (seq) => void state.entries.delete(seq),
  };
}

async function onFake(machines: 1 | 2): Promise<Subject> {
  const fake = new FakeS3();
  return onService((home) => storesOnFake(fake, home), URL_OF_STORE, machines);
}

const IMPLEMENTATIONS: readonly Implementation[] = [
  { name: 'a directory', make: () => inDirectory(undefined) },
  { name: 'a directory, all small objects in packs', make: () => inDirectory(ALL_IN_PACKS) },
  { name: 'a directory of a simulated disk', make: onSimulatedDisk },
  { name: 'memory', make: inMemory },
  { name: 'an S3 service', make: () => onFake(1) },
  { name: 'an S3 service, two machines', make: () => onFake(2), apart: true },
];

for (const implementation of IMPLEMENTATIONS) backendContract(implementation);

it(`the storage port: ${CONTRACT_LENGTH} promises, ${IMPLEMENTATIONS.length} implementations`, () => {
  expect(CONTRACT_LENGTH).toBeGreaterThan(35);
});
