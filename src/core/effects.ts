/** The effects other than disk access that hs depends on, as interfaces; `src/cli` and tests supply them. */

/** System time in milliseconds since the epoch. */
export interface Clock {
  now(): number;
}

export interface Random {
  /** A random (version 4) UUID, lowercase. */
  uuid(): string;
  /** `bytes` random bytes in lowercase hex. */
  hex(bytes: number): string;
}

export interface Environment {
  get(name: string): string | undefined;
  /** All variables, for a child process. */
  all(): Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly uid: number;
  /** Permission bits removed from what this process creates for others. */
  readonly umask: number;
  readonly userName: string;
  readonly home: string | undefined;
  readonly platform: NodeJS.Platform;
}

/** Progress of long operations; cheap enough to call for every file and chunk. */
export interface ProgressSink {
  /** Starts a stage and ends the previous one. `total` is in `unit`s, if known. */
  start(label: string, total?: number, unit?: ProgressUnit): void;
  advance(amount: number): void;
  /** Ends the stage. */
  done(): void;
}

/** `bytes` are shown as sizes; anything else is the plural of what is counted: `files`, `entries`. */
export type ProgressUnit = 'bytes' | (string & {});

export const noProgress: ProgressSink = { start() {}, advance() {}, done() {} };

/** One action. Names, numbers and hashes: never payload bytes, arguments or secrets. */
export interface TraceEvent {
  readonly event: string;
  readonly [fact: string]: string | number | boolean | undefined;
}

/** Receives each action as it happens (`HS_TRACE`, `--verbose`). */
export type Trace = (event: TraceEvent) => void;
