import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { HsError, isErrno } from '../errors/hs-error.js';
import { inheritableDescriptors } from './descriptors.js';
import { StatusReport } from './status-report.js';
import type { OutputStream, SandboxHost, SandboxRequest, Unavailable } from './types.js';

/**
 * Node gives a child sockets, and `echo >/dev/stderr` fails on a socket (ENXIO); so what the tool gets
 * are FIFOs, which `cat` empties into those sockets. The program that follows keeps this process id.
 */
const PIPED = `d=$1; shift
mkfifo -m 600 "$d/stdout" "$d/stderr" || exit
cat <"$d/stdout" 3>&- 4>&- & cat <"$d/stderr" >&2 3>&- 4>&- &
exec "$@" >"$d/stdout" 2>"$d/stderr"`;

/** Descriptor 3 takes the launcher's reports, 4 those of bubblewrap itself. */
export const STATUS_FD = 3;
export const BUBBLEWRAP_FD = 4;
/** Above this many, an inherited descriptor is not worth a table of its size. */
const HIGHEST_CLOSED = 65536;

const DEFAULT_GRACE_MS = 2000;

export interface Launch {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The process group of the tool: the launcher's own, or the one that bubblewrap reports. */
  readonly toolGroup: 'launcher' | 'reported';
  /** Ends the launcher in a way that takes every process of the tool along. */
  readonly endWith: NodeJS.Signals;
  /** True when the tool is the launched program itself, so that nothing reports `ready`. */
  readonly bare?: boolean;
  /** How long output may still come after the launcher's end; for a backend that cannot end everything. */
  readonly lingerMs?: number;
}

export interface Launched {
  /** Facts of the launcher, such as `abi=7`. */
  readonly facts: ReadonlyMap<string, string>;
  readonly status: number;
  readonly signal?: NodeJS.Signals;
  readonly aborted: boolean;
}

/** Starts a launcher in a session of its own and follows it to the end; no process of it is left then. */
export async function launch(
  host: SandboxHost,
  request: SandboxRequest,
  plan: Launch,
): Promise<Launched | Unavailable> {
  if (request.signal.aborted) throw new HsError('INTERRUPTED', 'interrupted before the tool was started');
  const inherited = await inheritableDescriptors(host.disk);
  if ((inherited.at(-1) ?? 0) > HIGHEST_CLOSED) {
    return { unavailable: `descriptor ${inherited.at(-1)} is open and cannot be kept from the tool` };
  }
  // Detached: Ctrl-C on the terminal reaches hs alone, which passes it to the tool and not to the launcher.
  const child = spawn('/bin/sh', ['-c', PIPED, 'hs', request.scratchDir, ...plan.argv], {
    cwd: plan.cwd,
    env: { ...plan.env },
    stdio: stdioFor(request.stdin, inherited),
    detached: true,
  });
  const report = new StatusReport(plan.bare === true);
  for (const fd of inherited) if (fd > BUBBLEWRAP_FD) (child.stdio[fd] as Readable | undefined)?.destroy();
  for (const fd of [STATUS_FD, BUBBLEWRAP_FD]) {
    (child.stdio[fd] as Readable).setEncoding('utf8').on('data', (text: string) => report.add(fd, text));
  }
  // Every launcher closes it, at the latest by ending.
  child.stdio[STATUS_FD]!.once('close', () => report.end());
  return follow(child, request, plan, report);
}

function stdioFor(
  stdin: 'inherit' | 'ignore',
  inherited: readonly number[],
): ('inherit' | 'ignore' | 'pipe')[] {
  const highest = Math.max(BUBBLEWRAP_FD, ...inherited);
  const stdio = new Array<'inherit' | 'ignore' | 'pipe'>(highest + 1).fill('ignore');
  stdio[0] = stdin;
  for (const fd of [1, 2, STATUS_FD, BUBBLEWRAP_FD]) stdio[fd] = 'pipe';
  // A pipe of its own in its place is the one way to close an inherited descriptor from here.
  for (const fd of inherited) stdio[fd] = 'pipe';
  return stdio;
}

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

