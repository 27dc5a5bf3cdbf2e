import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { isErrno } from '../errors/hs-error.js';

/** How a command ended; `status` as in a shell: 128 + n for a signal, 126 not executable, 127 not found. */
export interface CommandEnd {
  readonly status: number;
  readonly signal?: NodeJS.Signals;
}

/** A command that was started for its standard output. */
export interface CommandOutput {
  /** Ends when the last process that holds the output closes it. */
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly ended: Promise<CommandEnd>;
  /** Ends the command with all that it started in its process group, if it still runs, and waits for it. */
  stop(signal: NodeJS.Signals): Promise<void>;
}

/** Time to end cleanly after a signal. */
const GRACE_MS = 2000;

/**
 * Starts a command as a shell would in a pipeline: with the standard input and error of hs, and its output in a pipe.
 * It gets a process group of its own, so that it can be ended with all that it started.
 */
export async function commandOutput(
  [program, ...args]: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<CommandOutput> {
  const { spawn } = await import('node:child_process');
  const child = spawn(program!, args, {
    cwd,
    env: { ...env },
    stdio: ['inherit', 'pipe', 'inherit'],
    detached: true,
  });
  const ended = endOf(child, () => isFound(program!, env.PATH));
  return {
    chunks: outputOf(child.stdout!),
    ended,
    async stop(signal) {
      const isHeld = !child.stdout!.readableEnded;
      child.stdout!.destroy();
      if (child.pid === undefined) return;
      if (child.exitCode !== null || child.signalCode !== null) {
        // By what the command left in the background.
        if (isHeld) send(child.pid, 'SIGKILL');
        return;
      }
      send(child.pid, signal);
      const timer = setTimeout(send, GRACE_MS, child.pid, 'SIGKILL');
      await ended;
      clearTimeout(timer);
      // What a shell runs in the background ignores an interrupt.
      send(child.pid, 'SIGKILL');
    },
  };
}

async function* outputOf(stdout: Readable): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const chunk of stdout) yield chunk as Buffer;
  } catch (e) {
    // The output of a program that could not be started, or was stopped.
    if (!isErrno(e, 'ERR_STREAM_PREMATURE_CLOSE')) throw e;
  }
}

function endOf(child: ChildProcess, wasFound: () => boolean): Promise<CommandEnd> {
  return new Promise((resolve) => {
    child.once('error', (e) => resolve({ status: isErrno(e, 'ENOENT') || !wasFound() ? 127 : 126 }));
    child.once('exit', (code, signal) =>
      resolve(signal === null ? { status: code! } : { status: 128 + constants.signals[signal], signal }),
    );
  });
}

/** The kernel also answers EACCES where a directory of PATH may not be searched, whatever is in the others. */
function isFound(program: string, path = ''): boolean {
  return program.includes('/') || path.split(delimiter).some((dir) => existsSync(join(dir, program)));
}

function send(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (e) {
    if (!isErrno(e, 'ESRCH')) throw e;
  }
}
