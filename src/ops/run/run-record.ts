import { constants } from 'node:os';
import program from '../../../package.json' with { type: 'json' };
import { compact } from '../../core/json/omit-undefined.js';
import type { EntryPayload } from '../../core/ledger/entry-types.js';
import type { Provenance } from '../../core/manifest/manifest.js';
import { sha256 } from '../../core/objects/hash.js';
import type { ObjectId, Timestamp } from '../../core/objects/ids.js';
import { recordText } from '../../core/text/ledger-text.js';
import { normalText } from '../../core/text/normal-form.js';
import { HsError } from '../../errors/hs-error.js';
import type { StrayWrite } from '../../sandbox/sandbox.js';
import type { RunRequest, SandboxFacts } from './run-request.js';

const MAX_PROGRAM = 4096;
const MAX_GAP = 500;
/** Limits on paths and messages in one entry: a hostile tool's millions are counted, not kept. */
const MOST_PATHS = 1000;
const MOST_ERRORS = 100;
/** Out of a manifest's 1 MiB. */
const MOST_ARGUMENT_BYTES = 512 * 1024;

/** The facts known when the tool has ended. */
export interface RunFacts {
  readonly runId: string;
  /** Exit status as reported by a shell. */
  readonly toolStatus: number;
  /** Why the command could not be executed. */
  readonly notRun?: string;
  readonly startedAt: Timestamp;
  readonly endedAt: Timestamp;
  readonly sandbox: SandboxFacts;
  readonly stray: readonly StrayWrite[];
  readonly inputHashes: readonly ObjectId[];
}

/** The program and a hash of the arguments (F3): each argument followed by NUL. */
export function commandFacts({ command }: Pick<RunRequest, 'command'>) {
  const [name, ...args] = command;
  return {
    program: recordText(name!, MAX_PROGRAM),
    arguments_hash: sha256(Buffer.from(args.map((arg) => `${arg}\0`).join(''), 'utf8')),
  };
}

function sandboxRecord({ backend, level, gaps }: SandboxFacts) {
  return { backend, level, gaps: gaps.map((gap) => recordText(gap, MAX_GAP)) };
}

/** The provenance of all artifacts of one run (A4). Recorded arguments are in NFC, like all text (A9). */
export function provenanceOf(request: RunRequest, facts: RunFacts): Provenance {
  return compact({
    engine_id: 'hs',
    engine_version: program.version,
    ...commandFacts(request),
    arguments: request.recordArgs ? request.command.slice(1).map((arg) => normalText(arg)) : undefined,
    input_hashes: facts.inputHashes.length === 0 ? undefined : [...facts.inputHashes],
    exit_status: facts.toolStatus,
    started_at: facts.startedAt,
    ended_at: facts.endedAt,
    sandbox: sandboxRecord(facts.sandbox),
  });
}

/** The ledger's record of a run, whatever its outcome. */
export function runRecord(
  request: RunRequest,
  facts: RunFacts,
  artifacts: number,
  errors: readonly string[],
): EntryPayload<'tool_run'> {
  const more = errors.length - MOST_ERRORS;
  return compact({
    run_id: facts.runId,
    ...commandFacts(request),
    exit_status: facts.toolStatus,
    started_at: facts.startedAt,
    ended_at: facts.endedAt,
    input_hashes: facts.inputHashes.length === 0 ? undefined : [...facts.inputHashes],
    artifacts,
    sandbox: sandboxRecord(facts.sandbox),
    stray_writes: facts.stray.length,
    stray_paths: facts.stray.slice(0, MOST_PATHS).map((write) => write.path.toWellFormed()),
    errors:
      errors.length === 0
        ? undefined
        : [
            ...errors.slice(0, MOST_ERRORS).map((e) => recordText(e)),
            ...(more > 0 ? [`and ${more} more`] : []),
          ],
  });
}

/** Refuses, before anything is run, arguments that could not be recorded or passed on. */
export function checkCommand(request: RunRequest): void {
  const [name, ...args] = request.command;
  if (name === undefined || name === '') throw new HsError('USAGE', 'COMMAND is empty');
  if (!request.command.every((arg) => arg.isWellFormed())) {
    throw new HsError('USAGE', 'an argument is not well-formed Unicode, so it cannot be passed on');
  }
  const size = args.reduce((sum, arg) => sum + Buffer.byteLength(arg), 0);
  if (request.recordArgs && size > MOST_ARGUMENT_BYTES) {
    throw new HsError('USAGE', `the arguments are too long to be recorded: ${size} bytes`, {
      hint: 'omit --record-args; their hash is recorded anyway',
    });
  }
}

/** 128 + n, as in a shell. */
export function signalStatus(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
