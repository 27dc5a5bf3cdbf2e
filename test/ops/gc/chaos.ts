import type { RecordList } from '../../../src/core/catalog/record-list.js';
import type { Random } from '../../../src/core/effects.js';
import type { ArtifactId } from '../../../src/core/objects/ids.js';
import { isHsError } from '../../../src/errors/hs-error.js';
import type { Disk } from '../../../src/fsx/disk.js';
import { createBundle } from '../../../src/ops/bundle/create-bundle.js';
import { removeArtifacts } from '../../../src/ops/gc/remove-artifacts.js';
import { restore } from '../../../src/ops/gc/restore.js';
import { changePins } from '../../../src/ops/govern/pins.js';
import { put } from '../../../src/ops/put/put.js';
import type { Session } from '../../../src/ops/session/session.js';
import type { MemoryProcess } from '../../../src/store/memory/memory-state.js';
import type { MemoryStores } from '../../../src/store/memory/memory-stores.js';
import type { StoreHome } from '../../../src/store/port/backend.js';
import { openTestSession, type TestStoreOptions, TINY_PACKS, testStore } from '../../helpers/store.js';
import { brokenPromises, unreadable } from '../../sim/invariants.js';
import type { SimProcess } from '../../sim/process.js';
import { byStillClock } from '../../sim/repeatable.js';
import { Rng, seededRandom } from '../../sim/rng.js';
import { SimDisk } from '../../sim/sim-disk.js';
import { TestClock } from './helpers.js';
import { WORK } from './world.js';

/** Collects once, over and over; the real one or one that must lose. */
export type Collector = (session: Session) => Promise<unknown>;

export interface ChaosResult {
  readonly operations: number;
  readonly kills: number;
  readonly commits: number;
  readonly collections: number;
  readonly checks: number;
  /** What a live artifact could not read back, and which pinned one was gone. */
  readonly lost: readonly string[];
}

/** Another home of the store than a directory of the simulated disk. */
export interface Elsewhere {
  /** The store as a process sees it, in which it is named {@link WORK}. */
  seenBy(process: SimProcess, disk: Disk, random: Random): StoreHome;
  /** Entries in the ledger. */
  commits(): number;
}

export function elsewhereIn(memory: MemoryStores): Elsewhere {
  return {
    seenBy: (process, disk, random) => memory.seenBy({ process: inTurn(process), random, uid: 1000, disk }),
    commits: () => memory.stateOf(WORK).entries.size,
  };
}

const WRITERS = 4;
/** Few enough that most puts hit bytes that are there, or are just being swept. */
const CONTENTS = 6;
/** One operation in so many is the last of its process; a collection has far more of them than a put. */
const KILL_ONE_IN = { writer: 500, collector: 1500 };

/** What a process of the simulation does to a store in memory: a step in its turn, and none once it is dead. */
function inTurn(process: SimProcess): MemoryProcess {
  return {
    get alive() {
      return process.alive;
    },
    step: (what, act) => process.step('find', `/memory/${what}`, act),
  };
}

/** What two writers that race may fairly be told. */
function isFair(e: unknown): boolean {
  return isHsError(e, 'NOT_FOUND', 'CONFLICT', 'PINNED', 'OBJECT_MISSING', 'SOURCE_CHANGED');
}

class Chaos {
  readonly sim: SimDisk;
  readonly clock = new TestClock();
  readonly #rng: Rng;
  readonly #random: Random;
  readonly #collector: Collector;
  /** Pins whose setting was acknowledged and whose removal nobody began, by the one writer that has the name. */
  readonly #held = new Map<string, ArtifactId>();
  readonly lost = new Set<string>();
  kills = 0;
  collections = 0;
  checks = 0;
  #over = false;
  #serial = 0;

  readonly #packs: Pick<TestStoreOptions, 'packLimits'>;

  readonly #elsewhere: Elsewhere | undefined;

  constructor(seed: number, collector: Collector, elsewhere?: Elsewhere) {
    this.#elsewhere = elsewhere;
    // Every other world has its objects in packs.
    this.#packs = seed % 2 === 0 ? {} : { packLimits: TINY_PACKS };
    this.#rng = new Rng(seed);
    this.#random = seededRandom(this.#rng);
    this.#collector = collector;
    this.sim = new SimDisk({ seed, interleave: true, now: () => this.clock.ms });
  }

