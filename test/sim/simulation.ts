import { sha256 } from '../../src/core/objects/hash.js';
import { isErrno, isHsError } from '../../src/errors/hs-error.js';
import { ArtifactStore } from '../../src/library/artifact-store.js';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import { appendNote } from '../../src/ops/govern/ledger-note.js';
import type { Session } from '../../src/ops/session/session.js';
import { openTestSession, TINY_PACKS } from '../helpers/store.js';
import { Aim } from './aim.js';
import { Alarm, Broken, type CallKind, isRefusal, OUT, perform } from './calls.js';
import { Coverage } from './coverage.js';
import { violations } from './invariants.js';
import type { SimProcess } from './process.js';
import { Destinations, Promises } from './promises.js';
import { byStillClock } from './repeatable.js';
import { Rng, seededRandom } from './rng.js';
import type { Actor, Call, FaultKind, Job, Scenario } from './scenario.js';
import type { SimDisk, SimOperation, TracedOperation } from './sim-disk.js';
import { HERE, STARTED, type Template, THERE, template } from './template.js';
import { sleepBy } from './timers.js';

export interface Simulated {
  readonly scenario: Scenario;
  readonly operations: number;
  /** How the calls ended: `done`, `killed`, or the code of the error, after the name of the call. */
  readonly ends: readonly string[];
  /** Faults that happened; others came after the end of their job. */
  readonly struck: number;
  /** What does not hold at the end; none if all is well. */
  readonly violations: readonly string[];
  readonly trace: readonly TracedOperation[];
  /** Of every operation with its outcome, and of how the calls ended. */
  readonly hash: string;
}

interface Ended {
  readonly call: Call;
  status: 'begun' | 'done' | 'failed' | 'killed';
  error?: unknown;
}

/** A process with the stores that it has open. */
class Host {
  readonly process: SimProcess;
  readonly #open: (dir: string, process: SimProcess) => Promise<Session>;
  readonly #stores = new Map<string, Promise<ArtifactStore>>();

  constructor(process: SimProcess, open: (dir: string, process: SimProcess) => Promise<Session>) {
    this.process = process;
    this.#open = open;
  }

