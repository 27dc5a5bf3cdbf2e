/**
 * Every failure hs can name, with its exit status (`man hs`, EXIT STATUS). Programs decide by the code; messages are
 * only for people.
 */
const EXIT_STATUS = {
  USAGE: 2, // an argument or option is not what it must be
  COMMAND_FAILED: 1, // the command whose output was to be stored failed
  PARTIAL: 3, // some of it was done
  NOT_FOUND: 4, // nothing has that name
  AMBIGUOUS: 4, // more than one has that name; the candidates are in the hint
  INTEGRITY: 5, // bytes do not match their hash
  INVALID_MANIFEST: 5, // not a valid manifest
  INVALID_RECORD: 5, // not a valid plan, policy, report, entry or index
  OBJECT_MISSING: 5, // an object is not in the store
  LEDGER_BROKEN: 5, // the ledger is not one unbroken chain
  ROLLED_BACK: 5, // the ledger lacks entries that were seen before
  REFUSED: 6, // the actor lacks a capability, or a rule forbids it
  'HSK-4001': 6, // a policy names a capability that does not exist
  GUARD_BLOCKED: 6, // restricted content would leave the store
  LAYER: 6, // the gates of a layer are not met
  PINNED: 6, // a pin, or the layer L1, keeps it
  BUDGET: 6, // the budget of exports is used up
  UNSAFE_PATH: 7, // a path breaks the path rules, or is not a file or directory
  HOSTILE_INPUT: 7, // an archive breaks the rules or the limits
  CONFLICT: 8, // something of that name exists, or has changed
  DEST_EXISTS: 8, // the destination exists
  PLAN_STALE: 8, // the plan was applied, or is of another store or policy
  SOURCE_CHANGED: 8, // a file changed while it was read
  NO_STORE: 9, // there is no store
  UNKNOWN_FORMAT: 9, // the store was made by a newer hs
  SYSTEM: 10, // the operating system refused, or a disk is full
  OFFLINE: 10, // the service of the store is not to be asked, and this machine does not have it
  OUTCOME_UNKNOWN: 10, // whether an entry was written is unknown; look before you repeat it
  QUOTA: 11, // the quota cannot be met
  BUG: 70, // a bug in hs
  SANDBOX: 125, // nothing here confines a tool as was asked
  INTERRUPTED: 130, // stopped by SIGINT
  TERMINATED: 143, // stopped by SIGTERM
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

/** The message of whatever was thrown: a signal's reason, or what a caller's stream fails with, may be any value. */
export function messageOf(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}
