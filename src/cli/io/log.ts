import type { OutputForm } from '../globals.js';
import { guardLine } from '../text/escape-for-terminal.js';
import type { Style } from '../text/style.js';
import type { OutputStream } from './output-stream.js';

export interface LogSettings {
  readonly style: Style;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** `json` collects warnings for its document instead of printing them; rows have no place for them. */
  readonly form: OutputForm;
  /** Erases a progress line before a message is printed. */
  readonly before: () => void;
}

/** Standard error: everything but the result. */
export class Log {
  readonly #open: () => OutputStream;
  readonly #settings: LogSettings;
  readonly warnings: string[] = [];

  constructor(open: () => OutputStream, settings: LogSettings) {
    this.#open = open;
    this.#settings = settings;
  }

  /** Warns about a problem; the command continues. */
  warn(message: string): void {
    if (this.#settings.form === 'json') this.warnings.push(message);
    else this.#line(`hs: ${this.#settings.style.warning('warning')}: ${guardLine(message)}`);
  }

  /** Useful information; silent with `--quiet`, `--json` and `--jsonl`. */
  note(message: string): void {
    if (!this.#settings.quiet && this.#settings.form === 'text') this.#line(`hs: ${guardLine(message)}`);
  }

  /** Only with `--verbose`. */
  detail(message: string): void {
    if (this.#settings.verbose && this.#settings.form === 'text') this.#line(`hs: ${guardLine(message)}`);
  }

  /** `hs: error: …`, for a bug its stack frames, and the hint. */
  error(message: string, hint?: string, frames: readonly string[] = []): void {
    this.#line(`hs: ${this.#settings.style.bad('error')}: ${guardLine(message)}`);
    for (const frame of frames) this.#line(`    ${guardLine(frame)}`);
    if (hint !== undefined) this.#line(`hint: ${guardLine(hint)}`);
  }

  /** A finished line, such as a JSON document. */
  raw(line: string): void {
    this.#line(line);
  }

  #line(line: string): void {
    this.#settings.before();
    const stream = this.#open();
    if (stream.writable) stream.write(`${line}\n`);
  }
}
