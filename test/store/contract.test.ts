import { chmod, readFile, unlink, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { toActor } from '../../src/core/policy/authorize.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { Disk } from '../../src/fsx/disk.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { systemClock, systemRandom } from '../../src/fsx/system-effects.js';
import type { LocalBackend, LocalPorts } from '../../src/store/local/local-backend.js';
import { localStores } from '../../src/store/local/local-stores.js';
import type { PackLimits } from '../../src/store/local/objects/pack-writer.js';
import { thisProgram } from '../../src/store/memory/memory-state.js';
import { MemoryStores } from '../../src/store/memory/memory-stores.js';
import type { Backend, StoreHome } from '../../src/store/port/backend.js';
import { entryKey } from '../../src/store/s3/keys.js';
import type { S3Backend } from '../../src/store/s3/s3-backend.js';
import { TINY_PACKS, testEnvironment } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { FakeS3 } from '../s3/fake-s3.js';
import { storesOnFake, URL_OF_STORE } from '../s3/on-fake.js';
import { SimDisk } from '../sim/sim-disk.js';
import { backendContract, CONTRACT_LENGTH } from './contract/contract.js';
import type { Implementation, Subject } from './contract/subject.js';

const random = systemRandom();
const WORK = '/w';
/** Every small object in a pack, also one alone. */
const ALL_IN_PACKS: PackLimits = { ...TINY_PACKS, leastObjects: 1, leastBytes: 8192 };

async function create(stores: StoreHome, workspace: string): Promise<void> {
  const made = await stores.create(
    { workspace, actor: toActor('human:tester'), allowSetClock: false },
    systemClock(),
  );
  await made.close();
}

const opened = async (stores: StoreHome, workspace: string): Promise<Backend> =>
  (await stores.open(workspace)).backend;

async function overwrite(path: string, bytes: Uint8Array, at: number): Promise<void> {
  const now = await readFile(path);
  now.set(bytes, at);
  await chmod(path, 0o600);
  await writeFile(path, now);
  await chmod(path, 0o444);
}

/** Other bytes of the same length where an object lies, in a file or in a pack. */
async function damaged(
  { parts }: LocalBackend,
  id: Parameters<Subject['damage']>[0],
  change: (path: string, at: number) => Promise<void>,
) {
  const { files, layout } = parts;
  if ((await files.sizeOfFile(id)) !== undefined) return change(layout.object(id), 0);
  await files.refresh();
  const packed = await files.packs?.find(id);
  if (packed === undefined) throw new HsError('OBJECT_MISSING', 'nothing to damage');
  await change(packed.pack.path, packed.offset);
  // What was read ahead is not what lies there.
  await packed.pack.close();
}

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

/** Another machine has a mirror of its own; another process of this one has the same. */
async function onService(machines: 1 | 2): Promise<Subject> {
  const fake = new FakeS3();
  const home = await tmp();
  const stores = storesOnFake(fake, home);
  await create(stores, URL_OF_STORE);
  const backend = (await opened(stores, URL_OF_STORE)) as S3Backend;
  const others = machines === 1 ? stores : storesOnFake(fake, await tmp());
  const other = (await opened(others, URL_OF_STORE)) as S3Backend;
  return {
    backend,
    other,
    damage: async (id, bytes) => {
      const { fetcher, mirror } = backend.parts;
      fetcher.forget();
      const { copies, packs } = (await fetcher.contents()).placesOf(id);
      const at = packs[0]?.index.find(id)?.offset ?? 0;
      const key = (packs[0]?.copies ?? copies)[0]!.key;
      const { objects } = fake;
      objects.get(`some/prefix/${key}`)!.set(bytes, at);
      await damaged(mirror.local, id, (path, from) => overwrite(path, bytes, from));
    },
    loseEntry: async (seq) => void fake.objects.delete(`some/prefix/${entryKey(seq)}`),
  };
}

const IMPLEMENTATIONS: readonly Implementation[] = [
  { name: 'a directory', make: () => inDirectory(undefined) },
  { name: 'a directory, all small objects in packs', make: () => inDirectory(ALL_IN_PACKS) },
  { name: 'a directory of a simulated disk', make: onSimulatedDisk },
  { name: 'memory', make: inMemory },
  { name: 'an S3 service', make: () => onService(1) },
  { name: 'an S3 service, two machines', make: () => onService(2), apart: true },
];

for (const implementation of IMPLEMENTATIONS) backendContract(implementation);

it(`the storage port: ${CONTRACT_LENGTH} promises, ${IMPLEMENTATIONS.length} implementations`, () => {
  expect(CONTRACT_LENGTH).toBeGreaterThan(35);
});
