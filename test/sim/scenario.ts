import { CALLS, type CallKind } from './calls.js';
import type { Phase } from './phases.js';
import { Rng } from './rng.js';

/** What can befall an operation. */
export const FAULTS = [
  'kill',
  'pause',
  'power cut',
  'EIO',
  'ENOSPC',
  'EINTR',
  'short read',
  'short write',
] as const;
export type FaultKind = (typeof FAULTS)[number];

/** The operations among which a fault counts. */
export type OperationClass = 'any' | 'read' | 'write' | 'sync' | 'name' | 'file.read' | 'file.write' | Phase;

/** Befalls the `nth` operation of that class in a job, from 1; a power cut befalls everybody. */
export interface Fault {
  readonly job: number;
  readonly kind: FaultKind;
  readonly among: OperationClass;
  readonly nth: number;
}

/** One command or method of the library. `luck` decides what it acts on. */
export interface Call {
  readonly kind: CallKind;
  readonly luck: number;
}

/** Calls at once on one open store; a command is a job of one call, in a process of its own. */
export interface Job {
  readonly id: number;
  readonly calls: readonly Call[];
}

export interface Actor {
  readonly name: ActorName;
  readonly jobs: readonly Job[];
}

/** All that happens in a run; the same scenario is the same run. */
export interface Scenario {
  readonly seed: number;
  readonly packs: boolean;
  readonly index: boolean;
  /** A last power cut, when the actors are done. */
  readonly cut: boolean;
  readonly actors: readonly Actor[];
  readonly faults: readonly Fault[];
}

const ROLES = {
  writer: ['put', 'put-each', 'bundle', 'note'],
  pinner: ['pin', 'unpin', 'retain'],
  exporter: ['export', 'read'],
  remover: ['remove', 'purge', 'restore'],
  collector: ['gc', 'gc-empty', 'trash-empty'],
  'other collector': ['gc', 'gc-empty', 'gc-there'],
  courier: ['push', 'pull', 'import'],
  inspector: ['fsck', 'fsck-repair'],
  library: CALLS,
} as const satisfies Record<string, readonly CallKind[]>;
export type ActorName = keyof typeof ROLES;
export const ACTORS = Object.keys(ROLES) as ActorName[];

const MOST_ACTORS = 4;
const MOST_FAULTS = 5;
/** Late or short phases, which a fault that counts all operations seldom reaches. */
const LATE: readonly (readonly [OperationClass, number])[] = [
  ['objects', 12],
  ['trash', 12],
  ['destination', 6],
  ['ledger', 30],
  ['index', 12],
  ['lease', 6],
  ['state', 6],
];
/** How a fault is aimed: what it befalls, and up to which operation of a job. */
const AIMS: Record<FaultKind, readonly (readonly [OperationClass, number])[]> = {
  kill: [['any', 120], ['name', 16], ['sync', 10], ['write', 16], ...LATE],
  pause: [['any', 120], ['name', 16], ['write', 16], ...LATE],
  'power cut': [['any', 120], ['name', 16], ['sync', 10], ...LATE],
  EIO: [['read', 60], ['write', 16], ['sync', 10], ['name', 16], ...LATE],
  ENOSPC: [
    ['write', 16],
    ['name', 16],
  ],
  EINTR: [
    ['read', 60],
    ['write', 16],
    ['sync', 10],
  ],
  'short read': [['file.read', 20]],
  'short write': [['file.write', 8]],
};
const OFTEN: readonly FaultKind[] = [...FAULTS, 'kill', 'kill', 'pause', 'EIO'];

/** The scenario of a seed. */
export function scenarioOf(seed: number): Scenario {
  const rng = new Rng(seed);
  let jobs = 0;
  const luck = () => Math.floor(rng.next() * 2 ** 32);
  const actors: Actor[] = [];
  const free = [...ACTORS];
  for (let left = 1 + rng.below(MOST_ACTORS); left > 0; left--) {
    const name = free.splice(rng.below(free.length), 1)[0]!;
    const roles: readonly CallKind[] = ROLES[name];
    const calls = () =>
      Array.from({ length: name === 'library' ? 1 + rng.below(3) : 1 }, () => ({
        kind: rng.pick(roles),
        luck: luck(),
      }));
    actors.push({
      name,
      jobs: Array.from({ length: 1 + rng.below(2) }, () => ({ id: jobs++, calls: calls() })),
    });
  }
  const all = actors.flatMap((actor) => actor.jobs);
  const exports = all.filter(({ calls }) => calls.some(({ kind }) => kind === 'export'));
  const faults = Array.from({ length: rng.below(MOST_FAULTS + 1) }, (): Fault => {
    const kind = rng.pick(OFTEN);
    const [among, most] = rng.pick(AIMS[kind]);
    const able = among === 'destination' && exports.length > 0 ? exports : all;
    return { job: rng.pick(able).id, kind, among, nth: 1 + Math.floor(most * rng.next() ** 2) };
  });
  return { seed, packs: rng.chance(0.5), index: rng.chance(0.5), cut: rng.chance(0.5), actors, faults };
}
