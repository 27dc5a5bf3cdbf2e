import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';

/** A pipe that sends one line to the launcher. End of file without a line means that hs has died. */
export class LinePipe {
  readonly #pipe: Duplex;

  constructor(child: ChildProcess, fd: number) {
    const stdio: readonly unknown[] = child.stdio;
    const pipe = stdio[fd] as Duplex;
    this.#pipe = pipe;
    // A reader that has closed the pipe needs no message.
    pipe.on('error', () => undefined);
    // Nothing is read from it, but its end counts as the end of one of the process's streams.
    pipe.resume();
  }

  send(line: string): void {
    if (this.#pipe.writable) this.#pipe.end(`${line}\n`);
  }

  end(): void {
    this.#pipe.end();
  }
}
