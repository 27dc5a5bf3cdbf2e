import { type ErrorCode, HsError, isErrno, isHsError, messageOf } from '../../errors/hs-error.js';
import type { Register } from './register-outputs.js';
import type { RunContext } from './run-context.js';
import type { RunFacts } from './run-record.js';

/** Errors caused by the store rather than by the tool's output. */
const STORE_CANNOT: readonly ErrorCode[] = ['SYSTEM', 'CONFLICT', 'LEDGER_BROKEN', 'ROLLED_BACK'];

/** Hours of work must not be lost to a full disk or a damaged ledger. */
export function isWorthRescuing(e: unknown): boolean {
  return isErrno(e) || isHsError(e, ...STORE_CANNOT);
}

/** A run whose output is not registered. */
export interface FailedRun {
  readonly facts: RunFacts;
  /** Recorded together with the failure. */
  readonly errors: readonly string[];
  /** True: the output stays where it is. */
  readonly rescued: boolean;
}

/**
 * Records the run without its output, and returns the error to throw: what the caller's own signal or callback threw as it
 * is, or one that says whether that succeeded.
 */
export async function failRun(
  { places }: RunContext,
  register: Register,
  { facts, errors, rescued }: FailedRun,
  e: unknown,
): Promise<unknown> {
  const said = `the tool exited with status ${facts.toolStatus}, but its output was not registered`;
  const code = isHsError(e) ? e.code : 'SYSTEM';
  const hint = rescued
    ? `its output is in '${places.capture}': store it with hs put, then remove '${places.root}'`
    : isHsError(e)
      ? e.hint
      : undefined;
  const unknown = code === 'OUTCOME_UNKNOWN';
  let unrecorded = '';
  try {
    if (!unknown) await register.commit([], facts, [...errors, messageOf(e)]);
  } catch (again) {
    if (!isHsError(again) && !isErrno(again)) throw again;
    unrecorded = '; the run could not be recorded either';
  }
  if (!isHsError(e) && !isErrno(e)) return e;
  return new HsError(code, `${unknown ? '' : `${said}: `}${e.message}${unrecorded}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { run_id: facts.runId, exit_status: facts.toolStatus },
    cause: e,
  });
}
