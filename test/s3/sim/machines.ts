import type { Random } from '../../../src/core/effects.js';
import type { Disk } from '../../../src/fsx/disk.js';
import type { HttpRequest } from '../../../src/fsx/http.js';
import { surroundDisk } from '../../../src/fsx/surround-disk.js';
import type { Session } from '../../../src/ops/session/session.js';
import { s3Stores } from '../../../src/store/s3/s3-stores.js';
import { openTestSession, TINY_PACKS, testStore } from '../../helpers/store.js';
import type { SimProcess } from '../../sim/process.js';
import { Rng, seededRandom } from '../../sim/rng.js';
import { SimDisk } from '../../sim/sim-disk.js';
import { FakeS3, type Fate } from '../fake-s3.js';
import { grow } from '../long-ledger.js';
import { fakeEnvironment } from '../on-fake.js';
import { Truth } from '../truth.js';
import { type Mishap, Turns } from './turns.js';

/** Two stores of one bucket. */
export const PREFIXES = { here: 'some/prefix', there: 'another' } as const;
export type Place = keyof typeof PREFIXES;
export const CONTENTS = 6;

const FATES: readonly Fate[] = ['dropped', 'unanswered', 'late', 'repeated', 'busy'];
/** One request in so many is the last of its process, or waits while others go on. */
const KILLS_ONE_IN = 600;
const PAUSES_ONE_IN = 150;
const LONGEST_PAUSE = 3_000;
/** The same of an operation on the disk of the machine, which it may leave half done. */
const DISK_KILLS_ONE_IN = 30_000;
/** Before one such operation in so many, others go on. */
const YIELDS_ONE_IN = 20;
/** Commands that only put stop more often, and wait longer for an answer: they begin with what is old by then. */
const STOPS_ONE_IN = 10;
const WAITS_ONE_IN = 3;
const LONGEST_WAIT_MS = 60_000;
/** One request in so many begins a time in which the service is too busy for any. */
const BURSTS_ONE_IN = 1_500;

/** One world in so many begins shortly before its ledger has a segment. */
const LONG_ONE_IN = 4;
const LONG_FROM = 1000;

/** What a client sends in place of a request. */
export type Change = (request: HttpRequest) => HttpRequest;

/**
 * Machines with a mirror each, whose processes share stores on a service behind a bad network. The seed decides how
 * bad, whose turn it is, and what becomes of each request.
 */
export class Machines {
  readonly rng: Rng;
  readonly random: Random;
  readonly fake = new FakeS3();
  readonly truth: Readonly<Record<Place, Truth>>;
  readonly turns: Turns;
  readonly disk: SimDisk;
  /** Each turn: who, what, and what became of it. */
  readonly trace: string[] = [];
  readonly faults = { dropped: 0, unanswered: 0, late: 0, repeated: 0, busy: 0, stale: 0 };
  /** Nothing goes wrong before it is set, nor after it is unset. */
  isBad = false;
  /** A listing may be of the past. */
  readonly isStale: boolean;
  /** Entries of the first store that were there at the beginning. */
  planted = 0;
  readonly #isLong: boolean;
  readonly #packs: Pick<Parameters<typeof s3Stores>[0], 'packLimits'>;
  readonly #change: Change;
  readonly #badness: number;
  #burst = 0;

  /** `isStrict`: see {@link Truth}. `isLong`: whether the first ledger is about to have a segment; else the seed says. */
  constructor(
    seed: number,
    change: Change = (request) => request,
    isStrict = true,
    isLong: boolean | undefined = undefined,
  ) {
    this.rng = new Rng(seed);
    this.random = seededRandom(this.rng);
    this.#change = change;
    this.#badness = this.rng.pick([0.01, 0.04, 0.08]);
    this.isStale = this.rng.chance(0.4);
    const mayBeLong = this.rng.chance(1 / LONG_ONE_IN);
    this.#isLong = isLong ?? mayBeLong;
    // Every other world has each object at a key of its own, every fourth one in a pack of its own, sent at once.
    const apart = seed % 2 === 0 ? {} : { packLimits: { ...TINY_PACKS, mostObjects: 1 } };
    this.#packs = this.rng.chance(0.5) ? apart : { packLimits: { ...TINY_PACKS, objectBytes: 0 } };
    this.turns = new Turns(this.rng, (process) => this.#mishap(process));
    this.disk = new SimDisk({ seed, now: () => this.turns.ms, isTraced: false });
    this.truth = {
      here: new Truth(this.fake, PREFIXES.here, isStrict),
      there: new Truth(this.fake, PREFIXES.there, isStrict),
    };
    this.fake.fate = () => this.#fate();
    this.fake.isStale = () => {
      if (!this.isBad || !this.isStale || !this.rng.chance(0.1)) return false;
      this.faults.stale++;
      return true;
    };
    this.disk.inject(({ process }) => {
      const isHit = this.isBad && !process.endsWith('.spoiler') && this.rng.chance(1 / DISK_KILLS_ONE_IN);
      return isHit ? 'kill' : undefined;
    });
  }

  #mishap(process: SimProcess): Mishap {
    if (!this.isBad) return undefined;
    if (this.rng.chance(1 / KILLS_ONE_IN)) {
      this.#note(process, 'killed');
      return 'kill';
    }
    if (!this.rng.chance(1 / (process.name.endsWith('.put') ? STOPS_ONE_IN : PAUSES_ONE_IN)))
      return undefined;
    const pause = Math.floor(this.rng.next() ** 2 * LONGEST_PAUSE);
    this.#note(process, `paused for ${pause} turns`);
    return { pause };
  }

