import { resolve } from 'node:path';
import { HsError } from '../errors/hs-error.js';
import type { Session } from '../ops/session.js';
import type { Command } from './command.js';
import type { Context } from './context.js';
import { failureDocument, toFailure } from './failure.js';
import type { Host, Parts } from './host.js';
import { Input } from './io/input.js';
import { Interrupt } from './io/interrupt.js';
import { Log } from './io/log.js';
import { Out, OutputClosed } from './io/out.js';
import { Progress } from './io/progress.js';
import { terminalOf } from './io/terminal.js';
import type { Invocation } from './parse/parse.js';
import { BadValue, parsed, parseInteger } from './parse/values.js';
import { present } from './present.js';
import { asciiOnly, escapeText, safeJson } from './text/escape.js';
import { colourStyle, plainStyle } from './text/style.js';

/** Runs a parsed command to its exit status. */
export async function run(host: Host, parts: Parts, command: Command, call: Invocation): Promise<number> {
  const { spec } = command;
  const { globals } = call;
  if (globals.chdir !== undefined) changeDirectory(host, globals.chdir);
  const terminal = terminalOf(host, globals.color);
  const interrupt = new Interrupt(host, spec.opens === 'write');
  const machine = globals.json || globals.jsonl;
  const progress = new Progress(() => host.stderr, {
    shown: terminal.stderr && !terminal.dumb && !globals.noProgress && !globals.quiet && !machine,
    clock: host.clock,
  });
  const out = new Out(host.stdout, {
    colour: terminal.colour,
    nul: globals.nul,
    terminal: terminal.stdout,
    stopWhenClosed: spec.opens !== 'write' && spec.verdict !== true,
  });
  const log = new Log(() => host.stderr, {
    style: terminal.colourErrors ? await colourStyle() : plainStyle,
    quiet: globals.quiet,
    verbose: globals.verbose,
    json: machine,
    before: () => progress.wipe(),
  });
  const ascii = terminal.stdout && !terminal.unicode;
  const failed: HsError[] = [];
  let succeeded = 0;
  let status = 0;
  let soFar: (() => string) | undefined;
  let opening: Promise<Session> | undefined;

  const fail = (e: HsError): void => {
    const said = interrupt.signal.aborted && soFar !== undefined ? soFar() : undefined;
    if (machine) log.raw(safeJson({ schema: 'hs.error/1', error: failureDocument(e), ...warningsOf(log) }));
    else log.error(said === undefined ? e.message : `${e.message}: ${said}`, e.hint);
    if (e.code === 'BUG' && host.environment.get('HS_DEBUG') && !machine) log.raw(stackOf(e));
  };

  const now = () => call.setClock ?? host.clock.now();
  const get = (name: string) => host.environment.get(name) || undefined;
  const context: Context = {
    args: call.args,
    options: call.options,
    globals,
    environment: host.environment,
    clock: host.clock,
    setClock: call.setClock,
    now,
    random: host.random,
    actor: get('HS_ACTOR'),
    jobId: get('HS_JOB_ID'),
    sourceDateEpoch: () => {
      const raw = get('SOURCE_DATE_EPOCH');
      return raw === undefined
        ? undefined
        : parsed('SOURCE_DATE_EPOCH', raw, () => parseInteger(raw, { max: 253402300799 })) * 1000;
    },
    stdin: new Input(() => host.stdin, globals.nul),
    out,
    log,
    progress,
    terminal,
    view: {
      text: globals.nul ? (raw) => raw : ascii ? (raw) => asciiOnly(escapeText(raw)) : escapeText,
      style: terminal.colour ? await colourStyle() : plainStyle,
      width: terminal.width,
      terminal: terminal.stdout,
      unicode: terminal.unicode,
      quiet: globals.quiet,
      verbose: globals.verbose,
      now: now(),
    },
    signal: interrupt.signal,
    host,
    table: parts.table,
    path: (typed) => {
      if (typed === '') throw new HsError('USAGE', 'a path is empty');
      if (typed.includes('\0')) throw new HsError('UNSAFE_PATH', `the path '${typed}' holds a NUL character`);
      return resolve(host.environment.cwd, typed);
    },
    disk: parts.disk,
    session: ({ writes = spec.opens === 'write', unchecked = false, ...own } = {}) => {
      if (writes) {
        out.finishAlways();
        interrupt.waitAlways();
      }
      opening ??= parts.disk().then((disk) =>
        parts.openSession({
          store: globals.store ?? get('HS_STORE'),
          writes,
          unchecked,
          disk,
          clock: host.clock,
          setClock: call.setClock,
          random: host.random,
          environment: host.environment,
          actor: get('HS_ACTOR'),
          jobId: get('HS_JOB_ID'),
          progress,
          signal: interrupt.signal,
          warn: (message) => log.warn(message),
          ...own,
        }),
      );
      return opening;
    },
    attempt: async (item) => {
      try {
        const value = await item();
        succeeded++;
        return value;
      } catch (e) {
        if (e instanceof OutputClosed || interrupt.signal.aborted) throw e;
        const failure = toFailure(e);
        if (failure.code === 'BUG') throw failure;
        failed.push(failure);
        if (!globals.json) fail(failure);
        return undefined;
      }
    },
    exit: (to) => {
      status = to;
    },
    whenInterrupted: (say) => {
      soFar = say;
    },
  };

  try {
    const shown = await present(command, await (spec.run(context) as Promise<unknown>), context, failed);
    interrupt.signal.throwIfAborted();
    progress.done();
    await out.end();
    if (failed.length === 0) return status;
    if (globals.json && shown === 0 && failed.length === 1) fail(failed[0]!);
    const same = failed.every((e) => e.exitStatus === failed[0]!.exitStatus);
    return succeeded === 0 && same ? failed[0]!.exitStatus : new HsError('PARTIAL', '').exitStatus;
  } catch (e) {
    progress.done();
    if (e instanceof OutputClosed) return status;
    await out.end().catch(() => {});
    const failure = toFailure(interrupt.signal.aborted ? interrupt.signal.reason : e);
    fail(failure);
    return failure.exitStatus;
  } finally {
    interrupt.release();
    progress.done();
    out.release();
    // A store that could not be opened was reported where it was needed.
    const session = await opening?.catch(() => undefined);
    await session?.close().catch((e: unknown) => log.warn(toFailure(e).message));
  }
}

function warningsOf(log: Log): { warnings?: readonly string[] } {
  return log.warnings.length > 0 ? { warnings: log.warnings } : {};
}

function stackOf(e: HsError): string {
  const cause = e.cause instanceof Error ? e.cause : e;
  return cause.stack ?? String(cause);
}

function changeDirectory(host: Host, directory: string): void {
  try {
    host.chdir(directory);
  } catch (cause) {
    throw new HsError('USAGE', `cannot change to '${directory}': ${toFailure(cause).message}`, { cause });
  }
}

export { BadValue };
