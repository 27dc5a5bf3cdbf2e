import type { Random } from '../../src/core/effects.js';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import { isErrno, isHsError } from '../../src/errors/hs-error.js';
import { exportArtifact } from '../../src/ops/export/export.js';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import { removeArtifacts } from '../../src/ops/gc/remove-artifacts.js';
import { restore } from '../../src/ops/gc/restore.js';
import { appendNote } from '../../src/ops/govern/ledger-note.js';
import { changePins } from '../../src/ops/govern/pins.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import type { Patience } from '../../src/store/collector/purge.js';
import { openTestSession, TINY_PACKS, testStore } from '../helpers/store.js';
import { violations } from './invariants.js';
import type { SimProcess } from './process.js';
import { Rng, seededRandom } from './rng.js';
import { SimDisk, type TracedOperation } from './sim-disk.js';

const WORK = '/w';
const OUT = '/out';
const CONTENTS = 4;
const IMPATIENT: Patience = { ms: 0, wait: async () => undefined };
const FAILURES = ['EIO', 'ENOSPC', 'EINTR'] as const;
/** One operation in so many fails, or is the last of its process. */
const FAILS_ONE_IN = 400;
const KILLS_ONE_IN = 250;

export interface Simulated {
  readonly seed: number;
  readonly operations: number;
  readonly commands: number;
  readonly acknowledged: number;
  readonly kills: number;
  readonly failures: number;
  /** What does not hold at the end; none if all is well. */
  readonly violations: readonly string[];
  readonly trace: readonly TracedOperation[];
}

/** What a command may fairly be told beside other commands, on a disk that fails. */
function isFair(e: unknown): boolean {
  if (isErrno(e)) return true;
  return isHsError(
    e,
    ...(['NOT_FOUND', 'CONFLICT', 'PINNED', 'OBJECT_MISSING', 'SOURCE_CHANGED', 'SYSTEM'] as const),
    ...([
      'OUTCOME_UNKNOWN',
      'DEST_EXISTS',
      'GUARD_BLOCKED',
      'INTEGRITY',
      'LEDGER_BROKEN',
      'ROLLED_BACK',
    ] as const),
  );
}

class Simulation {
  readonly sim: SimDisk;
  readonly #rng: Rng;
  readonly #seed: number;
  readonly #random: Random;
  readonly #clock = { ms: Date.parse('2026-06-01T00:00:00.000Z'), now: () => this.#clock.ms };
  readonly #acknowledged = new Set<ArtifactId>();
  readonly #pinned = new Map<string, ArtifactId>();
  readonly #wrong: string[] = [];
  readonly #most: number;
  #isOver = false;
  #serial = 0;
  commands = 0;
  kills = 0;
  failures = 0;

