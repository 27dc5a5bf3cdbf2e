import { escapeText } from '../../core/text/escape-control.js';
import { isHsError } from '../../errors/hs-error.js';
import type { DiskDir } from '../../fsx/disk.js';
import type { Session } from '../session/session.js';
import { checkDescription, checkOutput } from './check-run.js';
import { failRun, isWorthRescuing } from './fail-run.js';
import { Register } from './register-outputs.js';
import { overBudget, runBudget, Tally } from './run-budget.js';
import type { RunContext } from './run-context.js';
import { discard, makeRunDirectories } from './run-directories.js';
import { resolveInputs, writeInputs } from './run-inputs.js';
import { runJournal } from './run-journal.js';
import { checkCommand, commandFacts, type RunFacts, signalStatus } from './run-record.js';
import type { RunRequest, RunResult } from './run-request.js';
import { runResult } from './run-result.js';
import { sandboxTool } from './sandbox-tool.js';
import { isFilled, NO_OUTPUTS, takeOutputs } from './take-outputs.js';
import { ToolSignals } from './tool-signals.js';
import { Transcript } from './transcript.js';
import { UsageWatch } from './watch-usage.js';

/**
 * Runs a tool that can write only to its capture directory; its output becomes artifacts, all in one commit together
 * with the record of the run (E1). Every started run is recorded. Throws if no sandbox is available or the output
 * cannot be registered.
 */
export async function runTool(session: Session, request: RunRequest): Promise<RunResult> {
  checkCommand(request);
  checkOutput(request);
  return session.write('tool.run', [escapeText(request.command[0]!)], async (tx) => {
    const catalog = await session.catalog();
    const policy = await session.policy(catalog);
    await session.demand(catalog, 'artifact.create', [escapeText(request.command[0]!)]);
    const inputs = await resolveInputs(session, catalog, request.sources);
    await checkDescription(session, catalog, request, inputs);
    const [program, ...args] = request.command;
    const recorded = { program, ...(request.recordArgs ? { arguments: args } : {}) };
    await tx.checkSecrets(catalog, { name: request.name, provenance: recorded });
    const begun = {
      run_id: session.random.uuid(),
      after_seq: catalog.head.seq,
      started_at: session.now(),
      ...commandFacts(request),
    };
    const places = await makeRunDirectories(session, tx.lease, (path) => runJournal({ path, ...begun }));
    const run = new Run({ session, tx, request, policy, places, inputs, runId: begun.run_id });
    try {
      return await run.run();
    } finally {
      await run.discard();
    }
  });
}

interface Ended {
  readonly facts: RunFacts;
  readonly failed: boolean;
}

class Run {
  readonly #context: RunContext;
  readonly #register: Register;
  readonly #control = new ToolSignals();
  /** True: the output is kept where it is, because the store could not take it. */
  #rescued = false;
  #scratchGone: Promise<void> | undefined;

  constructor(context: RunContext) {
    const { session, tx, request, inputs } = context;
    this.#context = context;
    this.#register = new Register(session, tx, request, inputs);
  }

  async run(): Promise<RunResult> {
    const { session, request, policy, places, inputs } = this.#context;
    const { disk } = session;
    await writeInputs(session, places.inputs, inputs);
    const budget = await runBudget(disk, places.capture, policy.export.budgets[session.actor.type]);
    const transcripts: Transcript[] = [];
    // Held open, so that this directory is read afterwards, whatever then has its name.
    const capture = await disk.openDir(places.capture);
    try {
      for (const stream of request.capture) {
        transcripts.push(await Transcript.begin(session.store.local.runs.disk, places.root, stream));
      }
      const counted = () => new Tally(budget, transcripts);
      const ended = await this.#tool(transcripts, counted);
      return await this.#keep(ended, capture, transcripts, counted());
    } finally {
      for (const transcript of transcripts) await transcript.close();
      await capture.close();
    }
  }

