import type { DiskOperation } from '../../src/fsx/surround-disk.js';
import type { Rng } from './rng.js';

/** One operation that waits for its turn. */
export interface Turn {
  readonly process: object;
  readonly operation: DiskOperation;
  readonly path: string;
  /** Does it, at once and whole; what it returns is the operation's result. */
  act(): unknown;
  readonly mishaps: Mishaps;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A turn of the event loop after so many of the scheduler: ticks alone would let no timer and no message through. */
const TURNS_A_LOOP = 1000;

/** What may become of a turn other than being done. */
export interface Mishaps {
  /** What is left of it when its process dies in the middle. */
  torn?(rng: Rng): void;
  /** What is left of it when it was made to fail. */
  failed?(rng: Rng): void;
  /** Does a part of it: the result, or the turn that does the rest. */
  short?(rng: Rng): { readonly value: unknown } | { readonly rest: Mishaps & Pick<Turn, 'act'> };
}

/**
 * Decides which process goes next, by a seed. Between two turns every process runs until it waits for
 * the disk again, so a run is repeatable as long as nothing but the disk makes a process wait.
 */
export class Scheduler {
  readonly #rng: Rng;
  #interleave: boolean;
  #isCalm = false;
  readonly #perform: (turn: Turn) => void;
  /** How often the process that just ran goes on: high values let another one sleep for long. */
  readonly #stickiness: number;
  #waiting: Turn[] = [];
  #last: object | undefined;
  #awake = false;
  #turns = 0;
  /** The processes that get no turn, and after which one they do again. */
  readonly #paused = new Map<object, number>();

  constructor(rng: Rng, interleave: boolean, perform: (turn: Turn) => void) {
    this.#rng = rng;
    this.#interleave = interleave;
    this.#perform = perform;
    this.#stickiness = rng.pick([0, 0.5, 0.9, 0.98]);
  }

  get interleaves(): boolean {
    return this.#interleave;
  }

  /** Whether the interleaving has ended. */
  get isCalm(): boolean {
    return this.#isCalm;
  }

  /** From now on each operation is done at once: one process after another is at work. */
  calm(): void {
    this.#interleave = false;
    this.#isCalm = true;
  }

  submit(turn: Turn): void {
    if (!this.#interleave) {
      this.#perform(turn);
      return;
    }
    this.#waiting.push(turn);
    this.#wake();
  }

  /** Gives a process no turn for the next `turns`, or until nobody else waits. */
  pause(process: object, turns: number): void {
    this.#paused.set(process, this.#turns + turns);
  }

  /** Forgets what a process was waiting for: it never hears of it again. */
  drop(process: object): void {
    this.#waiting = this.#waiting.filter((turn) => turn.process !== process);
  }

  #wake(): void {
    if (this.#awake || this.#waiting.length === 0) return;
    this.#awake = true;
    // A tick that a microtask asks for comes when no microtask is left: every promise that could be settled has been, and
    // all processes wait for the disk or are done. Now and then real timers and messages get a turn.
    this.#turns += 1;
    if (this.#turns % TURNS_A_LOOP === 0) setImmediate(this.#step);
    else queueMicrotask(this.#soon);
  }

  readonly #soon = (): void => process.nextTick(this.#step);

  readonly #step = (): void => {
    this.#awake = false;
    const turn = this.#next();
    if (turn !== undefined) this.#perform(turn);
    this.#wake();
  };

  #next(): Turn | undefined {
    if (this.#waiting.length === 0) return undefined;
    const ready = this.#ready();
    const same = ready.filter((turn) => turn.process === this.#last);
    const turn = this.#rng.pick(same.length > 0 && this.#rng.chance(this.#stickiness) ? same : ready);
    this.#waiting.splice(this.#waiting.indexOf(turn), 1);
    this.#last = turn.process;
    return turn;
  }

  #ready(): readonly Turn[] {
    if (this.#paused.size === 0) return this.#waiting;
    for (const [process, until] of this.#paused) if (until <= this.#turns) this.#paused.delete(process);
    const ready = this.#waiting.filter((turn) => !this.#paused.has(turn.process));
    if (ready.length > 0) return ready;
    this.#paused.clear();
    return this.#waiting;
  }
}
