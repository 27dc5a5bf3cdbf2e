import { CALLS } from './calls.js';
import { Coverage } from './coverage.js';
import { FAULTS, type Scenario, scenarioOf } from './scenario.js';
import { shrink } from './shrink.js';
import { type Simulated, simulate } from './simulation.js';

/** What many runs were, in numbers. */
export interface SeedsReport {
  readonly seeds: number;
  readonly operations: number;
  /** Calls by how they ended: `put done`, `export killed`, `gc EIO`. */
  readonly ends: Readonly<Record<string, number>>;
  readonly coverage: {
    /** How often a call met a fault: `put × EIO`; of each pair, also those that never met. */
    readonly pairs: Readonly<Record<string, number>>;
    /** The same of phases: `ledger × EIO`. */
    readonly phases: Readonly<Record<string, number>>;
    /** The same of call, fault and phase: `put × EIO × ledger`; those that met. */
    readonly triples: Readonly<Record<string, number>>;
  };
  /** The seeds that broke a promise. */
  readonly broken: readonly number[];
  /** Of all runs in order: the same sources give the same. */
  readonly hash: string;
}

export interface SeedsOptions {
  readonly first: number;
  readonly seeds: number;
  /** End with the first seed that breaks a promise. */
  readonly once?: boolean;
  /** Called before each. */
  begun?(seed: number): void;
  /** Told of each that broke a promise, as little as still does. */
  failed?(run: Simulated): void;
}

/** Runs the scenario of each seed. */
export async function runSeeds({ first, seeds, once, begun, failed }: SeedsOptions): Promise<SeedsReport> {
  const coverage = new Coverage();
  const ends: Record<string, number> = {};
  const broken: number[] = [];
  const hashes: string[] = [];
  let operations = 0;
  let done = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    begun?.(seed);
    const run = await simulate(scenarioOf(seed), coverage);
    done++;
    operations += run.operations;
    for (const end of run.ends) ends[end] = (ends[end] ?? 0) + 1;
    if (seeds <= MOST_HASHED) hashes.push(run.hash);
    if (run.violations.length === 0) continue;
    broken.push(seed);
    if (failed !== undefined) failed(await shrink(run));
    if (once) break;
  }
  const pairs = coverage.by(0, 1);
  for (const call of CALLS)
    for (const fault of FAULTS) pairs.set(`${call} × ${fault}`, pairs.get(`${call} × ${fault}`) ?? 0);
  return {
    ...{ seeds: done, operations, ends, broken, hash: hashes.join(' ') },
    coverage: {
      pairs: Object.fromEntries([...pairs].sort()),
      phases: Object.fromEntries([...coverage.by(2, 1)].sort()),
      triples: Object.fromEntries(coverage.by(0, 1, 2)),
    },
  };
}

/** To hash a run takes as long as a twentieth of it. */
const MOST_HASHED = 50;

/** What a person reads of a run that broke a promise: what was at work, what befell it, and every operation. */
export function* linesOf({ scenario, ends, trace, violations }: Simulated): Generator<string> {
  for (const { n, process, operation, path, outcome } of trace)
    yield `${n} ${process} ${operation} ${path} ${outcome}`;
  yield* circumstances(scenario);
  for (const end of ends) yield `ended: ${end}`;
  for (const what of violations) yield `BROKEN: ${what}`;
}

function* circumstances({ actors, faults, packs, index, cut }: Scenario): Generator<string> {
  yield `packs: ${packs}, index: ${index}, power cut at the end: ${cut}`;
  for (const { name, jobs } of actors)
    for (const { id, calls } of jobs)
      yield `job ${id} of ${name}: ${calls.map(({ kind }) => kind).join(', ')}`;
  for (const { job, kind, among, nth } of faults)
    yield `fault of job ${job}: ${kind} at its operation ${nth} (${among})`;
}