async function follow(
  child: ChildProcess,
  request: SandboxRequest,
  plan: Launch,
  report: StatusReport,
): Promise<Launched | Unavailable> {
  const exited = ending(child, 'exit');
  const closed = ending(child, 'close');
  exited.catch((e) => report.end(e));
  closed.catch(() => undefined);
  const hand = new Hand(child, plan, report, request.graceMs ?? DEFAULT_GRACE_MS);
  const onAbort = () => hand.end(signalOf(request.signal.reason));
  request.signal.addEventListener('abort', onAbort, { once: true });
  const complaint: string[] = [];
  const pumps = (['stdout', 'stderr'] as const).map((stream) =>
    pump(child[stream]!, stream, request, report, complaint).catch((e) => {
      hand.endNow();
      throw e;
    }),
  );
  try {
    if (await report.ready) request.onStart?.({ send: (signal) => hand.send(signal) });
    const { code, signal } = await exited;
    if (plan.lingerMs !== undefined) await linger(child, closed, plan.lingerMs);
    await closed;
    await Promise.all(pumps);
    if (!(await report.ready)) {
      if (hand.aborted) throw new HsError('INTERRUPTED', 'interrupted before the tool was started');
      return { unavailable: report.reason(complaint.join('').trim(), code, signal) };
    }
    const end = report.ending ?? { code, signal };
    return { facts: report.facts, ...shellStatus(end), aborted: hand.aborted };
  } catch (e) {
    if (isErrno(e) && e.syscall?.startsWith('spawn')) return { unavailable: e.message };
    throw e;
  } finally {
    request.signal.removeEventListener('abort', onAbort);
    hand.letGo();
    await Promise.allSettled(pumps);
  }
}

function ending(child: ChildProcess, event: 'exit' | 'close'): Promise<Ending> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once(event, (code: number | null, signal: NodeJS.Signals | null) => resolve({ code, signal }));
  });
}

function shellStatus({ code, signal }: Ending): { status: number; signal?: NodeJS.Signals } {
  if (signal === null) return { status: code ?? 0 };
  return { status: 128 + constants.signals[signal], signal };
}

function signalOf(reason: unknown): NodeJS.Signals {
  return typeof reason === 'string' && reason in constants.signals ? (reason as NodeJS.Signals) : 'SIGTERM';
}

/** Output before `ready` is the launcher's own: it tells why the sandbox could not be had. */
async function pump(
  from: Readable,
  stream: OutputStream,
  request: SandboxRequest,
  report: StatusReport,
  complaint: string[],
): Promise<void> {
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      if (await report.ready) await request.onOutput(stream, chunk);
      else if (complaint.length < 16) complaint.push(chunk.toString('utf8'));
    }
  } catch (e) {
    // The stream was given up after `lingerMs`.
    if (!isErrno(e, 'ERR_STREAM_PREMATURE_CLOSE')) throw e;
  }
}

/** Waits for the streams' end; then ends the process group, and gives up on what holds a stream still. */
async function linger(child: ChildProcess, closed: Promise<Ending>, ms: number): Promise<void> {
  const isClosed = await Promise.race([closed.then(() => true), delay(ms).then(() => false)]);
  kill(-child.pid!, 'SIGKILL');
  if (isClosed) return;
  if (await Promise.race([closed.then(() => true), delay(ms).then(() => false)])) return;
  for (const stream of child.stdio) stream?.destroy();
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

/** What can be done to a running tool. */
class Hand {
  aborted = false;
  readonly #child: ChildProcess;
  readonly #plan: Launch;
  readonly #report: StatusReport;
  readonly #graceMs: number;
  #timers: NodeJS.Timeout[] = [];

  constructor(child: ChildProcess, plan: Launch, report: StatusReport, graceMs: number) {
    this.#child = child;
    this.#plan = plan;
    this.#report = report;
    this.#graceMs = graceMs;
  }

  get #running(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  send(signal: NodeJS.Signals): void {
    const group = this.#plan.toolGroup === 'launcher' ? this.#child.pid : this.#report.childPid;
    if (this.#running && group !== undefined) kill(-group, signal);
  }

  end(signal: NodeJS.Signals): void {
    this.aborted = true;
    if (!this.#report.isReady) {
      this.endNow();
      return;
    }
    this.send(signal);
    this.#timers.push(setTimeout(() => this.endNow(), this.#graceMs));
  }

  endNow(): void {
    if (!this.#running) return;
    kill(this.#child.pid!, this.#plan.endWith);
    this.#timers.push(setTimeout(() => this.#running && kill(-this.#child.pid!, 'SIGKILL'), 1000));
  }

  letGo(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (e) {
    if (!isErrno(e, 'ESRCH')) throw e;
  }
}
