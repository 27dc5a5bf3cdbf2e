import { compact } from '../../core/json/omit-undefined.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isHsError } from '../../errors/hs-error.js';
import { type CommandOutput, commandOutput } from '../../fsx/command-output.js';
import type { Session } from '../session/session.js';

/** The standard output of a command as a payload, which fails at its end unless the command succeeded. */
export class CommandSource {
  readonly #session: Session;
  readonly #command: readonly string[];
  #running: CommandOutput | undefined;

  constructor(session: Session, command: readonly string[]) {
    this.#session = session;
    this.#command = command;
  }

  /** Starts the command at the first read. COMMAND_FAILED, with its exit status, for any but 0. */
  async *chunks(): AsyncGenerator<Uint8Array, void> {
    const { environment, signal } = this.#session;
    await this.#session.demand(await this.#session.catalog(), 'tool.run', [this.#command[0]!]);
    signal.throwIfAborted();
    const running = await commandOutput(this.#command, { cwd: environment.cwd, env: environment.all() });
    this.#running = running;
    const stop = () => void this.stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      yield* running.chunks;
      const { status, signal: killed } = await running.ended;
      signal.throwIfAborted();
      if (status !== 0) throw failed(this.#command[0]!, status, killed);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Ends the command if it still runs, as when its output could not be stored. */
  async stop(): Promise<void> {
    const isInterrupt = isHsError(this.#session.signal.reason, 'INTERRUPTED');
    await this.#running?.stop(isInterrupt ? 'SIGINT' : 'SIGTERM');
  }
}

function failed(program: string, status: number, signal: NodeJS.Signals | undefined): HsError {
  const how =
    status === 127 ? 'was not found' : status === 126 ? 'cannot be run' : (signal ?? `exited with ${status}`);
  const ended = signal === undefined ? how : `was ended by ${how}`;
  return new HsError('COMMAND_FAILED', `'${escapeText(program)}' ${ended}; nothing was stored`, {
    details: compact({ status, signal }),
    exitStatus: status,
  });
}
