/**
 * Every failure hs can name, with its exit status (`man hs`, EXIT STATUS). Programs decide by the code; messages are
 * only for people.
 */
const EXIT_STATUS = {
  USAGE: 2,
  COMMAND_FAILED: 1,
  PARTIAL: 3,
  NOT_FOUND: 4,
  AMBIGUOUS: 4,
  INTEGRITY: 5,
  INVALID_MANIFEST: 5,
  INVALID_RECORD: 5,
  OBJECT_MISSING: 5,
  LEDGER_BROKEN: 5,
  ROLLED_BACK: 5,
  REFUSED: 6,
  'HSK-4001': 6,
  GUARD_BLOCKED: 6,
  LAYER: 6,
  PINNED: 6,
  BUDGET: 6,
  UNSAFE_PATH: 7,
  HOSTILE_INPUT: 7,
  CONFLICT: 8,
  DEST_EXISTS: 8,
  PLAN_STALE: 8,
  SOURCE_CHANGED: 8,
  NO_STORE: 9,
  UNKNOWN_FORMAT: 9,
  SYSTEM: 10,
  OUTCOME_UNKNOWN: 10,
  QUOTA: 11,
  BUG: 70,
  SANDBOX: 125,
  INTERRUPTED: 130,
  TERMINATED: 143,
} as const;

export type ErrorCode = keyof typeof EXIT_STATUS;

export interface ErrorExtras {
  /** The next step: a command, or a fact the user can act on. */
  readonly hint?: string;
  /** Machine-readable facts for `--json`; never payload bytes. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** Overrides the exit status of the code, for commands that pass on the status of another program (`hs run`: 125). */
  readonly exitStatus?: number;
}

/** The error type of hs: a code to decide by, a message, and a hint if there is a next step. */
export class HsError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly exitStatus: number;

  constructor(code: ErrorCode, message: string, extras: ErrorExtras = {}) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.name = 'HsError';
    this.code = code;
    this.hint = extras.hint;
    this.details = extras.details;
    this.exitStatus = extras.exitStatus ?? EXIT_STATUS[code];
  }
}

/** The same error with a prefix on its message; `hint` replaces its hint. */
export function prefixed(e: HsError, subject: string, hint = e.hint): HsError {
  return new HsError(e.code, `${subject}${e.message}`, {
    ...(hint === undefined ? {} : { hint }),
    ...(e.details === undefined ? {} : { details: e.details }),
    cause: e,
    exitStatus: e.exitStatus,
  });
}

export function isHsError(e: unknown, ...codes: readonly ErrorCode[]): e is HsError {
  return e instanceof HsError && (codes.length === 0 || codes.includes(e.code));
}

/** True for a system error with one of the given codes, such as `ENOENT`. */
export function isErrno(e: unknown, ...codes: readonly string[]): e is NodeJS.ErrnoException {
  if (!(e instanceof Error) || !('code' in e) || typeof e.code !== 'string') return false;
  return codes.length === 0 ? /^E[A-Z0-9]+$/.test(e.code) && !(e instanceof HsError) : codes.includes(e.code);
}
