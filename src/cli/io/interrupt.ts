import { HsError } from '../../errors/hs-error.js';
import type { Host } from '../host.js';

/** How long a command that only reads may go on after Ctrl-C; it has nothing to put in order. */
const READER_GRACE_MS = 500;

/** Turns Ctrl-C and SIGTERM into an abort; the second one ends the process at once. */
export class Interrupt {
  readonly #controller = new AbortController();
  readonly #stop: () => void;
  #grace: NodeJS.Timeout | undefined;
  #writes: boolean;

  constructor(host: Host, writes: boolean) {
    this.#writes = writes;
    this.#stop = host.onSignal((signal) => {
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

  /** From here on there is something to put in order before the end. */
  waitAlways(): void {
    this.#writes = true;
  }

  release(): void {
    clearTimeout(this.#grace);
    this.#stop();
  }
}
