import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { isErrno } from '../errors/hs-error.js';
import type { OutputStream, SandboxRequest } from './sandbox-types.js';
import { isAlive, kill } from './tool-process.js';

/** A background process may print forever. */
const LONGEST_LINGER_MS = 5000;
/** An init that does not reap keeps the process group in existence. */
const GONE_MS = 200;
const COMPLAINT_CHUNKS = 16;

/** Passes the tool's output to the caller. */
export class ToolOutput {
  readonly #request: SandboxRequest;
  readonly #started: Promise<boolean>;
  readonly #complaint: string[] = [];
  #chunks = 0;
  /** Streams with a chunk being handled by the caller. */
  #pending = 0;

  /** `started` is false if the tool never runs: the output is then the launcher's own. */
  constructor(request: SandboxRequest, started: Promise<boolean>) {
    this.#request = request;
    this.#started = started;
  }

  /** The launcher's messages before it gave up. */
  get complaint(): string {
    return this.#complaint.join('').trim();
  }

  async pump(stream: OutputStream, from: Readable): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        this.#chunks += 1;
        if (await this.#started) await this.#deliver(stream, chunk);
        else if (this.#complaint.length < COMPLAINT_CHUNKS) this.#complaint.push(chunk.toString('utf8'));
      }
    } catch (e) {
      // The stream was abandoned.
      if (!isErrno(e, 'ERR_STREAM_PREMATURE_CLOSE')) throw e;
    }
  }

  async #deliver(stream: OutputStream, chunk: Uint8Array): Promise<void> {
    this.#pending += 1;
    try {
      await this.#request.onOutput(stream, chunk);
    } finally {
      this.#pending -= 1;
    }
  }

  /**
   * After the launcher has ended: waits for the end of the streams, but no longer than `ms` without output; then kills
   * the rest of the process group, and abandons streams that are still held open.
   */
  async linger(child: ChildProcess, closed: Promise<unknown>, ms: number): Promise<void> {
    const isClosed = () => Promise.race([closed.then(() => true), delay(ms).then(() => false)]);
    const done = await this.#drained(isClosed);
    kill(-child.pid!, 'SIGKILL');
    if (done) return;
    // The streams end with `cat`, possibly before the processes that held them.
    for (let waited = 0; waited < GONE_MS && isAlive(-child.pid!); waited += 5) await delay(5);
    if (!(await isClosed())) for (const stream of child.stdio) stream?.destroy();
  }

  async #drained(isClosed: () => Promise<boolean>): Promise<boolean> {
    const start = Date.now();
    for (
      let before = -1;
      Date.now() - start < LONGEST_LINGER_MS || this.#pending > 0;
      before = this.#chunks
    ) {
      if (await isClosed()) return true;
      if (before === this.#chunks && this.#pending === 0) return false;
    }
    return false;
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
