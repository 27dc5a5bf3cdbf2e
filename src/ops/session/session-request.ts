import type { Clock, Environment, ProgressSink, Random, Trace } from '../../core/effects.js';
import { type Actor, toActor } from '../../core/policy/authorize.js';
import { HsError } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';

/** The command line's input for opening a store. */
export interface SessionRequest {
  /** `--store` or `HS_STORE`; otherwise the store is searched for upwards from the current directory. */
  readonly store: string | undefined;
  /** Whether the command may append to the ledger. */
  readonly writes: boolean;
  /** It only adds: what others have appended may become known while it is at work (`Anchor.assumeHead`). */
  readonly adds?: boolean;
  /** Nothing may be written, not even refusals, as requested by the caller. */
  readonly readOnly?: boolean;
  readonly disk: Disk;
  readonly clock: Clock;
  /** `--now` or `HS_NOW`, in milliseconds. */
  readonly setClock: number | undefined;
  readonly random: Random;
  readonly environment: Environment;
  /** `HS_ACTOR`, unparsed. */
  readonly actor: string | undefined;
  /** `HS_JOB_ID`, unparsed. */
  readonly jobId: string | undefined;
  readonly progress: ProgressSink;
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
  readonly trace?: Trace;
  /**
   * True: opens the store although the ledger has a hole or lacks entries seen before, for the commands that examine or
   * repair that. The anchor stays unchanged until the ledger passes the check, or is accepted.
   */
  readonly unchecked?: boolean;
}

/** The operating system's name of a user may contain characters not allowed in an actor id. */
function systemActor(env: Environment): Actor {
  const id = env.userName.replace(/[^A-Za-z0-9._@+-]/g, '_').replace(/^[^A-Za-z0-9]+/, '');
  return { type: 'human', id: id === '' ? `uid-${env.uid}` : id.slice(0, 128) };
}

const JOB_ID = /^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}$/;

/** The actor: `HS_ACTOR`, else the operating system's user (F2). */
export function actorOf(request: Pick<SessionRequest, 'actor' | 'environment'>): Actor {
  return request.actor === undefined || request.actor === ''
    ? systemActor(request.environment)
    : toActor(request.actor);
}

/** The job acted for: `HS_JOB_ID`. USAGE if it is not an identifier. */
export function jobIdOf({ jobId }: Pick<SessionRequest, 'jobId'>): string | undefined {
  if (jobId === undefined || jobId === '') return undefined;
  if (JOB_ID.test(jobId)) return jobId;
  throw new HsError('USAGE', `HS_JOB_ID '${jobId}' is not an identifier`, {
    hint: 'letters, digits and ._:/@+-, at most 128',
  });
}
