import { HsError } from '../../errors/hs-error.js';
import type { RunningTool } from '../../sandbox/sandbox.js';

/** A tool that was asked to end has this long to put its things in order; a second signal ends it at once. */
const PATIENCE_MS = 10_000;
const ENDING: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']);

/** The ways in which a run is ended from outside: by signals, and by a budget. */
export class ToolSignals {
  readonly #abort = new AbortController();
  #tool: RunningTool | undefined;
  #patience: NodeJS.Timeout | undefined;
  /** The first signal that asked for the end. */
  asked: NodeJS.Signals | undefined;
  hasStarted = false;
  /** How the tool ended, once it has. */
  status: number | undefined;
  /** Why the tool was stopped, when it went too far. */
  overrun: string | undefined;

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  readonly take = (signal: NodeJS.Signals): void => {
    if (!ENDING.has(signal)) {
      this.#tool?.send(signal);
      return;
    }
    if (this.#tool === undefined || this.asked !== undefined) this.#abort.abort(signal);
    else {
      this.#tool.send(signal);
      // A tool that is stopped would not hear it.
      this.#tool.send('SIGCONT');
      this.#patience = setTimeout(() => this.#abort.abort(signal), PATIENCE_MS);
    }
    this.asked ??= signal;
  };

  started(tool: RunningTool): void {
    this.#tool = tool;
    this.hasStarted = true;
  }

  /** Nobody reads what the tool prints: it gets what a closed pipe would have given it. */
  outputClosed(): void {
    this.#tool?.send('SIGPIPE');
  }

  overran(why: string): void {
    this.overrun ??= why;
    this.#abort.abort('SIGKILL');
  }

  /** Waits for `work`, but not longer than the run lasts: a reader may have stopped reading. */
  async whileRunning(work: Promise<unknown>): Promise<void> {
    if (this.signal.aborted) return;
    let stop!: () => void;
    const aborted = new Promise<void>((resolve) => {
      stop = resolve;
    });
    this.signal.addEventListener('abort', stop, { once: true });
    try {
      await Promise.race([work, aborted]);
    } finally {
      this.signal.removeEventListener('abort', stop);
    }
  }

  end(): void {
    clearTimeout(this.#patience);
    this.#tool = undefined;
  }

  /** What to throw when the tool was not even started. */
  interrupted(e: HsError): HsError {
    return this.asked === 'SIGTERM' ? new HsError('TERMINATED', e.message) : e;
  }
}
