import type { Clock, Environment, ProgressSink, Random } from '../core/effects.js';
import type { Disk } from '../fsx/disk.js';
import type { Session } from '../ops/session/session.js';
import type { SessionRequest } from '../ops/session/session-request.js';
import type { StoreHome } from '../store/port/backend.js';
import type { CommandTable } from './command-table.js';
import type { GlobalValues } from './globals.js';
import type { Host } from './host.js';
import type { Input } from './io/input.js';
import type { Log } from './io/log.js';
import type { Out } from './io/output.js';
import type { Terminal } from './io/terminal.js';
import type { View } from './text/view.js';

export interface SessionOptions extends Partial<Pick<SessionRequest, 'progress' | 'signal' | 'warn'>> {
  readonly writes?: boolean;
  readonly adds?: boolean;
  readonly unchecked?: boolean;
}

/** The argument of a command's `run`. */
export interface Context<O = Readonly<Record<string, unknown>>, A = Readonly<Record<string, unknown>>> {
  readonly args: A;
  readonly options: O;
  readonly globals: GlobalValues;
  readonly environment: Environment;
  /** The system clock, even with `--now` (D10). */
  readonly clock: Clock;
  /** `--now` or `HS_NOW`, in milliseconds. */
  readonly setClock: number | undefined;
  /** The set clock, else the system clock. Milliseconds. */
  now(): number;
  readonly random: Random;
  /** `HS_ACTOR` and `HS_JOB_ID`, unparsed. */
  readonly actor: string | undefined;
  readonly jobId: string | undefined;
  /** `SOURCE_DATE_EPOCH` in seconds; USAGE if it is not a number of seconds. */
  sourceDateEpoch(): number | undefined;
  readonly stdin: Input;
  /** Only for commands that write bytes or records as they go; others return results. */
  readonly out: Out;
  readonly log: Log;
  readonly progress: ProgressSink;
  readonly terminal: Terminal;
  readonly view: View;
  /** Aborted on Ctrl-C and SIGTERM with the error that ends the command. */
  readonly signal: AbortSignal;
  readonly host: Host;
  readonly table: CommandTable;

  /** Makes a path that the user typed absolute. */
  path(typed: string): string;
  disk(): Promise<Disk>;
  /** Finds and creates stores, without opening one. */
  stores(): Promise<StoreHome>;
  /**
   * Opens the store, once; `writes` defaults to the command's `opens`. `unchecked`: also opens one whose ledger was
   * rolled back or has a hole. It is closed after `run`.
   */
  session(options?: SessionOptions): Promise<Session>;
  /**
   * Opens another store, named as after `--store`: a path or a URL. With the same actor, clock and signal; closed after
   * `run`.
   */
  otherSession(named: string, options?: SessionOptions): Promise<Session>;
  /**
   * Runs one of several items: a failure is reported, the others continue, and the command exits with 3 (or the
   * failure's own status, if nothing succeeded). Returns `undefined` on failure.
   */
  attempt<T>(item: () => Promise<T>): Promise<T | undefined>;
  /** Sets the exit status of a command that succeeded: 1 for "the answer is no". */
  exit(status: number): void;
  /**
   * Signals, including those that would end hs, go to `handler` instead of interrupting the command, until the returned
   * function is called.
   */
  takeSignals(handler: (signal: NodeJS.Signals) => void): () => void;
  /**
   * A hang-up and SIGQUIT, which would end hs at once, interrupt the command until the returned function is called: for
   * a program in a session of its own, which they do not reach.
   */
  endOnHangUp(): () => void;
  /** Sets the message for an interruption: what was done until then. */
  whenInterrupted(say: () => string): void;
}
