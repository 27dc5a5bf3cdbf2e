import { guardText } from '../text/escape-for-terminal.js';
import type { OutputStream } from './output-stream.js';

/**
 * Passes on another program's output as it arrives: unchanged to a pipe or a file; on a terminal escaped (G6), with a
 * carriage return turned into a newline.
 */
export class PassThrough {
  readonly #open: () => OutputStream;
  readonly #decoder: InstanceType<typeof TextDecoder> | undefined;
  #stream: OutputStream | undefined;
  #closed = false;
  #heldReturn = false;

  constructor(open: () => OutputStream, terminal: boolean) {
    this.#open = open;
    this.#decoder = terminal ? new TextDecoder() : undefined;
  }

  /** Waits while the reader is slow. Returns false once the reader has gone. */
  async write(chunk: Uint8Array): Promise<boolean> {
    // Copied, since the stream may hold it longer than the caller.
    const out =
      this.#decoder === undefined
        ? Buffer.from(chunk)
        : this.#safe(this.#decoder.decode(chunk, { stream: true }));
    if (out.length > 0) await this.#write(out);
    return !this.#closed;
  }

  /** The program has ended: flushes an incomplete last character. */
  async end(): Promise<void> {
    const rest = this.#decoder === undefined ? '' : this.#safe(this.#decoder.decode());
    if (rest !== '' || this.#heldReturn) await this.#write(`${rest}${this.#heldReturn ? '\n' : ''}`);
  }

  #safe(text: string): string {
    const whole = this.#heldReturn ? `\r${text}` : text;
    this.#heldReturn = whole.endsWith('\r');
    const lines = (this.#heldReturn ? whole.slice(0, -1) : whole).replace(/\r+\n|\r/g, '\n');
    return guardText(lines, false);
  }

  async #write(out: Buffer | string): Promise<void> {
    if (this.#stream === undefined) {
      this.#stream = this.#open();
      this.#stream.on('error', () => {
        this.#closed = true;
      });
    }
    const stream = this.#stream;
    if (this.#closed || stream.write(out)) return;
    await new Promise<void>((resolve) => {
      const go = () => {
        stream.off('drain', go).off('close', go).off('error', go);
        resolve();
      };
      stream.on('drain', go).on('close', go).on('error', go);
    });
  }
}
