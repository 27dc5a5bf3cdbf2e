import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';

/**
 * A launcher's reports on its status descriptor, one per line: `ready KEY=VALUE…` every forbidden write failed, the
 * tool starts · `written PATH` a forbidden write succeeded · `failed ERRNO` the command could not be executed · `exit
 * N`, `signal N` how the tool ended. bubblewrap writes JSON to the second descriptor.
 */
export class StatusReport {
  readonly ready: Promise<boolean>;
  isReady = false;
  childPid: number | undefined;
  /** Resolves when `childPid` is known: it arrives on a separate descriptor, and may come after `ready`. */
  readonly identified: Promise<void>;
  ending: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined;
  /** Why the command could not be executed, although the sandbox was available. */
  notRun: string | undefined;
  readonly facts = new Map<string, string>();
  readonly #pending = new Map<number, string>();
  #settle!: (ready: boolean) => void;
  #identify!: () => void;
  #written: string | undefined;
  #error: Error | undefined;

  constructor() {
    this.ready = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.identified = new Promise((resolve) => {
      this.#identify = resolve;
    });
  }

  add(fd: number, text: string): void {
    const lines = ((this.#pending.get(fd) ?? '') + text).split('\n');
    this.#pending.set(fd, lines.pop()!);
    for (const line of lines) this.#take(line);
  }

  /** The end of the reports: the descriptor is closed, or the launcher could not be started. */
  end(error?: Error): void {
    this.#error ??= error;
    this.#settle(this.isReady);
  }

  /** Why the tool was not started, in one line. */
  reason(complaint: string, code: number | null, signal: NodeJS.Signals | null): string {
    if (this.#written !== undefined) return `a forbidden write succeeded: ${this.#written}`;
    if (this.#error !== undefined) return this.#error.message;
    const lines = complaint.split('\n').filter((line) => line !== '');
    return lines.at(-1) ?? (signal === null ? `it ended with status ${code}` : `it was killed by ${signal}`);
  }

  #take(line: string): void {
    const [word, rest] = split(line);
    if (word === 'ready') this.#becomeReady(rest);
    else if (word === 'written') this.#written = rest;
    else if (word === 'failed') this.notRun = whyNotRun(Number(rest));
    else if (word === 'exit') this.ending = { code: Number(rest), signal: null };
    else if (word === 'signal') this.ending = endedBy(Number(rest));
    else {
      const pid = /"child-pid"\s*:\s*(\d+)/.exec(line)?.[1];
      if (pid === undefined) return;
      this.childPid = Number(pid);
      this.#identify();
    }
  }

  #becomeReady(facts: string): void {
    for (const fact of facts.split(' ')) {
      const [key, value] = fact.split('=');
      if (key !== undefined && value !== undefined) this.facts.set(key, value);
    }
    this.isReady = true;
    this.#settle(true);
  }
}

function split(line: string): [word: string, rest: string] {
  const at = line.indexOf(' ');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
}

const NOT_RUN: Readonly<Record<string, string>> = {
  ENOENT: 'not found',
  ENOTDIR: 'not found',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ENOEXEC: 'not a program',
  E2BIG: 'the arguments and the environment are too long',
};

function whyNotRun(errno: number): string {
  const name = getSystemErrorName(-errno);
  return NOT_RUN[name] ?? `the system reports ${name}`;
}

function endedBy(number: number): { code: number | null; signal: NodeJS.Signals | null } {
  const name = Object.entries(constants.signals).find(([, n]) => n === number)?.[0];
  return name === undefined
    ? { code: 128 + number, signal: null }
    : { code: null, signal: name as NodeJS.Signals };
}