  async run(operations: number): Promise<void> {
    const { sim } = this;
    sim.plant.dir(WORK);
    for (let i = 0; i < CONTENTS; i++) {
      sim.plant.file(`/src/file${i}`, `content ${i}`);
      sim.plant.file(`/src/tree${i}/a`, `content ${i}`);
      sim.plant.file(`/src/tree${i}/b`, `content ${(i + 1) % CONTENTS}`);
    }
    await (await this.#open(testStore, 'init')).close();
    const begun = sim.operations;
    sim.inject(({ process }) => {
      this.clock.ms += 1;
      if (sim.operations - begun > operations) this.#over = true;
      if (this.#over || process === 'init' || process === 'checker') return undefined;
      const one = process === 'collector' ? KILL_ONE_IN.collector : KILL_ONE_IN.writer;
      if (!this.#rng.chance(1 / one)) return undefined;
      this.kills++;
      return 'kill';
    });
    await Promise.all([
      ...Array.from({ length: WRITERS }, (_, w) => this.#live(`writer${w}`, (s) => this.#write(s, w))),
      this.#live('collector', async (s) => {
        await this.#collector(s);
        this.collections++;
      }),
      this.#live('checker', (s) => this.#check(s)),
    ]);
    await this.#check(await this.#open(openTestSession, 'checker'));
  }

  #open(how: typeof openTestSession, name: string): Promise<Session> {
    return how(WORK, this.#optionsOf(this.sim.process(name)));
  }

  #optionsOf(process: SimProcess): TestStoreOptions {
    return {
      disk: process,
      clock: this.clock,
      random: this.#random,
      useIndex: false,
      ...this.#packs,
      ...(this.#elsewhere && { stores: this.#elsewhere.seenBy(process, process, this.#random) }),
    };
  }

  /** A process that works until it is killed, and then another one, until the end. */
  async #live(name: string, work: (session: Session) => Promise<void>): Promise<void> {
    while (!this.#over) {
      const process = this.sim.process(name);
      const outcome = await process.run(async () => {
        const adds = name.startsWith('writer');
        const session = await openTestSession(WORK, { ...this.#optionsOf(process), adds });
        while (!this.#over) await work(session);
      });
      if (outcome.status === 'failed') throw outcome.error;
    }
  }

  async #write(session: Session, writer: number): Promise<void> {
    try {
      await this.#act(session, writer);
    } catch (e) {
      // A member of a bundle that cannot be read was lost.
      if (isHsError(e, 'INTEGRITY')) this.lost.add(e.message);
      else if (!isFair(e)) throw e;
    }
  }

  async #act(session: Session, writer: number): Promise<void> {
    const rng = this.#rng;
    const dice = rng.below(11);
    const isPut = dice < 4;
    if (!isPut) await session.store.anchor.confirm();
    const catalog = await session.catalog();
    const some = async (records: RecordList) => {
      const all = await records.all();
      return all.length === 0 ? undefined : rng.pick(all).artifact_id;
    };
    if (dice === 10) {
      const all = (await catalog.live().all()).filter((r) => r.kind !== 'bundle' && r.kind !== 'report');
      if (all.length > 1) await createBundle(session, [rng.pick(all).artifact_id, rng.pick(all).artifact_id]);
    } else if (isPut) {
      const path = `/src/${rng.chance(0.5) ? 'file' : 'tree'}${rng.below(CONTENTS)}`;
      const sensitive = rng.chance(0.3);
      await put(session, [{ path }], {
        ...(rng.chance(0.7) || sensitive ? { ttl: 0 } : {}),
        ...(sensitive ? { classification: 'high' } : {}),
      });
    } else if (dice < 6) {
      const id = await some(catalog.live());
      if (id === undefined) return;
      const name = `w${writer}-${this.#serial++}`;
      await changePins(session, [{ change: 'pin', id, name }]);
      this.#held.set(name, id);
    } else if (dice < 8) {
      const mine = [...this.#held].filter(([name]) => name.startsWith(`w${writer}-`));
      if (mine.length === 0) return;
      const [name, id] = rng.pick(mine);
      this.#held.delete(name);
      await changePins(session, [{ change: 'unpin', id, name }]);
    } else if (dice < 9) {
      const id = await some(catalog.removed());
      if (id !== undefined) await restore(session, [id], { pin: false });
    } else {
      const id = await some(catalog.live());
      if (id !== undefined)
        await removeArtifacts(session, new Set([id]), { patience: { ms: 0, wait: async () => {} } });
    }
  }

  /** Reads back everything that is live, under a lease, and looks for every pin that was acknowledged. */
  async #check(session: Session): Promise<void> {
    await session.read(async () => {
      const held = [...this.#held];
      const catalog = await session.store.foldFromLedger();
      const pinned = new Map(held.filter(([name]) => this.#held.has(name)));
      const lost = [...(await brokenPromises(catalog, { pinned })), ...(await unreadable(session, catalog))];
      for (const what of lost) this.lost.add(what);
    });
    this.checks++;
  }
}

/**
 * Four writers that put, bundle, pin, unpin, restore and remove, a collector in a loop and one that checks, on
 * one simulated disk, or `elsewhere`; all but the checker are killed at random. The seed decides everything.
 */
export async function chaos(
  seed: number,
  operations: number,
  collector: Collector,
  elsewhere?: Elsewhere,
): Promise<ChaosResult> {
  const world = new Chaos(seed, collector, elsewhere);
  await byStillClock(() => world.run(operations));
  const { kills, collections, checks, lost } = world;
  const files = () => world.sim.tree(`${WORK}/.hsstore/ledger`).filter((path) => path.endsWith('.json'));
  const commits = elsewhere?.commits() ?? files().length;
  return { operations: world.sim.operations, kills, commits, collections, checks, lost: [...lost] };
}