  /** Removes the directories of the run, except rescued output. */
  async discard(): Promise<void> {
    const { session, places } = this.#context;
    await Promise.all([this.#discardScratch(), this.#rescued ? undefined : discard(session, places.root)]);
  }

  /** Removed before the commit, concurrently with its wait for the disk: saves 3 ms of a run that does nothing. */
  #discardScratch(): Promise<void> {
    if (this.#scratchGone === undefined) {
      const { session, places } = this.#context;
      this.#scratchGone = discard(session, places.scratch);
      // The error surfaces where the rest is discarded.
      this.#scratchGone.catch(() => undefined);
    }
    return this.#scratchGone;
  }

  async #tool(transcripts: readonly Transcript[], counted: () => Tally): Promise<Ended> {
    const { session, request, places } = this.#context;
    const { signal } = session;
    signal.throwIfAborted();
    const control = this.#control;
    const watch = new UsageWatch(session.disk, places, counted, (why) => control.overran(why));
    const giveBack = request.takeSignals?.(control.take);
    const onAbort = () => control.take('SIGTERM');
    signal.addEventListener('abort', onAbort, { once: true });
    const startedAt = session.now();
    try {
      await watch.start();
      const result = await sandboxTool(this.#context, control, transcripts, counted);
      const toolStatus =
        result.aborted && control.asked !== undefined ? signalStatus(control.asked) : result.status;
      const { backend, level, gaps, stray, notRun } = result;
      const facts = {
        ...this.#facts(startedAt, toolStatus, { backend, level, gaps }, stray),
        ...(notRun === undefined ? {} : { notRun }),
      };
      return { facts, failed: toolStatus !== 0 || (request.strict && stray.length > 0) };
    } catch (e) {
      if (!control.hasStarted) throw isHsError(e, 'INTERRUPTED') ? control.interrupted(e) : e;
      const unknown = { backend: 'unknown', level: 'unknown', gaps: [] };
      const status = control.status ?? signalStatus('SIGKILL');
      const facts = this.#facts(startedAt, status, unknown, []);
      throw await this.#failed(facts, [], true, e);
    } finally {
      signal.removeEventListener('abort', onAbort);
      control.end();
      giveBack?.();
      await watch.end();
      void this.#discardScratch();
    }
  }

  #facts(
    startedAt: RunFacts['startedAt'],
    toolStatus: number,
    sandbox: RunFacts['sandbox'],
    stray: RunFacts['stray'],
  ): RunFacts {
    const { session, inputs, runId } = this.#context;
    return {
      runId,
      toolStatus,
      startedAt,
      endedAt: session.now(),
      sandbox,
      stray,
      inputHashes: inputs.map((i) => i.record.content_hash),
    };
  }

  /** Registers the output to be kept. The record of the run is written whatever the outcome. */
  async #keep(
    ended: Ended,
    capture: DiskDir,
    transcripts: readonly Transcript[],
    tally: Tally,
  ): Promise<RunResult> {
    const { session, request, inputs } = this.#context;
    const { facts, failed } = ended;
    const kept = !failed || request.keepFailed;
    const errors: string[] = [];
    try {
      if (this.#control.overrun !== undefined) throw overBudget(this.#control.overrun);
      const taken = kept ? await takeOutputs(this.#context, capture, tally) : NO_OUTPUTS;
      const lost = !kept && (transcripts.length > 0 || (await isFilled(this.#context, capture)));
      errors.push(...taken.refused.map(({ path, why }) => `refused '${path}': ${why}`));
      const manifests = [
        ...this.#register.outputs(taken, facts),
        ...(kept ? await this.#register.printed(transcripts, facts) : []),
      ];
      session.progress.start('committing');
      await this.#register.commit(manifests, facts, errors);
      session.progress.done();
      return runResult(request, facts, { taken, manifests, lost, inputs });
    } catch (e) {
      throw await this.#failed(facts, errors, kept, e);
    }
  }

  /** `wanted`: the output was to be kept. */
  #failed(facts: RunFacts, errors: readonly string[], wanted: boolean, e: unknown): Promise<unknown> {
    this.#rescued = wanted && isWorthRescuing(e);
    return failRun(this.#context, this.#register, { facts, errors, rescued: this.#rescued }, e);
  }
}
