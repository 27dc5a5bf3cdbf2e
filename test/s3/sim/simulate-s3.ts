import { isErrno, isHsError } from '../../../src/errors/hs-error.js';
import { fsck } from '../../../src/ops/fsck/fsck.js';
import { collect } from '../../../src/ops/gc/collect-garbage.js';
import { appendNote } from '../../../src/ops/govern/ledger-note.js';
import type { Session } from '../../../src/ops/session/session.js';
import { unreadable, violations } from '../../sim/invariants.js';
import { byStillClock } from '../../sim/repeatable.js';
import { Commands } from './commands.js';
import { type Change, Machines, type Place } from './machines.js';

/** A process runs so many commands at most before its store is closed. */
const LONGEST_LIFE = 100;
const SPOILS_ONE_IN = 12;
/** fsck reports the damage that was done to the mirror, and to the index in it; on the service, packs are at `p/`. */
const MIRROR = /^fsck: (?:packs\/|cache\/.* the catalog index is damaged: )/;

/** What fsck finds beside what the dead left, in a store that nobody damaged: nothing, whatever was under way. */
async function alarms(session: Session): Promise<string[]> {
  const { findings } = await fsck(session, { repair: false, secondOpinion: false, sample: 1 });
  return findings
    .filter(({ severity }) => severity !== 'leftover')
    .map(({ subject, message }) => `fsck: ${subject}: ${message}`)
    .filter((what) => !MIRROR.test(what));
}

export interface S3SimOptions {
  /** Entries that come to the first ledger until the run ends. Default 400. */
  readonly commits?: number;
  /** So long at most rests who collects, exports or carries, between two times. Default: as the seed says. */
  readonly restMs?: number;
  /** What a broken client sends in place of its requests. */
  readonly change?: Change;
  /** Whether what the ledger has condemned counts as lost before it is deleted. Default true. */
  readonly isStrict?: boolean;
  /** Whether the first ledger begins shortly before it has a segment. Default: as the seed says. */
  readonly isLong?: boolean;
  /** Errors say where they come from, which takes time. Default false. */
  readonly withStacks?: boolean;
  /** In place of the collector. */
  readonly collector?: (session: Session, world: Machines) => Promise<unknown>;
}

export interface S3Simulated {
  readonly seed: number;
  readonly turns: number;
  readonly operations: number;
  readonly commits: number;
  readonly condemned: number;
  readonly deletes: number;
  readonly purges: number;
  readonly kills: number;
  readonly pauses: number;
  readonly acknowledged: number;
  /** Live artifacts at the end, each read back. */
  readonly live: number;
  readonly faults: Machines['faults'];
  /** What commands were told that failed, by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** Copies that were in use and are gone, and what else the bucket shows that must never be. */
  readonly lost: number;
  /** What must not be; none if all is well. */
  readonly violations: readonly string[];
  readonly trace: readonly string[];
}

/** What a command may fairly be told beside others, over a bad network. */
function isFair(e: unknown): boolean {
  return isHsError(
    e,
    ...([
      'NOT_FOUND',
      'CONFLICT',
      'PINNED',
      'OBJECT_MISSING',
      'SYSTEM',
      'OUTCOME_UNKNOWN',
      'INTEGRITY',
    ] as const),
    ...(['GUARD_BLOCKED', 'DEST_EXISTS', 'LAYER', 'REFUSED'] as const),
  );
}

class S3Simulation {
  readonly world: Machines;
  readonly commands: Commands;
  readonly #options: S3SimOptions;
  readonly #restMs: number;
  readonly #running = new Map<string, number>();
  /** A mirror is lost or damaged while nothing runs on its machine: nothing begins meanwhile. */
  readonly #spoiling = new Map<string, Promise<void>>();
  #isOver = false;
  live = 0;
  readonly refused: Record<string, number> = {};

