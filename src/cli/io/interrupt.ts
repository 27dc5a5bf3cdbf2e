import { constants } from 'node:os';
import { HsError } from '../../errors/hs-error.js';
import type { Host } from '../host.js';

/** How long a read-only command may continue after Ctrl-C; it has nothing to clean up. */
const READER_GRACE_MS = 500;
/** The signals, besides SIGINT and SIGTERM, to pass on to a program that hs runs. */
const PASSED_ON: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
const ENDING_TOO: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGQUIT'];

/** Turns Ctrl-C and SIGTERM into an abort; the second one ends the process at once. */
export class Interrupt {
  readonly #controller = new AbortController();
  readonly #stop: () => void;
  readonly #host: Host;
  #diverted: ((signal: NodeJS.Signals) => void) | undefined;
  #grace: NodeJS.Timeout | undefined;
  #writes: boolean;

  constructor(host: Host, writes: boolean) {
    this.#host = host;
    this.#writes = writes;
    this.#stop = host.onSignal((signal) => {
      if (this.#diverted === undefined) this.#end(signal);
      else this.#diverted(signal);
    });
  }

  #end(signal: NodeJS.Signals): void {
    const error =
      signal === 'SIGINT'
        ? new HsError('INTERRUPTED', 'interrupted')
        : new HsError('TERMINATED', 'ended by a signal', { exitStatus: 128 + constants.signals[signal] });
    if (this.signal.aborted) {
      this.#host.abandon(error.exitStatus);
      return;
    }
    this.#controller.abort(error);
    if (!this.#writes) this.#grace = setTimeout(() => this.#host.abandon(error.exitStatus), READER_GRACE_MS);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Passes these and other signals to `handler`, until the returned function is called. */
  divert(handler: (signal: NodeJS.Signals) => void): () => void {
    this.#diverted = handler;
    const stop = this.#host.onSignal(handler, PASSED_ON);
    return () => {
      stop();
      this.#diverted = undefined;
    };
  }

  /** Lets a hang-up and SIGQUIT end the command as SIGTERM does, until the returned function is called. */
  endOnHangUp(): () => void {
    return this.#host.onSignal((signal) => this.#end(signal), ENDING_TOO);
  }

  /** Only the pager is left to wait for; Ctrl-C belongs to it from here on. */
  leaveToPager(): void {
    clearTimeout(this.#grace);
    this.#diverted = (signal) => {
      if (signal === 'SIGTERM') this.#host.abandon(new HsError('TERMINATED', '').exitStatus);
    };
  }

  /** Whether there is something to clean up before exiting. */
  get writes(): boolean {
    return this.#writes;
  }

  /** Sets whether there is: a dry run of a writing command only reads. */
  set writes(writes: boolean) {
    this.#writes = writes;
  }

  release(): void {
    clearTimeout(this.#grace);
    this.#stop();
  }
}
