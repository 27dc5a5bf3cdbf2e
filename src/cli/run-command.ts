import { resolve } from 'node:path';
import type { Trace } from '../core/effects.js';
import { isS3Url } from '../core/paths/s3-url.js';
import { parsed, parseInteger } from '../core/text/values.js';
import { errnoMeaning } from '../errors/errno-meaning.js';
import { HsError, isHsError, prefixed } from '../errors/hs-error.js';
import type { Session } from '../ops/session/session.js';
import type { Command } from './command.js';
import type { Context, SessionOptions } from './command-context.js';
import { Outcome } from './command-outcome.js';
import { startTrace } from './command-trace.js';
import { toFailure } from './failure.js';
import { outputForm } from './globals.js';
import type { Host } from './host.js';
import { Interrupt } from './io/interrupt.js';
import { OutputClosed } from './io/output.js';
import { pagerFor } from './io/pager.js';
import { openStreams, type Streams } from './io/streams.js';
import type { Invocation } from './parse/parse.js';
import type { Parts } from './parts.js';
import { present } from './present-result.js';
import { onService } from './service-host.js';

/** The hint if a command completed but its result could not be written. */
const UNSAID = 'what the command had to do is done: hs log tells what that was';

/** Runs a parsed command to its exit status. */
export async function run(
  plainHost: Host,
  plainParts: Parts,
  command: Command,
  call: Invocation,
): Promise<number> {
  const { globals } = call;
  const host = onService(plainHost, globals);
  const began = host.clock.now();
  for (const directory of globals.chdir) changeDirectory(host, directory);
  const interrupt = new Interrupt(host, command.spec.opens === 'write');
  const now = call.setClock ?? host.clock.now();
  const pager = await pagerFor(host, command, call);
  const streams = await openStreams(host, command, globals, now, interrupt.signal, pager);
  const { out, log, progress } = streams;
  const outcome = new Outcome(host, log, outputForm(globals), interrupt.signal);
  const { trace, parts } = await startTrace(host, plainParts, log);
  trace({ event: 'command', name: command.spec.name, version: host.version });
  const store = new StoreDoor(host, parts, command, call, streams, interrupt, trace);
  const context = makeContext(host, parts, call, streams, interrupt, outcome, store);
  let hasRun = false;
  let status: number | undefined;
  const endOutput = async () => {
    await out.end();
    if (pager === undefined) return;
    interrupt.leaveToPager();
    await pager.close();
  };
  try {
    const value = await (command.spec.run(context) as Promise<unknown>);
    hasRun = command.spec.opens === 'write' && command.form === 'single';
    const shown = await present(command, value, context, outcome.failed);
    // A command that changed the store and completed is done, even if it was interrupted meanwhile.
    if (!interrupt.writes) interrupt.signal.throwIfAborted();
    progress.done();
    await endOutput();
    status = outcome.finish(shown);
  } catch (e) {
    progress.done();
    if (e instanceof OutputClosed) {
      status = outcome.status;
      return status;
    }
    // Output printed before the failure stays; a second write error adds no information.
    await endOutput().catch(() => {});
    // What may have been committed is worth more to know than that it was interrupted.
    const isUnknown = isHsError(e, 'OUTCOME_UNKNOWN');
    const failure = toFailure(interrupt.signal.aborted && !isUnknown ? interrupt.signal.reason : e);
    const isUnsaid = hasRun && failure.code === 'SYSTEM' && failure.hint === undefined;
    outcome.report(isUnsaid ? prefixed(failure, '', UNSAID) : withUsageHint(failure, command));
    status = statusOf(failure, command);
  } finally {
    await pager?.close();
    interrupt.release();
    out.release();
    await store.close();
    trace({ event: 'exit', status, ms: host.clock.now() - began });
  }
  return status;
}

/** Opens the store once, when a command first requests it. */
class StoreDoor {
  #opening: Promise<Session> | undefined;
  readonly #others: Promise<Session>[] = [];
  readonly #open: (options: SessionOptions, writes: boolean, named?: string) => Promise<Session>;
  readonly #writes: boolean;
  readonly #out: Streams['out'];
  readonly #interrupt: Interrupt;
  readonly #warn: (message: string) => void;

