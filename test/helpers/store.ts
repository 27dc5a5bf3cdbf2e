import type { Environment } from '../../src/core/effects.js';
import { toActor } from '../../src/core/policy/authorize.js';
import type { Disk } from '../../src/fsx/disk.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { type IndexPort, nodeIndex } from '../../src/fsx/sync-read-file.js';
import { systemClock, systemRandom } from '../../src/fsx/system-effects.js';
import { recovery } from '../../src/ops/recovery/finish-dead-leases.js';
import { openSession } from '../../src/ops/session/open-session.js';
import type { Recovery, Session } from '../../src/ops/session/session.js';
import type { SessionRequest } from '../../src/ops/session/session-request.js';
import { LocalBackend, type LocalPorts } from '../../src/store/local/local-backend.js';
import type { LocalParts } from '../../src/store/local/local-parts.js';
import { localStores } from '../../src/store/local/local-stores.js';
import type { PackLimits } from '../../src/store/local/objects/pack-writer.js';
import type { Backend, StoreHome } from '../../src/store/port/backend.js';
import { Store } from '../../src/store/store.js';

/** So small that nearly everything is packed, and packs are taken apart, rolled over and merged all the time. */
export const TINY_PACKS: PackLimits = {
  objectBytes: 4096,
  leastObjects: 2,
  leastBytes: 4096,
  aloneBytes: 4096,
  mostObjects: 8,
  mostBytes: 16 * 1024,
  mergeFrom: 3,
  indexFrom: 2,
};

/** An environment of its own: no test reads or writes the anchors of the person who runs it. */
export function testEnvironment(home: string, values: Record<string, string> = {}): Environment {
  const all: Record<string, string> = { HOME: home, XDG_STATE_HOME: `${home}/.state`, ...values };
  return {
    get: (name) => all[name],
    all: () => all,
    cwd: home,
    uid: process.getuid?.() ?? 0,
    umask: 0o022,
    userName: 'tester',
    home,
    platform: process.platform,
  };
}

export interface TestStoreOptions extends Partial<SessionRequest> {
  readonly allowSetClock?: boolean;
  /** Another one than the program has. */
  readonly recovery?: Recovery;
  /** False: fold the catalog in memory and leave `cache/` alone (simulated disks). */
  readonly useIndex?: boolean;
  /** Reads the index of a simulated disk. */
  readonly index?: IndexPort;
  /** Smaller ones than a real store has. */
  readonly packLimits?: PackLimits;
  /** False: packs are written as in a store without the feature `packs-2`. */
  readonly compresses?: boolean;
  /** Where the store lies; in a directory, if it is left out. */
  readonly stores?: StoreHome;
}

function requestFor(dir: string, disk: Disk, options: TestStoreOptions): SessionRequest {
  return {
    store: dir,
    writes: true,
    disk,
    clock: systemClock(),
    setClock: undefined,
    random: systemRandom(),
    environment: testEnvironment(dir),
    actor: 'human:tester',
    jobId: undefined,
    progress: { start: () => undefined, advance: () => undefined, done: () => undefined },
    signal: new AbortController().signal,
    warn: () => undefined,
    ...options,
  };
}

/** What a store in a directory stands on in a test. */
export function localPorts(request: SessionRequest, options: TestStoreOptions = {}): LocalPorts {
  const { disk, random, environment: env } = request;
  const { useIndex, index = nodeIndex, packLimits } = options;
  return {
    disk,
    random,
    env,
    ...(useIndex === false ? {} : { index }),
    ...(packLimits && { packLimits }),
  };
}

const openedBackends = new WeakMap<Store, Backend>();

async function open(request: SessionRequest, options: TestStoreOptions): Promise<Session> {
  const stores = options.stores ?? localStores(localPorts(request, options));
  let backend: Backend | undefined;
  const noting: StoreHome = {
    ...stores,
    open: async (named) => {
      const opened = await stores.open(named);
      backend = opened.backend;
      return opened;
    },
  };
  const session = await openSession(request, noting, options.recovery ?? recovery);
  openedBackends.set(session.store, backend!);
  const { compresses } = options;
  if (compresses !== undefined) Object.assign((backend as LocalBackend).parts, { compresses });
  return session;
}

/** The store as it lies on its disk, for tests that look behind the port. */
export function behind({ store }: Pick<Session, 'store'>): LocalParts & { readonly backend: LocalBackend } {
  const backend = openedBackends.get(store);
  if (!(backend instanceof LocalBackend)) throw new Error('this store does not lie in a directory');
  return { ...backend.parts, backend };
}

/** Opens a session on the store in `dir`. */
export function openTestSession(dir: string, options: TestStoreOptions = {}): Promise<Session> {
  return open(requestFor(dir, options.disk ?? nodeDisk(), options), options);
}

/** Makes a store in `dir` and opens a session on it. */
export async function testStore(dir: string, options: TestStoreOptions = {}): Promise<Session> {
  const request = requestFor(dir, options.disk ?? nodeDisk(), options);
  const { clock, random } = request;
  const stores = options.stores ?? localStores(localPorts(request, options));
  const made = await stores.create(
    { workspace: dir, actor: toActor('human:tester'), allowSetClock: options.allowSetClock ?? false },
    clock,
  );
  const store = new Store(made, { clock, random });
  await store.adopt();
  await store.close();
  return open(request, options);
}
