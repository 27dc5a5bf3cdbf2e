import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { compact } from '../core/compact.js';
import { HsError, isErrno } from '../errors/hs-error.js';
import { inheritableDescriptors } from './descriptors.js';
import { Hand, type HandPlan, kill } from './hand.js';
import { Output } from './output.js';
import { demandProgram } from './programs.js';
import { StatusReport } from './status-report.js';
import type { SandboxHost, SandboxRequest, Unavailable } from './types.js';

/**
 * Node gives a child sockets, and `echo >/dev/stderr` fails on a socket (ENXIO); so what the tool gets
 * are FIFOs, which `cat` empties into those sockets, whatever signal the process group gets. The program
 * that follows keeps this process id.
 *
 * Standard input comes through a FIFO too, never as it is: a descriptor is a way past every mount. Opened
 * again through /proc/self/fd/0, a file that was redirected could be written, a directory walked, and a
 * terminal steered.
 */
const piped = ({ cat, mkfifo }: { readonly cat: string; readonly mkfifo: string }) => `d=$1; shift
${mkfifo} -m 600 "$d/stdin" "$d/stdout" "$d/stderr" || exit
trap '' HUP INT QUIT PIPE TERM USR1 USR2
exec 5<&0 </dev/null
${cat} <"$d/stdout" 3>&- 4>&- 5>&- & ${cat} <"$d/stderr" >&2 3>&- 4>&- 5>&- &
${cat} <&5 >"$d/stdin" 2>/dev/null 3>&- 4>&- 5>&- &
trap - HUP INT QUIT PIPE TERM USR1 USR2
exec "$@" <"$d/stdin" >"$d/stdout" 2>"$d/stderr" 5>&-`;

/** Descriptor 3 takes the launcher's reports, 4 those of bubblewrap itself. */
export const STATUS_FD = 3;
export const BUBBLEWRAP_FD = 4;
/** Above this many, an inherited descriptor is not worth a table of its size. */
const HIGHEST_CLOSED = 65536;

const DEFAULT_GRACE_MS = 2000;
/** A launcher that was ended before it opened the FIFOs leaves two `cat` waiting for ever. */
const NEVER_READY_LINGER_MS = 500;

export interface Launch extends HandPlan {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** True when the tool is the launched program itself, so that nothing reports `ready`. */
  readonly bare?: boolean;
  /** True when the launcher itself tells how the tool ended; when it does not, everything was killed. */
  readonly reportsEnding?: boolean;
  /** How long output may still come after the launcher's end; for a backend that cannot end everything. */
  readonly lingerMs?: number;
}

export interface Launched {
  /** Facts of the launcher, such as `abi=7`. */
  readonly facts: ReadonlyMap<string, string>;
  readonly status: number;
  readonly signal?: NodeJS.Signals;
  readonly aborted: boolean;
  /** Why the command could not be executed. */
  readonly notRun?: string;
}

/** What every backend says of the tool itself. */
export function outcome({ status, signal, aborted, notRun }: Launched) {
  return compact({ status, signal, aborted, notRun });
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
  const child = spawnLauncher(request, plan, inherited);
  if ('unavailable' in child) return child;
  const report = new StatusReport(plan.bare === true);
  for (const fd of inherited) if (fd > BUBBLEWRAP_FD) (child.stdio[fd] as Readable | undefined)?.destroy();
  for (const fd of [STATUS_FD, BUBBLEWRAP_FD]) {
    (child.stdio[fd] as Readable).setEncoding('utf8').on('data', (text: string) => report.add(fd, text));
  }
  // Every launcher closes it, at the latest by ending.
  child.stdio[STATUS_FD]!.once('close', () => report.end());
  return follow(child, request, plan, report);
}

/** Detached: Ctrl-C on the terminal reaches hs alone, which passes it to the tool and not to the launcher. */
function spawnLauncher(
  request: SandboxRequest,
  plan: Launch,
  inherited: readonly number[],
): ChildProcess | Unavailable {
  try {
    const script = piped({ cat: demandProgram('cat'), mkfifo: demandProgram('mkfifo') });
    return spawn('/bin/sh', ['-c', script, 'hs', request.scratchDir, ...plan.argv], {
      cwd: plan.cwd,
      env: { ...plan.env },
      stdio: stdioFor(request.stdin, inherited),
      detached: true,
    });
  } catch (e) {
    if (isErrno(e, 'E2BIG')) return { unavailable: 'the arguments and the environment are too long' };
    throw e;
  }
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

const KILLED: Ending = { code: null, signal: 'SIGKILL' };

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
  if (request.signal.aborted) onAbort();
  const started = report.ready.then((ready) => {
    if (ready) request.onStart?.({ send: (signal) => hand.send(signal) });
    return ready;
  });
  const output = new Output(request, started);
  const pumped = Promise.all([output.pump('stdout', child.stdout!), output.pump('stderr', child.stderr!)]);
  pumped.catch(() => hand.endNow());
  try {
    await started;
    const { code, signal } = await exited;
    const lingerMs = report.isReady ? plan.lingerMs : NEVER_READY_LINGER_MS;
    if (lingerMs !== undefined) await output.linger(child, closed, lingerMs);
    await closed;
    await pumped;
    if (!(await report.ready)) {
      if (hand.aborted) throw new HsError('INTERRUPTED', 'interrupted before the tool was started');
      return { unavailable: report.reason(output.complaint, code, signal) };
    }
    const unreported = plan.reportsEnding ? KILLED : { code, signal };
    const end = report.ending ?? unreported;
    const how = shellStatus(end);
    request.onEnd?.(how.status);
    return { facts: report.facts, ...how, aborted: hand.aborted, ...compact({ notRun: report.notRun }) };
  } catch (e) {
    if (isErrno(e) && e.syscall?.startsWith('spawn')) return { unavailable: e.message };
    throw e;
  } finally {
    request.signal.removeEventListener('abort', onAbort);
    hand.endNow();
    await Promise.allSettled([closed, pumped]);
    // The one that passes standard input on may wait for more of it for ever.
    if (child.pid !== undefined) kill(-child.pid, 'SIGKILL');
    hand.letGo();
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
