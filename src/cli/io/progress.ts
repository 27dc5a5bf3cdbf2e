import type { Clock, ProgressSink, ProgressUnit } from '../../core/effects.js';
import { humanSize } from '../../core/text/human.js';
import { guardLine } from '../text/escape-for-terminal.js';
import { humanSpan } from '../text/human-age.js';
import type { OutputStream } from './output-stream.js';

export interface ProgressSettings {
  readonly shown: boolean;
  readonly clock: Clock;
}

/** Shorter work shows nothing; after that, ten updates a second are enough for the eye. */
const FIRST_MS = 300;
const EVERY_MS = 100;

/** Progress as the command line shows it. */
export interface ShownProgress extends ProgressSink {
  /** Erases the line for a message; the next advance redraws it. */
  wipe(): void;
}

/** One line on the terminal: amount, rate and time left. Erased at the end of the stage. */
export class Progress implements ShownProgress {
  readonly #open: () => OutputStream;
  readonly #settings: ProgressSettings;
  #label = '';
  #total: number | undefined;
  #unit: ProgressUnit = 'items';
  #amount = 0;
  #started = 0;
  #next = Number.POSITIVE_INFINITY;
  #drawn = false;

  constructor(open: () => OutputStream, settings: ProgressSettings) {
    this.#open = open;
    this.#settings = settings;
  }

  start(label: string, total?: number, unit: ProgressUnit = 'items'): void {
    this.done();
    if (!this.#settings.shown) return;
    this.#label = label;
    this.#total = total;
    this.#unit = unit;
    this.#amount = 0;
    this.#started = this.#settings.clock.now();
    this.#next = this.#started + FIRST_MS;
  }

  advance(amount: number): void {
    if (!this.#settings.shown) return;
    this.#amount += amount;
    const now = this.#settings.clock.now();
    if (now < this.#next) return;
    this.#next = now + EVERY_MS;
    this.wipe();
    this.#open().write(this.#line(now));
    this.#drawn = true;
  }

  done(): void {
    this.wipe();
    this.#next = Number.POSITIVE_INFINITY;
  }

  wipe(): void {
    if (!this.#drawn) return;
    this.#open().write('\r\x1b[K');
    this.#drawn = false;
  }

  #line(now: number): string {
    const seconds = Math.max(0.001, (now - this.#started) / 1000);
    const rate = this.#amount / seconds;
    const parts = [`${this.#label}: ${this.#show(this.#amount)}`];
    if (this.#total !== undefined && this.#total > 0) {
      const percent = Math.min(100, Math.floor((100 * this.#amount) / this.#total));
      parts[0] += ` of ${this.#show(this.#total)} (${percent} %)`;
    }
    parts.push(`${this.#show(Math.round(rate))}/s`);
    if (this.#total !== undefined && rate > 0 && this.#amount < this.#total) {
      parts.push(`${humanSpan(((this.#total - this.#amount) / rate) * 1000)} left`);
    }
    // Leaves one column free: a full line would wrap, and a wrapped line cannot be erased.
    return guardLine(parts.join(', ')).slice(0, Math.max(10, (this.#open().columns || 80) - 1));
  }

  #show(amount: number): string {
    return this.#unit === 'bytes' ? humanSize(amount) : `${amount} ${this.#unit}`;
  }
}
