import type { Random } from '../../src/core/effects.js';
import { isObjectId } from '../../src/core/objects/ids.js';
import { isHsError } from '../../src/errors/hs-error.js';
import type { Disk } from '../../src/fsx/disk.js';
import type { Http, HttpRequest } from '../../src/fsx/http.js';
import { mark } from '../../src/store/collector/mark.js';
import { IndexReader } from '../../src/store/objects/index-reader.js';
import { s3Stores } from '../../src/store/s3/s3-stores.js';
import { TINY_PACKS } from '../helpers/store.js';
import type { Collector, Elsewhere } from '../ops/gc/chaos.js';
import { removeExpired } from '../ops/gc/naive-collectors.js';
import type { SimProcess } from '../sim/process.js';
import { Rng } from '../sim/rng.js';
import { FakeS3, type Fate } from './fake-s3.js';
import { fakeEnvironment, URL_OF_STORE } from './on-fake.js';
import { Truth } from './truth.js';

const FATES: readonly Fate[] = ['dropped', 'unanswered', 'late', 'repeated', 'busy'];

export interface BadNetwork extends Elsewhere {
  readonly fake: FakeS3;
  readonly truth: Truth;
}

/**
 * A service behind a network that loses, delays and repeats requests and answers, and lists the past, as simulated
 * processes see it, each on a machine of its own. `change`: what a broken client sends instead.
 */
export function onBadNetwork(
  seed: number,
  change: (request: HttpRequest) => HttpRequest = (request) => request,
): BadNetwork {
  const rng = new Rng(seed * 31 + 7);
  const fake = new FakeS3();
  const truth = new Truth(fake, 'some/prefix');
  let isBad = false;
  fake.fate = () => (isBad && rng.chance(0.06) ? rng.pick(FATES) : 'served');
  fake.isStale = () => isBad && rng.chance(0.1);
  const clientOf = (process: SimProcess): Http => ({
    close: () => undefined,
    send: (request) =>
      process.step('find', '/s3', () => {
        // What was sent long ago, by a process that may be dead, arrives now.
        if (fake.inFlight > 0 && rng.chance(0.03)) fake.land((count) => rng.below(count));
        return fake.decide(change(request));
      }),
  });
  return {
    fake,
    truth,
    commits: () => truth.commits,
    lost: () => [...truth.lost],
    seenBy: (process: SimProcess, disk: Disk, random: Random) => {
      const stores = s3Stores({
        disk,
        random,
        // Every other world has each object at a key of its own.
        ...(seed % 2 === 0 ? {} : { packLimits: { ...TINY_PACKS, objectBytes: 0 } }),
        env: fakeEnvironment(`/home/${process.name}`),
        http: () => clientOf(process),
        clock: { now: () => Date.parse('2026-06-01T00:00:00Z') },
        wait: async () => undefined,
        runProcess: async () => '',
      });
      return {
        open: () => stores.open(URL_OF_STORE),
        create: async (request, clock) => {
          const made = await stores.create({ ...request, workspace: URL_OF_STORE }, clock);
          isBad = true;
          return made;
        },
        around: async () => undefined,
      };
    },
  };
}

/** Every key as if there were no epochs: names are used again after they were condemned. */
export function withoutEpochs(request: HttpRequest): HttpRequest {
  return { ...request, target: request.target.replace(/(?<=\/[op]\/[0-9a-f]{64}\/)\d{10}/, '0000000000') };
}

/**
 * Deletes unreachable objects that were written so many changes ago, and condemns nothing: what collectors do that trust
 * a grace age. A writer that found such an object before, and names it after, loses it.
 */
export function deleteByAge({ fake }: BadNetwork, grace: number): Collector {
  return async (session) => {
    try {
      await removeExpired(session);
      const { store } = session;
      const { reachable } = await mark(store, new IndexReader(store.objects));
      for (const key of [...fake.objects.keys()]) {
        const id = /\/o\/([0-9a-f]{64})\//.exec(key)?.[1];
        if (id === undefined || !isObjectId(id) || reachable.has(id) || fake.age(key) < grace) continue;
        // A look at each, as it would be deleted: others go on meanwhile.
        if ((await store.objects.sizeInUse(id)) !== undefined) fake.remove(key);
      }
    } catch (e) {
      // What it deleted may be what it needs next.
      if (!isHsError(e)) throw e;
    }
  };
}
