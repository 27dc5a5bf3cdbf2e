/** The effects besides the disk that hs depends on, as interfaces; `src/cli` and tests supply them. */

/** Milliseconds since the epoch, from the system. */
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
  /** Every variable, for a program that is started. */
  all(): Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly uid: number;
  /** The permission bits that what this process makes for others does not get. */
  readonly umask: number;
  readonly userName: string;
  readonly home: string | undefined;
  readonly platform: NodeJS.Platform;
}

/** Where long work says how far it is; cheap enough to be called for every file and chunk. */
export interface ProgressSink {
  /** Begins a stage and ends the one before. `total` is in `unit`s, where it is known. */
  start(label: string, total?: number, unit?: ProgressUnit): void;
  advance(amount: number): void;
  /** Ends the stage. */
  done(): void;
}

/** `bytes` are shown as sizes; anything else is the plural of what is counted: `files`, `entries`. */
export type ProgressUnit = 'bytes' | (string & {});

export const noProgress: ProgressSink = { start() {}, advance() {}, done() {} };

/** One thing that was done. Names, numbers and hashes: never payload bytes, arguments or secrets. */
export interface TraceEvent {
  readonly event: string;
  readonly [fact: string]: string | number | boolean | undefined;
}

/** Is told what is done, as it is done (`HS_TRACE`, `--verbose`). */
export type Trace = (event: TraceEvent) => void;
