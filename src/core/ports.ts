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
  readonly cwd: string;
  readonly uid: number;
  readonly userName: string;
  readonly home: string | undefined;
  readonly platform: NodeJS.Platform;
}