  constructor(seed: number, options: S3SimOptions) {
    this.#options = options;
    this.world = new Machines(seed, options.change, options.isStrict, options.isLong);
    this.commands = new Commands(this.world);
    this.#restMs = options.restMs ?? this.world.rng.pick([3_000, 60_000, 60_000]);
  }

  async run(): Promise<string[]> {
    const { world, commands } = this;
    const collector = this.#options.collector ?? ((session: Session) => commands.collect(session));
    const write = (place: Place) => (session: Session, name: string) => commands.write(session, place, name);
    const collect = (session: Session) => collector(session, world);
    const { rng } = world;
    await world.begin(['m0', 'm1', 'm2', 'm3']);
    const actors = [
      ...['m0.w0', 'm1.w1', 'm0.w2', 'm2.w3']
        .slice(0, rng.pick([2, 2, 3, 4]))
        .map((name) => this.#live(name, 'here', write('here'))),
      // Each life of theirs is one command, which begins with what the machine knew.
      ...['m0.p0.put', 'm0.p1.put', 'm1.p2.put', 'm0.p3.put', 'm0.p4.put']
        .slice(0, 1 + rng.below(5))
        .map((name) => this.#live(name, 'here', (session) => commands.putAlone(session, 'here'))),
      ...['m1.c0', 'm3.c1'].slice(0, 1 + rng.below(2)).map((name) => this.#live(name, 'here', collect)),
    ];
    if (rng.chance(0.4))
      actors.push(this.#live('m1.exporter', 'here', (session) => commands.export(session, 'm1')));
    if (rng.chance(0.3)) {
      actors.push(
        this.#live('m2.there', 'there', write('there')),
        this.#live('m3.c2', 'there', collect),
        this.#live('m3.carrier', 'here', (session, _name, there) => commands.transfer(session, there!)),
      );
    }
    await Promise.all(actors);
    world.isBad = false;
    while (world.fake.inFlight > 0) world.land();
    return [
      ...(await this.#verdict('here', 'm0')),
      ...(await this.#verdict('here', 'fresh')),
      ...(await this.#verdict('there', 'fresh')),
    ];
  }

  /** Processes one after the other, each with a session that is closed after some commands. */
  async #live(
    name: string,
    place: Place,
    command: (session: Session, name: string, other?: Session) => Promise<unknown>,
  ): Promise<void> {
    const { world } = this;
    const machine = name.split('.')[0]!;
    const isCarrier = name.endsWith('.carrier');
    const isPutter = name.endsWith('.put');
    const isResting = !/^w|there/.test(name.split('.')[1]!) && !isPutter;
    while (!this.#isOver) {
      await this.#begin(machine);
      const process = world.disk.process(name);
      const outcome = await process.run(async () => {
        const session = await world.open(process, place, { adds: isPutter });
        const other = isCarrier ? await world.open(process, 'there') : undefined;
        const isMany = !isPutter && world.rng.chance(0.1);
        for (let left = isPutter ? 1 : 1 + world.rng.below(LONGEST_LIFE); left > 0 && !this.#isOver; left--) {
          if (isResting) await world.turns.sleep(process, world.rng.below(this.#restMs));
          const work = () => this.#try(name, () => command(session, name, other));
          // Several calls on one handle.
          await Promise.all(isMany ? [work(), work()] : [work()]);
        }
        await Promise.all([session.close(), other?.close()]);
      });
      this.#running.set(machine, this.#running.get(machine)! - 1);
      if (outcome.status === 'failed') this.#judge(name, outcome.error);
    }
  }

  /** One more runs on a machine, once nobody spoils its mirror; it may be spoiled first while nothing runs there. */
  async #begin(machine: string): Promise<void> {
    const { world } = this;
    let isDecided = false;
    for (;;) {
      const spoiling = this.#spoiling.get(machine);
      const running = this.#running.get(machine) ?? 0;
      // Who waited with others looks again: one of them may have begun.
      if (spoiling !== undefined) await spoiling;
      else if (isDecided) {
        // Before anything is awaited: another one may be about to spoil it.
        this.#running.set(machine, running + 1);
        return;
      } else {
        isDecided = true;
        if (running > 0 || !world.rng.chance(1 / SPOILS_ONE_IN)) continue;
        const spoiled = world.spoil(machine).finally(() => this.#spoiling.delete(machine));
        this.#spoiling.set(machine, spoiled);
      }
    }
  }

  async #try(name: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (e) {
      this.#judge(name, e);
    }
    const commits = this.world.truth.here.commits - this.world.planted;
    this.#isOver ||= commits >= (this.#options.commits ?? 400) || this.#isBroken();
  }

  #judge(name: string, e: unknown): void {
    const code = isHsError(e) ? e.code : String((e as { code?: string }).code);
    this.refused[code] = (this.refused[code] ?? 0) + 1;
    if (!isFair(e)) this.commands.told.here.wrong.push(`${name}: ${(e as Error).stack}`);
    else if (isErrno(e)) this.world.trace.push(`${name}: ${e}`);
  }

  #isBroken(): boolean {
    const { truth } = this.world;
    const { told } = this.commands;
    return [truth.here.lost, truth.there.lost, told.here.wrong, told.there.wrong].some(
      (list) => list.length > 0,
    );
  }

  /** What does not hold at rest, as a machine sees it that was there, or one that comes new. */
  async #verdict(place: Place, machine: string): Promise<string[]> {
    const { world, commands } = this;
    const { lost, notes } = world.truth[place];
    const told = commands.told[place];
    if (machine === 'fresh') world.disk.plant.dir(world.homeOf(machine));
    const session = await world.open(world.disk.process(`${machine}.judge`), place);
    // The next writing command finishes what the dead left.
    await appendNote(session, 'the next command');
    const { acknowledged, pinned } = told;
    const broken = await unreadable(session, await session.store.foldFromLedger());
    this.live += (await session.catalog()).counts.live;
    broken.push(...(await alarms(session)));
    // What a collection left half done is no loss, and the next one ends it.
    await collect(session, { emptyTrash: true });
    const found = await violations(session, { acknowledged, pinned });
    broken.push(...found.filter((what) => !MIRROR.test(what)));
    await session.close();
    const times = { done: [1], failed: [0], unknown: [0, 1] };
    for (const [text, became] of told.notes) {
      const count = notes.get(text) ?? 0;
      if (!times[became].includes(count))
        broken.push(`note '${text}' is ${became}, and in the ledger ${count} times`);
    }
    return [...lost, ...told.wrong, ...broken].map((what) => `${place}, ${machine}: ${what}`);
  }
}

/**
 * Writers, an exporter, collectors and one that pushes and pulls, on machines with mirrors of their own, over two stores
 * on a service behind a bad network; each is paused and killed at any request. The seed decides everything: the same
 * seed and length give the same run.
 */
export async function simulateS3(seed: number, options: S3SimOptions = {}): Promise<S3Simulated> {
  const run = new S3Simulation(seed, options);
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = options.withStacks ? stackTraceLimit : 0;
  let found: readonly string[];
  try {
    found = await byStillClock(() => run.run());
  } catch (e) {
    found = [`it ended with ${(e as Error).stack}`];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  const { truth, turns, faults, trace } = run.world;
  const { here, there } = truth;
  const { told } = run.commands;
  return {
    seed,
    turns: turns.count,
    operations: run.world.disk.operations,
    commits: here.commits + there.commits - run.world.planted,
    condemned: here.condemned + there.condemned,
    deletes: here.deletes + there.deletes,
    purges: here.purges + there.purges,
    kills: turns.kills,
    pauses: turns.pauses,
    acknowledged: told.here.acknowledged.size + told.there.acknowledged.size,
    live: run.live,
    faults,
    refused: run.refused,
    lost: here.lost.length + there.lost.length,
    violations: found,
    trace,
  };
}