  constructor(
    host: Host,
    parts: Parts,
    command: Command,
    call: Invocation,
    { out, log, progress }: Streams,
    interrupt: Interrupt,
    trace: Trace,
  ) {
    const get = (name: string) => host.environment.get(name) || undefined;
    this.#writes = command.spec.opens === 'write';
    this.#warn = (message) => log.warn(message);
    this.#out = out;
    this.#interrupt = interrupt;
    this.#open = async (options, writes, named) => {
      const { clock, random, environment } = host;
      const disk = await parts.disk();
      const request = {
        store: named ?? call.globals.store ?? get('HS_STORE'),
        disk,
        clock,
        setClock: call.setClock,
        random,
        environment,
        actor: get('HS_ACTOR'),
        jobId: get('HS_JOB_ID'),
        progress,
        signal: interrupt.signal,
        warn: this.#warn,
        trace,
        ...options,
        writes,
      };
      return parts.openSession(
        request,
        await parts.stores({ disk, random, environment, signal: interrupt.signal }),
      );
    };
  }

  open(options: SessionOptions = {}): Promise<Session> {
    const writes = options.writes ?? this.#writes;
    if (writes) this.#out.finishAlways();
    if (writes || this.#opening === undefined) this.#interrupt.writes = writes;
    this.#opening ??= this.#open(options, writes);
    return this.#opening;
  }

  openOther(named: string, options: SessionOptions = {}): Promise<Session> {
    const opening = this.#open(options, options.writes ?? this.#writes, named);
    this.#others.push(opening);
    return opening;
  }

  async close(): Promise<void> {
    for (const opening of [this.#opening, ...this.#others]) {
      // A failure to open the store was reported where it was needed.
      const session = await opening?.catch(() => undefined);
      await session?.close().catch((e: unknown) => this.#warn(toFailure(e).message));
    }
  }
}

function makeContext(
  host: Host,
  parts: Parts,
  call: Invocation,
  streams: Streams,
  interrupt: Interrupt,
  outcome: Outcome,
  store: StoreDoor,
): Context {
  const { environment } = host;
  const get = (name: string) => environment.get(name) || undefined;
  return {
    ...streams,
    args: call.args,
    options: call.options,
    globals: call.globals,
    environment,
    clock: host.clock,
    setClock: call.setClock,
    now: () => call.setClock ?? host.clock.now(),
    random: host.random,
    actor: get('HS_ACTOR'),
    jobId: get('HS_JOB_ID'),
    sourceDateEpoch: () => {
      const raw = get('SOURCE_DATE_EPOCH');
      if (raw === undefined) return undefined;
      return parsed('SOURCE_DATE_EPOCH', raw, () => parseInteger(raw));
    },
    signal: interrupt.signal,
    host,
    table: parts.table,
    path: (typed) => absolute(environment.cwd, typed),
    disk: parts.disk,
    stores: async () =>
      parts.stores({ disk: await parts.disk(), random: host.random, environment, signal: interrupt.signal }),
    takeSignals: (handler) => interrupt.divert(handler),
    endOnHangUp: () => interrupt.endOnHangUp(),
    session: (options) => store.open(options),
    otherSession: (named, options) =>
      store.openOther(isS3Url(named) ? named : absolute(environment.cwd, named), options),
    attempt: (item) => outcome.attempt(item),
    exit: (status) => {
      outcome.status = status;
    },
    whenInterrupted: (say) => {
      outcome.soFar = say;
    },
  };
}

function absolute(cwd: string, typed: string): string {
  if (typed === '') throw new HsError('USAGE', 'a path is empty');
  if (typed.includes('\0')) throw new HsError('UNSAFE_PATH', `the path '${typed}' holds a NUL character`);
  return resolve(cwd, typed);
}

function statusOf(e: HsError, { spec }: Command): number {
  const interrupted = e.code === 'INTERRUPTED' || e.code === 'TERMINATED';
  return interrupted ? e.exitStatus : (spec.failsWith ?? e.exitStatus);
}

function withUsageHint(e: HsError, command: Command): HsError {
  if (e.code !== 'USAGE' || e.hint !== undefined) return e;
  return new HsError('USAGE', e.message, {
    hint: `hs help ${command.spec.name}`,
    ...(e.details === undefined ? {} : { details: e.details }),
    cause: e,
  });
}

function changeDirectory(host: Host, directory: string): void {
  try {
    host.chdir(directory);
  } catch (cause) {
    throw new HsError('USAGE', `cannot change to '${directory}': ${errnoMeaning(cause)}`, { cause });
  }
}