  constructor(seed: number, operations: number) {
    this.#seed = seed;
    this.#most = operations;
    this.#rng = new Rng(seed);
    this.#random = seededRandom(this.#rng);
    this.sim = new SimDisk({ seed, interleave: true, now: () => this.#clock.ms });
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  #open(sim: SimDisk, name: string, how = openTestSession): Promise<Session> {
    return how(WORK, this.#optionsOn(sim.process(name)));
  }

  #optionsOn(process: SimProcess) {
    const packs = this.#seed % 2 === 0 ? {} : { packLimits: TINY_PACKS };
    return { disk: process, clock: this.#clock, random: this.#random, useIndex: false, ...packs };
  }

  async run(): Promise<readonly string[]> {
    const { sim } = this;
    for (const dir of [WORK, OUT]) sim.plant.dir(dir);
    for (let i = 0; i < CONTENTS; i++) {
      sim.plant.file(`/src/file${i}`, `content ${i}`);
      for (const name of ['a', 'b']) sim.plant.file(`/src/tree${i}/${name}`, `content ${i}`);
    }
    await (await this.#open(sim, 'init', testStore)).close();
    sim.settle();
    const end = sim.operations + this.#most;
    const stop = sim.inject(({ n }) => {
      this.#clock.ms += 1;
      this.#isOver ||= n > end;
      if (this.#isOver) return undefined;
      if (this.#rng.chance(1 / KILLS_ONE_IN)) {
        this.kills++;
        return 'kill';
      }
      if (!this.#rng.chance(1 / FAILS_ONE_IN)) return undefined;
      this.failures++;
      return { fail: this.#rng.pick(FAILURES) };
    });
    await Promise.all([
      ...[0, 1].map((w) => this.#live(`writer${w}`, (session) => this.#write(session, w))),
      this.#live('exporter', (session) => this.#export(session)),
      ...[0, 1].map((c) =>
        this.#live(`collector${c}`, (s) => collect(s, { emptyTrash: true, patience: IMPATIENT })),
      ),
    ]);
    stop();
    // As it is, and as a power cut now would leave it: what was acknowledged is durable.
    const cut = sim.afterCrash(this.#seed);
    return [
      ...this.#wrong,
      ...(await this.#verdict(sim, '')),
      ...(await this.#verdict(cut, 'after a cut: ')),
    ];
  }

  /** One command after another, each a process of its own until it is killed. */
  async #live(name: string, command: (session: Session) => Promise<unknown>): Promise<void> {
    while (!this.#isOver) {
      const process = this.sim.process(name);
      const outcome = await process.run(async () => {
        const session = await openTestSession(WORK, this.#optionsOn(process));
        await command(session);
        await session.close();
      });
      this.commands++;
      if (outcome.status === 'failed' && !isFair(outcome.error))
        this.#wrong.push(`${name}: ${(outcome.error as Error).stack}`);
    }
  }

  async #write(session: Session, writer: number): Promise<void> {
    const rng = this.#rng;
    const catalog = await session.catalog();
    const some = async (of: 'live' | 'removed') => {
      const all = await catalog[of]().all();
      return all.length === 0 ? undefined : rng.pick(all).artifact_id;
    };
    const dice = rng.below(10);
    const id = await some(dice === 9 ? 'removed' : 'live');
    if (dice < 4 || id === undefined) {
      const path = `/src/${rng.pick(['file', 'tree'])}${rng.below(CONTENTS)}`;
      const made = await put(session, [{ path }], rng.chance(0.6) ? { ttl: 0 } : {});
      for (const { artifactId } of made) this.#acknowledged.add(artifactId);
    } else if (dice < 6) {
      const name = `w${writer}-${this.#serial++}`;
      await changePins(session, [{ change: 'pin', id, name }]);
      this.#pinned.set(name, id);
    } else if (dice < 7) {
      const mine = [...this.#pinned].filter(([name]) => name.startsWith(`w${writer}-`));
      if (mine.length === 0) return;
      const [name, pinned] = rng.pick(mine);
      this.#pinned.delete(name);
      await changePins(session, [{ change: 'unpin', id: pinned, name }]);
    } else if (dice < 9) await removeArtifacts(session, new Set([id]), { patience: IMPATIENT });
    else await restore(session, [id], { pin: false });
  }

  async #export(session: Session): Promise<void> {
    const files = await (await session.catalog()).live().all();
    const found = files.filter((r) => r.kind !== 'report' && r.kind !== 'bundle');
    if (found.length === 0) return;
    const { artifact_id: artifact, payload_type } = this.#rng.pick(found);
    const path = `${OUT}/${payload_type}${this.#rng.below(2)}`;
    await exportArtifact(session, { artifact, place: { kind: 'path', path }, force: true });
  }

  async #verdict(sim: SimDisk, when: string): Promise<string[]> {
    const session = await this.#open(sim, 'checker');
    // The next writing command finishes what the dead left.
    await appendNote(session, 'the next command');
    const promised = { acknowledged: this.#acknowledged, pinned: this.#pinned };
    const broken = await violations(session, promised);
    await session.close();
    return [...broken, ...this.#outside(sim)].map((what) => when + what);
  }

  /** A destination is old or new, and nothing else is beside it. */
  #outside(sim: SimDisk): string[] {
    const names = sim.tree(OUT);
    const contents = (paths: readonly string[]) => new Set(paths.map((path) => sim.text(path)));
    const wrong = names.filter((p) => !/^\/out\/(file[01]|directory[01]\/[ab]?)$/.test(p));
    for (const path of names.filter((p) => /\/file[01]$/.test(p)))
      if (!/^content \d$/.test(sim.text(path))) wrong.push(`${path} is neither old nor new`);
    for (const dir of names.filter((p) => /directory[01]\/$/.test(p))) {
      const files = names.filter((p) => p.startsWith(dir) && p !== dir);
      if (files.length !== 2 || contents(files).size !== 1) wrong.push(`${dir} is neither old nor new`);
    }
    return wrong;
  }
}

/**
 * Writers, an exporter and two collectors on one simulated disk that fails now and then, each killed now and then;
 * then its power is cut. The seed decides everything: the same seed and length give the same run.
 */
export async function simulate(seed: number, operations: number): Promise<Simulated> {
  const run = new Simulation(seed, operations);
  // By the real clock, long loops give way to the event loop, and other processes go first.
  const { now } = Date;
  Date.now = () => 0;
  let found: readonly string[];
  try {
    found = await run.run();
  } catch (e) {
    found = [`it ended with ${(e as Error).stack}`];
  } finally {
    Date.now = now;
  }
  const { commands, kills, failures, acknowledged, sim } = run;
  const { operations: done, trace } = sim;
  return { seed, operations: done, commands, acknowledged, kills, failures, violations: found, trace };
}
