import { nextTick } from 'node:process';
import { setImmediate } from 'node:timers';
import type { SimProcess } from '../../sim/process.js';
import type { Rng } from '../../sim/rng.js';

/** A request, or a wait, of a process that is to go on. */
interface Turn {
  readonly process: SimProcess;
  /** Not before this time, in milliseconds. */
  readonly due: number;
  act(): unknown;
  /** The process died before it. */
  cut(): void;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** What is to happen in place of a turn. A pause lasts so many turns of others. */
export type Mishap = 'kill' | { readonly pause: number } | undefined;

const MOST_MS_A_TURN = 20;
/** Turns between two of the event loop. */
const TICKS_A_LOOP = 1000;

/**
 * Decides whose request is served next, by a seed. Time is virtual: it passes with the turns, and jumps when all that
 * is left to do is to wait.
 */
export class Turns {
  /** Milliseconds since the epoch. */
  ms = Date.UTC(2026, 5, 1);
  /** Turns so far. */
  count = 0;
  kills = 0;
  pauses = 0;
  readonly #rng: Rng;
  /** How often a process that went goes on: high values let others sleep for long. */
  readonly #stickiness: number;
  readonly #mishap: (process: SimProcess) => Mishap;
  /** Until which turn a process is paused. */
  readonly #paused = new Map<SimProcess, number>();
  #waiting: Turn[] = [];
  #last: SimProcess | undefined;
  #isAwake = false;
  #ticks = 0;

  constructor(rng: Rng, mishap: (process: SimProcess) => Mishap) {
    this.#rng = rng;
    this.#mishap = mishap;
    this.#stickiness = rng.pick([0, 0.5, 0.9, 0.98]);
  }

  now(): number {
    return this.ms;
  }

  /** Resolves to what `act` returns once it is the process's turn; never, if it is dead. */
  take<T>(process: SimProcess, act: () => T, cut: () => void = () => undefined, waitMs = 0): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!process.alive) return;
      const done = resolve as (value: unknown) => void;
      this.#waiting.push({ process, due: this.ms + Math.ceil(waitMs), act, cut, resolve: done, reject });
      this.#wake();
    });
  }

  /** Resolves after so many milliseconds. */
  sleep(process: SimProcess, ms: number): Promise<void> {
    return this.take(process, () => undefined, undefined, ms);
  }

  kill(process: SimProcess): void {
    this.kills++;
    process.kill();
    this.#paused.delete(process);
    for (const turn of this.#waiting) if (turn.process === process) turn.cut();
    this.#waiting = this.#waiting.filter((turn) => turn.process.alive);
  }

  #wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    // After this, every promise that could be settled has been: all processes wait for a turn or are done. A turn of the
    // event loop for each would take as long as the rest of the turn; now and then timers and messages get one.
    this.#ticks += 1;
    if (this.#ticks % TICKS_A_LOOP === 0) setImmediate(this.#step);
    else queueMicrotask(() => nextTick(this.#step));
  }

  readonly #step = (): void => {
    this.#isAwake = false;
    const turn = this.#next();
    if (turn === undefined) return;
    this.#perform(turn);
    this.#wake();
  };

  #perform(turn: Turn): void {
    this.count++;
    this.ms += this.#rng.below(MOST_MS_A_TURN);
    const mishap = this.#mishap(turn.process);
    if (mishap === 'kill') {
      this.kill(turn.process);
      return;
    }
    if (mishap !== undefined) {
      this.pauses++;
      this.#paused.set(turn.process, this.count + mishap.pause);
      return;
    }
    this.#waiting.splice(this.#waiting.indexOf(turn), 1);
    this.#last = turn.process;
    try {
      turn.resolve(turn.act());
    } catch (e) {
      turn.reject(e);
    }
  }

  #next(): Turn | undefined {
    // What died otherwise, in the middle of a write to its disk.
    for (const turn of this.#waiting) if (!turn.process.alive) turn.cut();
    this.#waiting = this.#waiting.filter((turn) => turn.process.alive);
    if (this.#waiting.length === 0) return undefined;
    const until = ({ process }: Turn) => this.#paused.get(process) ?? 0;
    const awake = this.#waiting.filter((turn) => until(turn) <= this.count);
    const ready = awake.filter(({ due }) => due <= this.ms);
    if (ready.length === 0) {
      // Pauses end before those that rest take all the turns.
      if (awake.length < this.#waiting.length) {
        this.count = Math.min(...this.#waiting.map(until).filter((turn) => turn > this.count));
      } else this.ms = Math.min(...awake.map(({ due }) => due));
      return this.#next();
    }
    const same = ready.filter(({ process }) => process === this.#last);
    return this.#rng.pick(same.length > 0 && this.#rng.chance(this.#stickiness) ? same : ready);
  }
}
