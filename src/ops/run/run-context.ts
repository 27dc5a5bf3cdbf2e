import type { Policy } from '../../core/policy/policy.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import type { RunPlaces } from './run-directories.js';
import type { RunInput } from './run-inputs.js';
import type { RunRequest } from './run-request.js';

/** The context of one run, from start to end. */
export interface RunContext {
  readonly session: Session;
  readonly tx: Transaction;
  readonly request: RunRequest;
  readonly policy: Policy;
  readonly places: RunPlaces;
  readonly inputs: readonly RunInput[];
  readonly runId: string;
}
