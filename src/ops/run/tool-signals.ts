import { HsError } from '../../errors/hs-error.js';
import type { RunningTool } from '../../sandbox/sandbox.js';

/** Time for a tool to end cleanly after a signal; a second signal ends it at once. */
const PATIENCE_MS = 10_000;
const ENDING: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']);

/** Ends a run from outside: by signals, or when it exceeds its budget. */
export class ToolSignals {
  readonly #abort = new AbortController();
  #tool: RunningTool | undefined;
  #patience: NodeJS.Timeout | undefined;
  /** The first signal that requested the end. */
  asked: NodeJS.Signals | undefined;
  hasStarted = false;
  /** The tool's exit status, once it has ended. */
  status: number | undefined;
  /** The limit that the tool exceeded, if it was stopped for that. */
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
      // A stopped tool would not receive it.
      this.#tool.send('SIGCONT');
      this.#patience = setTimeout(() => this.#abort.abort(signal), PATIENCE_MS);
    }
    this.asked ??= signal;
  };

  started(tool: RunningTool): void {
    this.#tool = tool;
    this.hasStarted = true;
  }

  /** Nobody reads the tool's output: sends it the signal of a closed pipe. */
  outputClosed(): void {
    this.#tool?.send('SIGPIPE');
  }

  overran(why: string): void {
    this.overrun ??= why;
    this.#abort.abort('SIGKILL');
  }

  /** Waits for `work`, but no longer than the run lasts: a reader may have stopped reading. */
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

  /** The error if the tool was not even started. */
  interrupted(e: HsError): HsError {
    return this.asked === 'SIGTERM' ? new HsError('TERMINATED', e.message) : e;
  }
}