  store(dir: string): Promise<ArtifactStore> {
    let store = this.#stores.get(dir);
    if (store === undefined) {
      store = this.#open(dir, this.process).then((session) => new ArtifactStore(session));
      this.#stores.set(dir, store);
      store.catch(() => this.#stores.delete(dir));
    }
    return store;
  }

  async close(): Promise<void> {
    const stores = [...this.#stores.values()];
    this.#stores.clear();
    for (const store of stores) await (await store).close();
  }
}

const codeOf = (e: unknown) => (isHsError(e) || isErrno(e) ? String(e.code) : 'threw');

class Run {
  readonly sim: SimDisk;
  readonly ends: string[] = [];
  readonly #scenario: Scenario;
  readonly #aim: Aim;
  readonly #clock = { ms: STARTED, now: () => this.#clock.ms };
  readonly #promises = { [HERE]: new Promises(), [THERE]: new Promises() };
  readonly #destinations = new Destinations();
  readonly #wrong: string[] = [];
  /** The job that each process is at. */
  readonly #jobs = new Map<string, number>();
  readonly #interrupted: Call[] = [];
  #openings = 0;
  #cutAtRest = false;
  readonly #opened = new Set<string>();

  constructor(scenario: Scenario, before: Template, coverage: Coverage) {
    this.#scenario = scenario;
    this.#aim = new Aim(scenario, coverage);
    this.#promises[HERE].pinned.set('kept', before.kept);
    this.sim = before.sim.afterCrash(scenario.seed, { interleave: true, now: this.#clock.now });
    sleepBy((ms) =>
      this.sim.process('timer').step('find', `sleep ${ms}`, () => {
        this.#clock.ms += ms;
      }),
    );
  }

  get #isCut(): boolean {
    return this.#cutAtRest || this.#aim.struck.some(({ fault }) => fault.kind === 'power cut');
  }

  get struck(): number {
    return this.#aim.struck.length;
  }

  async run(): Promise<readonly string[]> {
    this.sim.inject((operation) => {
      this.#clock.ms += 1;
      if (operation.process === 'inspector' && deletes(operation))
        this.#wrong.push(`a check deleted ${operation.path}`);
      const job = this.#jobs.get(operation.process);
      return job === undefined
        ? undefined
        : this.#aim.at(job, operation, (ms) => {
            this.#clock.ms += ms;
          });
    });
    await Promise.all(this.#scenario.actors.map((actor) => this.#live(actor)));
    this.#jobs.clear();
    this.sim.calm();
    if (this.#scenario.cut) {
      this.#cutAtRest = true;
      this.sim.crash();
    }
    for (const call of this.#interrupted) await this.#again(call);
    for (const dir of [HERE, THERE] as const) if (this.#opened.has(dir)) await this.#judge(dir);
    return [...this.#wrong, ...this.#outside()];
  }

  readonly #open = (dir: string, process: SimProcess): Promise<Session> => {
    this.#opened.add(dir);
    return openTestSession(dir, {
      disk: process,
      index: process.index,
      useIndex: this.#scenario.index,
      clock: this.#clock,
      random: seededRandom(new Rng(this.#scenario.seed + 0x9e3779b9 * ++this.#openings)),
      ...(this.#scenario.packs && { packLimits: TINY_PACKS }),
    });
  };

  /** One job after another, each command in a process of its own, those of the library in one until it is killed. */
  async #live({ name, jobs }: Actor): Promise<void> {
    const isLasting = name === 'library';
    let host: Host | undefined;
    for (const job of jobs) {
      if (host?.process.alive !== true || !isLasting) host = new Host(this.sim.process(name), this.#open);
      this.#jobs.set(name, job.id);
      const ended = await this.#work(host, job.calls, !isLasting);
      const faults = this.#aim.struck.flatMap(({ fault }) => (fault.job === job.id ? [fault.kind] : []));
      for (const each of ended) this.#take(each, faults);
    }
    await host?.process.run(() => host.close());
  }

  async #work(host: Host, calls: Job['calls'], closes: boolean): Promise<Ended[]> {
    const ended = calls.map((call): Ended => ({ call, status: 'begun' }));
    const outcome = await host.process.run(async () => {
      const here = await host.store(HERE);
      await Promise.all(
        ended.map(async (each) => {
          try {
            await this.#perform(host, here, each.call);
            each.status = 'done';
          } catch (e) {
            Object.assign(each, { status: 'failed', error: e });
          }
        }),
      );
      if (closes) await host.close();
    });
    for (const each of ended.filter(({ status }) => status === 'begun')) {
      each.status = outcome.status;
      if (outcome.status === 'failed') each.error = outcome.error;
    }
    return ended;
  }

  #perform(host: Host, here: ArtifactStore, { kind, luck }: Call): Promise<void> {
    const promises = { here: this.#promises[HERE], there: this.#promises[THERE] };
    const ground = { here, there: () => host.store(THERE), promises, destinations: this.#destinations };
    return perform(kind, { ...ground, isCut: () => this.#isCut, rng: new Rng(luck), luck });
  }

  /** Takes note of how a call ended, which must be for a reason. */
  #take({ call, status, error }: Ended, faults: readonly FaultKind[]): void {
    const { kind } = call;
    this.ends.push(`${kind} ${status === 'failed' ? codeOf(error) : status}`);
    if (status === 'done') return;
    if (status === 'failed' && !isFair(kind, error, faults)) this.#wrong.push(`${kind}: ${told(error)}`);
    if (status === 'killed' || faults.length > 0) this.#interrupted.push(call);
  }

  /** A second run of what was interrupted succeeds, or is refused for a reason. */
  async #again(call: Call): Promise<void> {
    const [{ status, error }] = (await this.#work(
      new Host(this.sim.process('again'), this.#open),
      [call],
      true,
    )) as [Ended];
    if (status === 'failed' && !isRefusal(call.kind, error))
      this.#wrong.push(`the second run of ${call.kind}: ${told(error)}`);
  }

  async #judge(dir: typeof HERE | typeof THERE): Promise<void> {
    const outcome = await this.sim.process('judge').run(async (disk) => {
      const session = await this.#open(dir, disk as SimProcess);
      // The next writing command finishes what the dead left.
      await appendNote(session, 'the next command');
      const promised = { ...this.#promises[dir], isCut: this.#isCut };
      let broken = await violations(session, promised);
      // What was swept while it was being committed can be read from the trash; the next purge brings it back.
      if (broken.length > 0 && broken.every((what) => what.includes(' is in the trash: '))) {
        await collect(session, { emptyTrash: true });
        broken = await violations(session, promised);
      }
      await session.close();
      return broken;
    });
    if (outcome.status === 'done') this.#wrong.push(...outcome.value.map((what) => `${dir}: ${what}`));
    else
      this.#wrong.push(
        `${dir}: the judge ${outcome.status} ${outcome.status === 'failed' ? told(outcome.error) : ''}`,
      );
    for (const path of this.sim.tree(`${dir}/.hsstore/tmp`)) this.#wrong.push(`${path} is left`);
  }

  /** A destination is old or new, and of an export that was acknowledged new; nothing else is beside it. */
  #outside(): string[] {
    const names = this.sim.tree(OUT);
    const wrong = names.filter((p) => !/^\/out\/(file[01]|directory[01]\/[ab]?)$/.test(p));
    for (const path of names.filter((p) => /\/file[01]$/.test(p)))
      if (!/^content \d$/.test(this.sim.text(path))) wrong.push(`${path} is neither old nor new`);
    for (const dir of names.filter((p) => /directory[01]\/$/.test(p))) {
      const files = names.filter((p) => p.startsWith(dir) && p !== dir);
      const contents = new Set(files.map((path) => this.sim.text(path)));
      if (files.length !== 2 || contents.size !== 1) wrong.push(`${dir} is neither old nor new`);
    }
    for (const [path, content] of this.#destinations.written) {
      const isFile = names.includes(path);
      if (isFile ? sha256(this.sim.read(path)) !== content : !names.includes(`${path}/`))
        wrong.push(`${path} is not what was exported`);
    }
    return wrong;
  }
}

/** What is or was stored goes by a collection alone. */
const deletes = ({ operation, path }: SimOperation) =>
  operation === 'unlink' && /\/(?:objects|trash|ledger)\//.test(path);

const RACES = ['NOT_FOUND', 'CONFLICT', 'PINNED', 'OBJECT_MISSING', 'GUARD_BLOCKED'] as const;

/** What a call may fairly be told beside others, and if something befell it. */
function isFair(kind: CallKind, e: unknown, faults: readonly FaultKind[]): boolean {
  if (e instanceof Alarm) return faults.some((kind) => kind === 'EIO' || kind === 'EINTR');
  if (e instanceof Broken || isHsError(e, 'BUG', 'USAGE')) return false;
  if (faults.length > 0) return isErrno(e) || isHsError(e);
  return isRefusal(kind, e) || isHsError(e, ...RACES);
}

const told = (e: unknown) => `${codeOf(e)} ${e instanceof Error ? (e.stack ?? e.message) : String(e)}`;

/** Runs a scenario, and judges what it leaves. */
export async function simulate(scenario: Scenario, coverage = new Coverage()): Promise<Simulated> {
  return byStillClock(async () => {
    const run = new Run(scenario, await template(), coverage);
    let found: readonly string[];
    try {
      found = await run.run();
    } catch (e) {
      found = [`it ended with ${told(e)}`];
    }
    const { sim, ends, struck } = run;
    const { operations, trace } = sim;
    return {
      ...{ scenario, operations, ends, struck, violations: found, trace },
      get hash() {
        return sha256(Buffer.from(JSON.stringify([trace, ends, found])));
      },
    };
  });
}
