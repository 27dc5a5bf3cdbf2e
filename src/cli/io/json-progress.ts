import type { Clock, ProgressUnit } from '../../core/effects.js';
import { safeJson } from '../text/escape-for-terminal.js';
import type { OutputStream } from './output-stream.js';
import type { ShownProgress } from './progress.js';

export const PROGRESS_SCHEMA = 'hs.progress/1';
/** At most ten lines a second, besides the first and the last of each stage. */
const EVERY_MS = 100;

/** Progress for programs: JSON Lines on standard error (`--progress json`). */
export class JsonProgress implements ShownProgress {
  readonly #open: () => OutputStream;
  readonly #clock: Clock;
  #stage: { label: string; unit: ProgressUnit; total: number | undefined; started: number } | undefined;
  #amount = 0;
  #next = 0;

  constructor(open: () => OutputStream, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  start(label: string, total?: number, unit: ProgressUnit = 'items'): void {
    this.done();
    this.#stage = { label, unit, total, started: this.#clock.now() };
    this.#amount = 0;
    this.#tell('start');
  }

  advance(amount: number): void {
    this.#amount += amount;
    if (this.#stage !== undefined && this.#clock.now() >= this.#next) this.#tell('advance');
  }

  done(): void {
    if (this.#stage !== undefined) this.#tell('end');
    this.#stage = undefined;
  }

  wipe(): void {}

  #tell(event: 'start' | 'advance' | 'end'): void {
    const { label, unit, total, started } = this.#stage!;
    const now = this.#clock.now();
    this.#next = now + EVERY_MS;
    const stream = this.#open();
    if (!stream.writable) return;
    const line = {
      schema: PROGRESS_SCHEMA,
      event,
      stage: label,
      unit,
      amount: this.#amount,
      ...(total === undefined ? {} : { total }),
      elapsed_ms: Math.max(0, Math.round(now - started)),
    };
    stream.write(`${safeJson(line)}\n`);
  }
}