  #fate(): Fate {
    if (!this.isBad) return 'served';
    if (this.#burst === 0 && this.rng.chance(1 / BURSTS_ONE_IN)) this.#burst = this.rng.below(100);
    if (this.#burst > 0) this.#burst--;
    const fate = this.#burst > 0 ? 'busy' : this.rng.chance(this.#badness) ? this.rng.pick(FATES) : 'served';
    if (fate !== 'served') this.faults[fate]++;
    return fate;
  }

  #note(process: SimProcess, what: string): void {
    this.trace.push(`${this.turns.count} ${process.name} ${what}`);
  }

  /** A request in its turn; what was sent long ago, by a process that may be dead, arrives before it now and then. */
  async #send(process: SimProcess, asked: HttpRequest) {
    if (this.isBad && process.name.endsWith('.put') && this.rng.chance(1 / WAITS_ONE_IN))
      await this.turns.sleep(process, this.rng.below(LONGEST_WAIT_MS));
    const request = this.#change(asked);
    const what = `${request.method} ${request.target}`;
    const act = () => {
      if (this.fake.inFlight > 0 && this.rng.chance(0.03)) this.land();
      try {
        const answer = this.fake.decide(request);
        this.#note(process, `${what}: ${answer.status}`);
        return answer;
      } catch (e) {
        this.#note(process, `${what}: no answer`);
        throw e;
      }
    };
    return this.turns.take(process, act, () => {
      if (this.rng.chance(0.5)) this.fake.delay(request);
    });
  }

  /** One of the requests that are under way arrives. */
  land(): void {
    this.trace.push(`${this.turns.count} a late request arrives`);
    this.fake.land((count) => this.rng.below(count));
  }

  homeOf(machine: string): string {
    return `/home/${machine}`;
  }

  /** The disk of its machine, as a process sees it. */
  #diskOf(process: SimProcess): Disk {
    return surroundDisk(process, async (_operation, _path, run) => {
      if (this.isBad && this.rng.chance(1 / YIELDS_ONE_IN)) await this.turns.take(process, () => undefined);
      return run();
    });
  }

  /** A session of a process on a machine, as the program opens it; `adds`: for a command that only puts. */
  open(
    process: SimProcess,
    place: Place,
    {
      adds = false,
      how = openTestSession,
    }: { readonly adds?: boolean; readonly how?: typeof openTestSession } = {},
  ): Promise<Session> {
    const { random, turns } = this;
    const disk = this.#diskOf(process);
    const env = fakeEnvironment(this.homeOf(process.name.split('.')[0]!));
    const stores = s3Stores({
      disk,
      random,
      index: process.index,
      ...this.#packs,
      env,
      http: () => ({ close: () => undefined, send: (request) => this.#send(process, request) }),
      clock: turns,
      wait: (ms) => turns.sleep(process, ms),
      runProcess: async () => '',
    });
    const environment = env;
    return how(`s3://bucket/${PREFIXES[place]}`, {
      disk,
      clock: turns,
      random,
      environment,
      stores,
      adds,
    });
  }

  /** Makes the machines, what they store, and the stores. */
  async begin(machines: readonly string[]): Promise<void> {
    const { plant } = this.disk;
    for (const machine of machines) plant.dir(this.homeOf(machine));
    for (let i = 0; i < CONTENTS; i++) {
      plant.file(`/src/file${i}`, `content ${i}`);
      for (const name of ['a', 'b'])
        plant.file(`/src/tree${i}/${name}`, `content ${(i + Number(name === 'b')) % CONTENTS}`);
    }
    const process = this.disk.process(`${machines[0]}.init`);
    for (const place of ['here', 'there'] as const) {
      // testStore makes and opens it by the same stores.
      await (await this.open(process, place, { how: testStore })).close();
    }
    if (this.#isLong) {
      this.planted = LONG_FROM + this.rng.below(20);
      grow(this.fake, this.planted, { random: this.random, ms: this.turns.ms });
    }
    this.isBad = true;
  }

  /** Deletes the mirror of a machine on which nothing runs, or spoils a file in it. */
  async spoil(machine: string): Promise<void> {
    const cache = `${this.homeOf(machine)}/.cache`;
    if (!this.disk.exists(cache)) return;
    if (this.rng.chance(0.3)) {
      this.trace.push(`${this.turns.count} ${machine} loses its mirror`);
      return this.disk.process(`${machine}.spoiler`).removeTree(cache);
    }
    const files = this.disk
      .tree(cache)
      .filter((path) => /\/(ledger|objects|packs|cache)\/.*[^/]$|ledger-state$/.test(path));
    if (files.length === 0) return;
    const path = this.rng.pick(files);
    const bytes = this.disk.read(path);
    const changed = this.rng.chance(0.5)
      ? bytes.subarray(0, this.rng.below(bytes.length + 1))
      : flipped(bytes, this.rng);
    this.trace.push(`${this.turns.count} ${path} is damaged`);
    this.disk.plant.file(path, changed);
  }
}

function flipped(bytes: Uint8Array, rng: Rng): Uint8Array {
  if (bytes.length === 0) return bytes;
  bytes[rng.below(bytes.length)]! ^= 1 << rng.below(8);
  return bytes;
}
