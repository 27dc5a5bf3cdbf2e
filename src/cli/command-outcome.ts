import { HsError } from '../errors/hs-error.js';
import { bugFrames, failureDocument, toFailure } from './failure.js';
import type { OutputForm } from './globals.js';
import type { Host } from './host.js';
import type { Log } from './io/log.js';
import { OutputClosed } from './io/output.js';
import { safeJson } from './text/escape-for-terminal.js';

/** The outcome of a command: failures, reports, and the resulting exit status. */
export class Outcome {
  readonly failed: HsError[] = [];
  status = 0;
  /** Describes what was done until an interruption. */
  soFar: (() => string) | undefined;
  #succeeded = 0;
  readonly #host: Host;
  readonly #log: Log;
  readonly #form: OutputForm;
  readonly #signal: AbortSignal;

  constructor(host: Host, log: Log, form: OutputForm, signal: AbortSignal) {
    this.#host = host;
    this.#log = log;
    this.#form = form;
    this.#signal = signal;
  }

  /** Runs one of several items; a failure is reported, or kept for the JSON document. */
  async attempt<T>(item: () => Promise<T>): Promise<T | undefined> {
    try {
      const value = await item();
      this.#succeeded++;
      return value;
    } catch (e) {
      if (e instanceof OutputClosed || this.#signal.aborted) throw e;
      const failure = toFailure(e);
      if (failure.code === 'BUG' || failure.code === 'USAGE') throw failure;
      this.failed.push(failure);
      if (this.#form !== 'json') this.report(failure);
      return undefined;
    }
  }

  /** Prints the error, or the JSON error document. */
  report(e: HsError): void {
    const said = this.#signal.aborted ? this.soFar?.() : undefined;
    const message = said === undefined ? e.message : `${e.message}: ${said}`;
    if (this.#form === 'text') {
      this.#log.error(message, e.hint, bugFrames(e, this.#host.environment));
    } else {
      const { warnings } = this.#log;
      const error = { ...failureDocument(e), message };
      const aside = warnings.length > 0 ? { warnings } : {};
      this.#log.raw(safeJson({ schema: 'hs.error/1', error, ...aside }));
    }
  }

  /** The exit status of a completed command; `shown` is the number of printed results. */
  finish(shown: number): number {
    const [first] = this.failed;
    if (first === undefined) return this.status;
    if (this.#form === 'json' && shown === 0 && this.failed.length === 1) this.report(first);
    const same = this.failed.every((e) => e.exitStatus === first.exitStatus);
    return this.#succeeded === 0 && same ? first.exitStatus : new HsError('PARTIAL', '').exitStatus;
  }
}
