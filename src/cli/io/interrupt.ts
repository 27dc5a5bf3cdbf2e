import { HsError } from '../../errors/hs-error.js';
import type { Host } from '../host.js';

/** How long a command that only reads may go on after Ctrl-C; it has nothing to put in order. */
const READER_GRACE_MS = 500;
/** What a program that hs runs may be sent besides SIGINT and SIGTERM. */
const PASSED_ON: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];

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
      if (this.#diverted !== undefined) return this.#diverted(signal);
      const code = signal === 'SIGINT' ? 'INTERRUPTED' : 'TERMINATED';
      const error = new HsError(code, signal === 'SIGINT' ? 'interrupted' : 'ended by a signal');
      if (this.signal.aborted) return host.abandon(error.exitStatus);
      this.#controller.abort(error);
      if (!this.#writes) this.#grace = setTimeout(() => host.abandon(error.exitStatus), READER_GRACE_MS);
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Signals go to `handler`, these and others, until the returned function is called. */
  divert(handler: (signal: NodeJS.Signals) => void): () => void {
    this.#diverted = handler;
    const stop = this.#host.onSignal(handler, PASSED_ON);
    return () => {
      stop();
      this.#diverted = undefined;
    };
  }

  /** All is done but that somebody reads it in a pager, whose Ctrl-C it is from here on. */
  leaveToPager(): void {
    clearTimeout(this.#grace);
    this.#diverted = (signal) => {
      if (signal === 'SIGTERM') this.#host.abandon(new HsError('TERMINATED', '').exitStatus);
    };
  }

  /** Whether there is something to put in order before the end. */
  get writes(): boolean {
    return this.#writes;
  }

  /** From here on there is, or not: a dry run of a command that writes only reads. */
  set writes(writes: boolean) {
    this.#writes = writes;
  }

  release(): void {
    clearTimeout(this.#grace);
    this.#stop();
  }
}
