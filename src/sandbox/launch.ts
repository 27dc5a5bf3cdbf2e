import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { compact } from '../core/json/omit-undefined.js';
import { HsError, isErrno } from '../errors/hs-error.js';
import { inheritableDescriptors } from './descriptors.js';
import {
  BUBBLEWRAP_FD,
  GO_FD,
  type LauncherScript,
  LIFE_FD,
  launcherCommand,
  STATUS_FD,
} from './launcher-script.js';
import { belowLeast } from './levels.js';
import { LinePipe } from './line-pipe.js';
import type { SandboxHost, SandboxLevel, SandboxRequest, Unavailable } from './sandbox-types.js';
import { StatusReport } from './status-report.js';
import { ToolOutput } from './tool-output.js';
import { kill, ToolProcess, type ToolProcessPlan } from './tool-process.js';

/** With more inherited descriptors than this, a table of that size is not worth it. */
const HIGHEST_REPLACED = 65536;
const DEFAULT_GRACE_MS = 2000;
/** If the launcher is ended before it opened the FIFOs, two `cat` processes wait forever. */
const NEVER_READY_LINGER_MS = 500;

export interface Launch extends ToolProcessPlan {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Determines the enforcement from the launcher's facts; if the level is too low, the tool is not started. */
  level(facts: ReadonlyMap<string, string>): SandboxLevel;
  /** True if the launcher itself reports how the tool ended; without a report, everything was killed. */
  readonly reportsEnding?: boolean;
  /** How long output may still arrive after the launcher has ended; for a backend that cannot end everything. */
  readonly lingerMs?: number;
}

export interface Launched {
  /** Facts reported by the launcher, such as `abi=7`. */
  readonly facts: ReadonlyMap<string, string>;
  readonly level: SandboxLevel;
  readonly status: number;
  readonly signal?: NodeJS.Signals;
  readonly aborted: boolean;
  /** Why the command could not be executed. */
  readonly notRun?: string;
}

/** The facts about the tool that every backend reports. */
export function outcome({ level, status, signal, aborted, notRun }: Launched) {
  return compact({ level, status, signal, aborted, notRun });
}

/** Starts a launcher in its own session and follows it to the end; none of its processes is left then. */
export async function launch(
  host: SandboxHost,
  request: SandboxRequest,
  plan: Launch,
): Promise<Launched | Unavailable> {
  if (request.signal.aborted) throw new HsError('INTERRUPTED', 'interrupted before the tool was started');
  const inherited = (await inheritableDescriptors(host.disk)).filter((fd) => fd > GO_FD);
  const bash = await host.find('bash');
  if (bash === undefined && (inherited.at(-1) ?? 0) > HIGHEST_REPLACED) {
    return { unavailable: `descriptor ${inherited.at(-1)} is open and cannot be hidden from the tool` };
  }
  const child = spawnLauncher(request, plan, { inherited, bash });
  if ('unavailable' in child) return child;
  const report = new StatusReport();
  for (const pipe of child.stdio.slice(GO_FD + 1)) pipe?.destroy();
  for (const fd of [STATUS_FD, BUBBLEWRAP_FD]) {
    (child.stdio[fd] as Readable)
      .setEncoding('utf8')
      .on('data', (text: string) => report.add(fd, text))
      .on('error', (e) => report.end(e));
  }
  // Every launcher closes it, at the latest by ending.
  child.stdio[STATUS_FD]!.once('close', () => report.end());
  return follow(child, request, plan, report);
}

/** Detached: Ctrl-C on the terminal reaches only hs, which passes it to the tool and not to the launcher. */
function spawnLauncher(
  request: SandboxRequest,
  plan: Launch,
  surroundings: Pick<LauncherScript, 'inherited' | 'bash'>,
): ChildProcess | Unavailable {
  const { scratchDir } = request;
  const [shell, ...args] = launcherCommand({ scratchDir, endWith: plan.endWith, ...surroundings });
  try {
    return spawn(shell!, [...args, ...plan.argv], {
      cwd: plan.cwd,
      env: { ...plan.env },
      stdio: stdioFor(request.stdin, surroundings),
      detached: true,
    });
  } catch (e) {
    if (isErrno(e, 'E2BIG')) return { unavailable: 'the arguments and the environment are too long' };
    throw e;
  }
}

/** bash closes every inherited descriptor; without it each is replaced, which works in any shell. */
function stdioFor(
  stdin: 'inherit' | 'ignore',
  { inherited, bash }: Pick<LauncherScript, 'inherited' | 'bash'>,
): ('inherit' | 'ignore' | 'pipe')[] {
  const replaced = bash === undefined ? inherited : [];
  const stdio = new Array<'inherit' | 'ignore' | 'pipe'>(Math.max(GO_FD, ...replaced) + 1).fill('ignore');
  stdio[0] = stdin;
  for (const fd of [1, 2, STATUS_FD, BUBBLEWRAP_FD, LIFE_FD, GO_FD, ...replaced]) stdio[fd] = 'pipe';
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
  const [life, go] = [new LinePipe(child, LIFE_FD), new LinePipe(child, GO_FD)];
  const tool = new ToolProcess(child, plan, report, request.graceMs ?? DEFAULT_GRACE_MS);
  const onAbort = () => tool.end(signalOf(request.signal.reason));
  request.signal.addEventListener('abort', onAbort, { once: true });
  if (request.signal.aborted) onAbort();
  let tooLow: Unavailable | undefined;
  const started = report.ready.then((ready) => {
    if (!ready || tool.aborted) return false;
    tooLow = belowLeast(plan.level(report.facts), request.least);
    if (tooLow !== undefined) {
      tool.endNow();
      return false;
    }
    tool.release();
    request.onStart?.({ send: (signal) => tool.send(signal) });
    go.send('go');
    return true;
  });
  const output = new ToolOutput(request, started);
  const pumped = Promise.all([output.pump('stdout', child.stdout!), output.pump('stderr', child.stderr!)]);
  pumped.catch(() => tool.endNow());
  try {
    const wasStarted = await started;
    const { code, signal } = await exited;
    life.send('over');
    go.end();
    const lingerMs = wasStarted ? plan.lingerMs : NEVER_READY_LINGER_MS;
    if (lingerMs !== undefined) await output.linger(child, closed, lingerMs);
    await closed;
    await pumped;
    if (!wasStarted) {
      if (tool.aborted) throw new HsError('INTERRUPTED', 'interrupted before the tool was started');
      return tooLow ?? { unavailable: report.reason(output.complaint, code, signal) };
    }
    const unreported = plan.reportsEnding ? KILLED : { code, signal };
    const end = report.ending ?? unreported;
    const how = shellStatus(end);
    request.onEnd?.(how.status);
    const { facts, notRun } = report;
    return { facts, level: plan.level(facts), ...how, aborted: tool.aborted, ...compact({ notRun }) };
  } catch (e) {
    if (isErrno(e) && e.syscall?.startsWith('spawn')) return { unavailable: e.message };
    throw e;
  } finally {
    request.signal.removeEventListener('abort', onAbort);
    tool.endNow();
    life.end();
    go.end();
    await Promise.allSettled([closed, pumped]);
    // The process that passes on standard input may wait for more of it forever.
    if (child.pid !== undefined) kill(-child.pid, 'SIGKILL');
    tool.dispose();
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
