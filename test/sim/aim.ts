import type { DiskOperation } from '../../src/fsx/surround-disk.js';
import type { Coverage } from './coverage.js';
import { phaseOf } from './phases.js';
import type { Fault, OperationClass, Scenario } from './scenario.js';
import type { Injection, SimOperation } from './sim-disk.js';

const CLASSES: Partial<Record<DiskOperation, OperationClass>> = {
  'open:read': 'read',
  readdir: 'read',
  lstat: 'read',
  stat: 'read',
  find: 'read',
  'file.read': 'read',
  'open:create': 'write',
  'file.write': 'write',
  mkdir: 'write',
  'file.chmod': 'write',
  'file.sync': 'sync',
  'dir.sync': 'sync',
  syncDir: 'sync',
  syncFilesystem: 'sync',
  link: 'name',
  unlink: 'name',
  rename: 'name',
  renameNoReplace: 'name',
  exchange: 'name',
  rmdir: 'name',
};

const PAUSE_TURNS = [20, 200, 2000];
/** Longer than any trash window and most TTLs. */
const LONG_MS = 40 * 86_400_000;

/** What of it is befallen by a fault of that kind: a job, or everybody. */
export interface Struck {
  readonly fault: Fault;
  readonly at: SimOperation;
}

const isAmong = ({ operation, path }: SimOperation, among: OperationClass) =>
  among === 'any' || among === operation || among === CLASSES[operation] || among === phaseOf(path);

/** Makes the faults of a scenario happen, each once, and counts what happened in which phase. */
export class Aim {
  readonly struck: Struck[] = [];
  readonly #left: { readonly fault: Fault; seen: number }[];
  readonly #coverage: Coverage;
  readonly #scenario: Scenario;

  constructor(scenario: Scenario, coverage: Coverage) {
    this.#scenario = scenario;
    this.#coverage = coverage;
    this.#left = scenario.faults.map((fault) => ({ fault, seen: 0 }));
  }

  /** What befalls this operation of a job; `pass` takes the milliseconds of a pause. */
  at(job: number, operation: SimOperation, pass: (ms: number) => void): Injection {
    if (this.#left.length === 0) return undefined;
    for (const aimed of this.#left) {
      if (aimed.fault.job !== job || !isAmong(operation, aimed.fault.among)) continue;
      aimed.seen += 1;
      if (aimed.seen < aimed.fault.nth) continue;
      this.#left.splice(this.#left.indexOf(aimed), 1);
      return this.#strike(aimed.fault, operation, pass);
    }
    return undefined;
  }

  #strike(fault: Fault, at: SimOperation, pass: (ms: number) => void): Injection {
    this.struck.push({ fault, at });
    for (const { kind } of this.#callsOf(fault.job)) this.#coverage.note(kind, fault.kind, phaseOf(at.path));
    switch (fault.kind) {
      case 'kill':
        return 'kill';
      case 'power cut':
        return 'crash';
      case 'short read':
      case 'short write':
        return 'short';
      case 'pause':
        if (fault.nth % 2 === 0) pass(LONG_MS);
        return { pause: PAUSE_TURNS[fault.nth % PAUSE_TURNS.length]! };
      default:
        return { fail: fault.kind };
    }
  }

  #callsOf(job: number) {
    return this.#scenario.actors.flatMap(({ jobs }) => jobs).find(({ id }) => id === job)?.calls ?? [];
  }
}
