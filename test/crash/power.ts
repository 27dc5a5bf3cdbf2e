import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import { Rng } from '../sim/rng.js';
import { type Filesystem, PowerLab, run } from './images.js';
import type { Known, Verdict } from './verdict.js';
import type { Said, Work } from './worker.js';

export interface PowerRun {
  readonly filesystem: Filesystem;
  readonly cuts: number;
  readonly seed: number;
  /** Workers that sync nothing: data must be lost. */
  readonly forgets: boolean;
  /** Empty, and removed by the caller. */
  readonly dir: string;
  /** The command that calls a function of test/crash with arguments as JSON. */
  readonly call: (name: 'plant' | 'work' | 'verdict', argument: unknown) => readonly string[];
  /** Ends everything that was started. */
  readonly signal: AbortSignal;
}

export interface PowerResult {
  readonly cuts: number;
  /** Commands that ended before the last cut. */
  readonly commands: number;
  readonly acknowledged: number;
  /** See {@link Verdict}. */
  readonly misplaced: number;
  /** What did not hold, with the number of the cut. */
  readonly broken: readonly string[];
}

const WORKERS = 2;
/** Commands between two cuts, and the moment after the last of them. */
const MOST_COMMANDS = 3;
const MOST_WAIT_MS = 60;

/** What workers said so far, and what of it must hold. */
export class Listener {
  readonly acknowledged = new Set<ArtifactId>();
  readonly #pinned = new Map<string, ArtifactId>();
  /** By destination, its content, and what was begun since. */
  readonly #outside = new Map<string, string[]>();
  commands = 0;
  #waiting: { commands: number; resolve: () => void } | undefined;

  hear(said: Said): void {
    if ('put' in said) for (const id of said.put) this.acknowledged.add(id);
    else if ('pinned' in said) this.#pinned.set(...said.pinned);
    else if ('unpinning' in said) this.#pinned.delete(said.unpinning);
    else if ('begin' in said)
      this.#outside.set(said.begin, [...(this.#outside.get(said.begin) ?? ['']), said.content]);
    else if ('done' in said) this.#outside.set(said.done, [said.content]);
    else {
      this.commands++;
      if (this.#waiting !== undefined && --this.#waiting.commands <= 0) this.#waiting.resolve();
    }
  }

  after(commands: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = { commands, resolve };
    });
  }

  known(): Known {
    return { acknowledged: [...this.acknowledged], pinned: [...this.#pinned], outside: [...this.#outside] };
  }
}

/** What was known before, less what was begun to be undone since, and with what was begun to be done. */
export function surely(before: Known, since: Known): Known {
  const still = new Map(since.pinned);
  const outside = new Map(before.outside);
  for (const [path, contents] of since.outside)
    outside.set(path, [...new Set([...(outside.get(path) ?? ['']), ...contents])]);
  return { ...before, pinned: before.pinned.filter(([name]) => still.has(name)), outside: [...outside] };
}

class LiveWorker {
  readonly #child: ChildProcess;
  #pings: (() => void)[] = [];
  readonly ended: Promise<void>;

  constructor(command: readonly string[], heard: (said: Said) => void, signal: AbortSignal) {
    const child = spawn(command[0]!, command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    const kill = () => this.kill();
    signal.addEventListener('abort', kill);
    child.stdin.on('error', () => undefined);
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === '!') this.#pings.shift()?.();
      else heard(JSON.parse(line) as Said);
    });
    this.ended = new Promise((resolve, reject) => {
      child.on('close', (code) => {
        signal.removeEventListener('abort', kill);
        if (code === 0 || signal.aborted) resolve();
        else reject(new Error(`a worker ended with ${code}`));
      });
    });
  }

  /** Resolves once everything is heard that it said until now. */
  heard(): Promise<void> {
    return new Promise((resolve) => {
      this.#pings.push(resolve);
      this.#child.stdin!.write('?\n');
    });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Nothing is done, and the store does not grow, while the last cut is looked at. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    this.#child.stdin!.end();
    await this.ended;
  }
}

function outputOf(command: readonly string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'], signal });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${command[0]} ended with ${code}`)),
    );
  });
}

/** Cuts the power under working commands, again and again, and looks at what is there when it is back. */
export async function powerCuts(given: PowerRun): Promise<PowerResult> {
  const { filesystem, cuts, seed, forgets, dir, call, signal } = given;
  const lab = new PowerLab(dir, filesystem);
  const rng = new Rng(seed);
  const broken: string[] = [];
  let misplaced = 0;
  const listener = new Listener();
  let workers: readonly LiveWorker[] = [];
  lab.open();
  try {
    const home = join(lab.mount, 'd');
    mkdirSync(home);
    await outputOf(call('plant', home), signal);
    run('sync', '-f', lab.mount);
    workers = Array.from({ length: WORKERS }, (_, n) => {
      const work: Work = { dir: home, name: `w${n}`, seed: seed * 10 + n, forgets };
      return new LiveWorker(call('work', work), (said) => listener.hear(said), signal);
    });
    const died = Promise.all(workers.map((w) => w.ended)).then(() => {
      if (!signal.aborted) return;
      throw new Error('interrupted');
    });
    died.catch(() => undefined);
    for (let n = 1; n <= cuts; n++) {
      await Promise.race([listener.after(1 + rng.below(MOST_COMMANDS)), died]);
      await new Promise((resolve) => setTimeout(resolve, rng.below(MOST_WAIT_MS)));
      const before = listener.known();
      await outputOf(lab.cut, signal);
      await Promise.race([Promise.all(workers.map((w) => w.heard())), died]);
      for (const worker of workers) worker.pause();
      const known = surely(before, listener.known());
      const found = JSON.parse(
        await outputOf(lab.afterCut(call('verdict', { dir: home, known })), signal),
      ) as Verdict;
      broken.push(...found.broken.map((what) => `cut ${n}: ${what}`));
      misplaced += found.misplaced;
      for (const worker of workers) worker.resume();
    }
    await Promise.all(workers.map((w) => w.stop()));
  } finally {
    for (const worker of workers) worker.kill();
    await Promise.allSettled(workers.map((w) => w.ended));
    lab.close();
  }
  return { cuts, commands: listener.commands, acknowledged: listener.acknowledged.size, misplaced, broken };
}
