import type { ChildProcess } from 'node:child_process';
import { isErrno } from '../errors/hs-error.js';
import type { StatusReport } from './status-report.js';

export interface ToolProcessPlan {
  /** The process group of the tool: the launcher's own, or the one that bubblewrap reports. */
  readonly toolGroup: 'launcher' | 'reported';
  /** Ends the launcher in a way that takes every process of the tool along. */
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
  /** True once the tool may run; until then nothing of the launcher is worth sparing. */
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
    // A signal that comes before it is known whom it is for waits, and is not lost.
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
    // While bubblewrap starts, its two halves wait for each other, and one that is killed alone leaves
    // the other waiting for ever.
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

/** Of a process, or with a negative number of any process of a group. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (e) {
    if (isErrno(e, 'ESRCH')) return false;
    throw e;
  }
}
