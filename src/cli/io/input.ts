import type { Readable } from 'node:stream';
import { unlessAborted } from '../../core/unless-aborted.js';
import { errnoMeaning } from '../../errors/errno-meaning.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';

/** No path, id or record that hs takes is nearly this long. */
const MAX_RECORD_BYTES = 1024 * 1024;

/** Standard input. */
export class Input {
  readonly #open: () => Readable;
  readonly #nul: boolean;
  readonly #signal: AbortSignal;

  constructor(open: () => Readable, nul: boolean, signal: AbortSignal) {
    this.#open = open;
    this.#nul = nul;
    this.#signal = signal;
  }

  /**
   * Yields chunks as they arrive. Throws at once when the command is interrupted, even while waiting: after Ctrl-C
   * nobody closes standard input, and an interruption must not look like the end of the input.
   */
  async *bytes(): AsyncGenerator<Uint8Array> {
    const chunks = this.#open()[Symbol.asyncIterator]();
    let isWaiting = false;
    try {
      for (;;) {
        isWaiting = true;
        const { done, value } = await unlessAborted(chunks.next(), this.#signal);
        isWaiting = false;
        if (done) return;
        yield value as Buffer;
      }
    } catch (cause) {
      if (!isErrno(cause)) throw cause;
      throw new HsError('SYSTEM', `cannot read standard input: ${errnoMeaning(cause)}`, { cause });
    } finally {
      // A pending read cannot be cancelled; the program exits without it.
      if (!isWaiting) await chunks.return?.();
    }
  }

  /** All of standard input, at most `maxBytes` (HOSTILE_INPUT beyond). */
  async all(maxBytes: number): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of this.bytes()) {
      size += chunk.length;
      if (size > maxBytes)
        throw new HsError('HOSTILE_INPUT', `standard input is larger than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  /** The next record, or `undefined` at the end, as the answer to a question. */
  async answer(): Promise<string | undefined> {
    for await (const record of this.records()) return record;
    return undefined;
  }

  /**
   * Lines, or with `-z` NUL-terminated records. Empty ones are skipped unless `empty` is set; bytes that are not UTF-8
   * are refused.
   */
  async *records({ empty = false } = {}): AsyncGenerator<string> {
    const end = this.#nul ? 0 : 10;
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of this.bytes()) {
      let data = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
      for (let at = data.indexOf(end); at >= 0; at = data.indexOf(end)) {
        if (at > 0 || empty) yield decode(data.subarray(0, at));
        data = data.subarray(at + 1);
        // A consumer may handle each record without ever waiting, so yield here.
        await yieldToEvents();
        this.#signal.throwIfAborted();
      }
      if (data.length > MAX_RECORD_BYTES) {
        throw new HsError(
          'HOSTILE_INPUT',
          `a record on standard input is longer than ${MAX_RECORD_BYTES} bytes`,
        );
      }
      rest = data;
    }
    if (rest.length > 0) yield decode(rest);
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new HsError('UNSAFE_PATH', 'a record on standard input is not UTF-8', { cause });
  }
}
