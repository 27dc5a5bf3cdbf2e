import type { Readable } from 'node:stream';
import type { Clock, Environment, Random } from '../core/effects.js';
import type { Pager } from '../fsx/pager-process.js';
import type { OutputStream } from './io/output-stream.js';

/** The process as the command line sees it; tests replace it. */
export interface Host {
  /** Without the interpreter and the program. */
  readonly argv: readonly string[];
  /** USAGE if an argument is not UTF-8. */
  demandArguments(): void;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly random: Random;
  /** Created on first use: each takes a few milliseconds of start-up. */
  readonly stdin: Readable;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  isTerminal(stream: 'stdin' | 'stdout' | 'stderr'): boolean;
  /** Calls `gone` when the reader of standard output has gone, until the returned function is called. */
  onReaderGone(gone: () => void): Promise<() => void>;
  /** Starts the given pager, else the usual one; undefined if there is none. */
  startPager(asked: string | undefined): Promise<Pager | undefined>;
  /** Opens a file in an editor on the terminal; fails unless the editor succeeds. */
  editFile(editor: string, path: string): Promise<void>;
  readonly version: string;
  chdir(directory: string): void;
  /** Calls `handler` on SIGINT and SIGTERM, or the given signals, until the returned function is called. */
  onSignal(handler: (signal: NodeJS.Signals) => void, signals?: readonly NodeJS.Signals[]): () => void;
  /** Ends the process at once. */
  abandon(status: number): void;
}
