import type { Catalog } from '../../core/catalog/catalog.js';
import { classificationRank, sensitivityOf } from '../../core/manifest/sensitivity.js';
import { toName } from '../../core/paths/safe-path.js';
import type { Policy } from '../../core/policy/policy.js';
import { escapeText } from '../../core/text/escape-control.js';
import { type ErrorCode, HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import type { DiskDir } from '../../fsx/disk.js';
import { runSandboxed, type SandboxResult, sandboxHost } from '../../sandbox/sandbox.js';
import { demandDescription } from '../put/new-manifest.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import { type Captured, collectCapture } from './collect-capture.js';
import { description, Register } from './register-outputs.js';
import { discard, makeRunDirectories, type RunDirectories } from './run-directories.js';
import { type RunInput, resolveInputs, writeInputs } from './run-inputs.js';
import { runJournal } from './run-journal.js';
import { checkCommand, commandFacts, type RunFacts, signalStatus } from './run-record.js';
import type { RunRequest, RunResult } from './run-request.js';
import { runResult } from './run-result.js';
import { ToolSignals } from './tool-signals.js';
import { Transcript } from './transcript.js';
import { overBudget, type RunBudget, runBudget, Tally, UsageWatch } from './watch-usage.js';

/**
 * Runs a tool that can write only to its capture directory; what it leaves there becomes artifacts, all
 * of them in one commit together with the record of the run (E1). Every run that was started is recorded.
 * Throws when the sandbox cannot be had or the output cannot be registered.
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
    const run = new Run(session, tx, request, policy, places, inputs, begun.run_id);
    try {
      return await run.run();
    } finally {
      await run.discard();
    }
  });
}

function checkOutput(request: RunRequest): void {
  if (request.name !== undefined) toName(request.name);
  if (request.kind === 'bundle') {
    throw new HsError('USAGE', "a tool's output cannot be of kind 'bundle'", { hint: 'hs bundle makes one' });
  }
}

/**
 * What the artifacts will say is checked before the tool has worked for hours. To be less sensitive than
 * the sources takes what it takes to reclassify them.
 */
async function checkDescription(
  session: Session,
  catalog: Catalog,
  request: RunRequest,
  inputs: readonly RunInput[],
): Promise<void> {
  const { kind = 'tool_output' } = request;
  const known = description(request, inputs);
  const highest = sensitivityOf(inputs.map((i) => i.record)).classification;
  if (classificationRank(known.classification) < classificationRank(highest)) {
    await session.demand(catalog, 'artifact.reclassify', request.sources);
    session.warn(`the output is to be ${known.classification}, and a source is ${highest}`);
  }
  demandDescription(session, { ...known, kind });
}

interface Ended {
  readonly facts: RunFacts;
  readonly failed: boolean;
}

class Run {
  readonly #session: Session;
  readonly #tx: Transaction;
  readonly #request: RunRequest;
  readonly #policy: Policy;
  readonly #places: RunDirectories;
  readonly #inputs: readonly RunInput[];
  readonly #runId: string;
  readonly #register: Register;
  readonly #control = new ToolSignals();
  /** True: the output is worth keeping where it is, since the store could not take it. */
  #rescued = false;
  #scratchGone: Promise<void> | undefined;

  constructor(
    session: Session,
    tx: Transaction,
    request: RunRequest,
    policy: Policy,
    places: RunDirectories,
    inputs: readonly RunInput[],
    runId: string,
  ) {
    this.#session = session;
    this.#tx = tx;
    this.#request = request;
    this.#policy = policy;
    this.#places = places;
    this.#inputs = inputs;
    this.#runId = runId;
    this.#register = new Register(session, tx, request, inputs);
  }

  async run(): Promise<RunResult> {
    const { disk } = this.#session;
    await writeInputs(this.#session, this.#places.inputs, this.#inputs);
    const budget = await runBudget(
      disk,
      this.#places.capture,
      this.#policy.export.budgets[this.#session.actor.type],
    );
    const transcripts: Transcript[] = [];
    // Held, so that what is read afterwards is this directory, whatever has its name then.
    const capture = await disk.openDir(this.#places.capture);
    try {
      for (const stream of this.#request.capture) {
        transcripts.push(await Transcript.begin(this.#session.store.disk, this.#places.root, stream));
      }
      const ended = await this.#tool(transcripts, budget);
      return await this.#keep(ended, capture, transcripts, budget);
    } finally {
      for (const transcript of transcripts) await transcript.close();
      await capture.close();
    }
  }

  /** Removes what the run has on disk, but what was rescued. */
  async discard(): Promise<void> {
    const { root } = this.#places;
    await Promise.all([this.#discardScratch(), this.#rescued ? undefined : discard(this.#session, root)]);
  }

  /** The sandbox is done with it before the commit, which waits for the disk: 3 ms of a run that does nothing. */
  #discardScratch(): Promise<void> {
    if (this.#scratchGone === undefined) {
      this.#scratchGone = discard(this.#session, this.#places.scratch);
      // Whoever discards the rest is told.
      this.#scratchGone.catch(() => undefined);
    }
    return this.#scratchGone;
  }

  async #tool(transcripts: readonly Transcript[], budget: RunBudget): Promise<Ended> {
    const { signal } = this.#session;
    signal.throwIfAborted();
    const control = this.#control;
    const watch = new UsageWatch(this.#session.disk, this.#places, budget, (why) => control.overran(why));
    const giveBack = this.#request.takeSignals?.(control.take);
    const onAbort = () => control.take('SIGTERM');
    signal.addEventListener('abort', onAbort, { once: true });
    const startedAt = this.#session.now();
    await watch.start();
    try {
      const result = await this.#sandboxed(transcripts, new Tally(budget));
      const toolStatus =
        result.aborted && control.asked !== undefined ? signalStatus(control.asked) : result.status;
      const { backend, level, gaps, stray, notRun } = result;
      const facts = {
        ...this.#facts(startedAt, toolStatus, { backend, level, gaps }, stray),
        ...(notRun === undefined ? {} : { notRun }),
      };
      return { facts, failed: toolStatus !== 0 || (this.#request.strict && stray.length > 0) };
    } catch (e) {
      if (!control.hasStarted) throw isHsError(e, 'INTERRUPTED') ? control.interrupted(e) : e;
      const unknown = { backend: 'unknown', level: 'unknown', gaps: [] };
      const status = control.status ?? signalStatus('SIGKILL');
      throw await this.#failure(e, this.#facts(startedAt, status, unknown, []), [], true);
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
    return {
      runId: this.#runId,
      toolStatus,
      startedAt,
      endedAt: this.#session.now(),
      sandbox,
      stray,
      inputHashes: this.#inputs.map((i) => i.record.content_hash),
    };
  }

  #sandboxed(transcripts: readonly Transcript[], printed: Tally): Promise<SandboxResult> {
    const { disk, environment, store } = this.#session;
    const { capture, inputs, scratch } = this.#places;
    const request = this.#request;
    return runSandboxed(
      sandboxHost(disk, environment),
      {
        command: request.command,
        projectDir: store.workspace,
        cwd: request.cwd,
        captureDir: capture,
        ...(this.#inputs.length === 0 ? {} : { inputsDir: inputs }),
        scratchDir: scratch,
        storeDir: store.root,
        network: request.network,
        env: request.env,
        stdin: request.stdin,
        signal: this.#control.signal,
        graceMs: 1000,
        onStart: (tool) => this.#control.started(tool),
        onEnd: (status) => {
          this.#control.status = status;
        },
        onOutput: async (stream, chunk) => {
          const transcript = transcripts.find((t) => t.stream === stream);
          const over = transcript === undefined ? undefined : printed.addBytes(chunk.byteLength);
          if (over !== undefined) this.#control.overran(over);
          else await transcript?.write(chunk);
          await this.#control.whileRunning(
            request.onOutput(stream, chunk).then((heard) => {
              if (!heard && transcript === undefined) this.#control.outputClosed();
            }),
          );
        },
      },
      {
        least: this.#policy.run.least_level,
        observed: request.strict,
        ...(request.backend === undefined ? {} : { backend: request.backend }),
      },
    );
  }

  /** Registers what is to be kept. The record of the run is in the ledger whatever comes of it. */
  async #keep(
    ended: Ended,
    capture: DiskDir,
    transcripts: readonly Transcript[],
    budget: RunBudget,
  ): Promise<RunResult> {
    const { facts, failed } = ended;
    const kept = !failed || this.#request.keepFailed;
    const errors: string[] = [];
    try {
      if (this.#control.overrun !== undefined) throw overBudget(this.#control.overrun);
      const taken = kept ? await this.#take(capture, budget) : NOTHING;
      const lost = !kept && (transcripts.length > 0 || (await this.#isFilled(capture)));
      errors.push(...taken.refused.map(({ path, why }) => `refused '${path}': ${why}`));
      const manifests = [
        ...this.#register.outputs(taken, facts),
        ...(kept ? await this.#register.printed(transcripts, facts) : []),
      ];
      this.#session.progress.start('committing');
      await this.#register.commit(manifests, facts, errors);
      this.#session.progress.done();
      return runResult(this.#request, facts, { taken, manifests, lost, inputs: this.#inputs });
    } catch (e) {
      throw await this.#failure(e, facts, errors, kept);
    }
  }

  /** What the tool left, unless the directory itself is not the one that it was given. */
  async #take(capture: DiskDir, budget: RunBudget): Promise<Captured> {
    const { disk } = this.#session;
    const [held, named] = [
      await capture.stat(),
      await disk.lstat(this.#places.capture).catch(() => undefined),
    ];
    if (named?.kind !== 'directory' || named.dev !== held.dev || named.ino !== held.ino) {
      return { ...NOTHING, refused: [{ path: '.', why: 'the capture directory was removed or replaced' }] };
    }
    return collectCapture(this.#session, this.#tx.batch, capture, this.#request.each, budget);
  }

  async #isFilled(capture: DiskDir): Promise<boolean> {
    try {
      return (await this.#session.disk.readdir(capture.path)).length > 0;
    } catch (e) {
      // A tool may have taken its own permission away; whatever is there goes with the rest.
      if (!isErrno(e)) throw e;
      return true;
    }
  }

  /** The run is recorded without its output; what to throw says whether that succeeded. */
  async #failure(e: unknown, facts: RunFacts, errors: readonly string[], wanted: boolean): Promise<unknown> {
    if (!isHsError(e) && !isErrno(e)) return e;
    const said = `the tool ended with status ${facts.toolStatus}, and its output is not registered`;
    const code = isHsError(e) ? e.code : 'SYSTEM';
    const { capture } = this.#places;
    // Hours of work are not thrown away for a full disk or a damaged ledger.
    this.#rescued = STORE_CANNOT.includes(code) && wanted;
    const hint = this.#rescued
      ? `what it left is in '${capture}': store it with hs put, then remove '${this.#places.root}'`
      : isHsError(e)
        ? e.hint
        : undefined;
    const unknown = code === 'OUTCOME_UNKNOWN';
    let unrecorded = '';
    try {
      if (!unknown) await this.#register.commit([], facts, [...errors, (e as Error).message]);
    } catch (again) {
      if (!isHsError(again) && !isErrno(again)) throw again;
      unrecorded = '; the run itself could not be recorded either';
    }
    return new HsError(code, `${unknown ? '' : `${said}: `}${(e as Error).message}${unrecorded}`, {
      ...(hint === undefined ? {} : { hint }),
      details: { run_id: facts.runId, exit_status: facts.toolStatus },
      cause: e,
    });
  }
}

/** The store's fault, and not that of what the tool left. */
const STORE_CANNOT: readonly ErrorCode[] = ['SYSTEM', 'CONFLICT', 'LEDGER_BROKEN', 'ROLLED_BACK'];
const NOTHING: Captured = { payloads: [], refused: [], emptyDirectories: [], unportable: [] };
