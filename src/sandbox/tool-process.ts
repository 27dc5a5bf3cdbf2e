import type { ChildProcess } from 'node:child_process';
import { isErrno } from '../errors/hs-error.js';
import type { StatusReport } from './status-report.js';

export interface ToolProcessPlan {
  /** The tool's process group: the launcher's own, or the one that bubblewrap reports. */
  readonly toolGroup: 'launcher' | 'reported';
  /** Ends the launcher so that every process of the tool ends with it. */
  readonly endWith: NodeJS.Signals;
}

/** A running tool: signals and termination. */
export class ToolProcess {
  aborted = false;
  readonly #child: ChildProcess;
  readonly #plan: ToolProcessPlan;
  readonly #report: StatusReport;
  readonly #graceMs: number;
  #timers: NodeJS.Timeout[] = [];
  /** True once the tool may run; before that, the launcher can simply be killed. */
  #released = false;

  constructor(child: ChildProcess, plan: ToolProcessPlan, report: StatusReport, graceMs: number) {
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
    if (!this.#running) return;
    // A signal that arrives before the tool's process group is known is kept until then.
    if (group === undefined) void this.#report.identified.then(() => this.send(signal));
    else kill(-group, signal);
  }

  /** The tool may run. */
  release(): void {
    this.#released = true;
  }

  end(signal: NodeJS.Signals): void {
    this.aborted = true;
    if (!this.#released) {
      this.endNow();
      return;
    }
    this.send(signal);
    this.#timers.push(setTimeout(() => this.endNow(), this.#graceMs));
  }

  endNow(): void {
    // While bubblewrap starts, its two processes wait for each other; killing only one leaves the other waiting
    // forever.
    if (!this.#released && this.#child.pid !== undefined) kill(-this.#child.pid, 'SIGKILL');
    if (!this.#running) return;
    kill(this.#child.pid!, this.#plan.endWith);
    this.#timers.push(setTimeout(() => this.#running && kill(-this.#child.pid!, 'SIGKILL'), 1000));
  }

  dispose(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

/** Does nothing if the process has already ended. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (e) {
    if (!isErrno(e, 'ESRCH')) throw e;
  }
}

/** Whether a process exists, or for a negative number, any process of that group. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (e) {
    if (isErrno(e, 'ESRCH')) return false;
    throw e;
  }
}
