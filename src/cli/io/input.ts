import type { Readable } from 'node:stream';
import { HsError, isErrno } from '../../errors/hs-error.js';
import { meaningOf } from '../failure.js';

/** No path, id or record that hs takes comes near this. */
const MAX_RECORD_BYTES = 1024 * 1024;

/** Standard input. */
export class Input {
  readonly #open: () => Readable;
  readonly #nul: boolean;

  constructor(open: () => Readable, nul: boolean) {
    this.#open = open;
    this.#nul = nul;
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#open()) yield chunk as Buffer;
    } catch (cause) {
      if (!isErrno(cause)) throw cause;
      throw new HsError('SYSTEM', `cannot read standard input: ${meaningOf(cause)}`, { cause });
    }
  }

  /** Everything, at most `maxBytes`; more is refused. */
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

  /**
   * The next record, or `undefined` at the end: what a person answers. Throws at once when `signal` is
   * aborted, since nobody who pressed Ctrl-C presses Enter after it.
   */
  async answer(signal: AbortSignal): Promise<string | undefined> {
    const records = this.records();
    let stop = () => {};
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
    });
    try {
      signal.throwIfAborted();
      const { value } = await Promise.race([records.next(), stopped]);
      await records.return(undefined);
      return value;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /**
   * Lines, or with `-z` what NULs separate. Empty ones are left out, unless each is to be answered; bytes
   * that are not UTF-8 are refused.
   */
  async *records({ empty = false } = {}): AsyncGenerator<string> {
    const end = this.#nul ? 0 : 10;
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of this.bytes()) {
      let data = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
      for (let at = data.indexOf(end); at >= 0; at = data.indexOf(end)) {
        if (at > 0 || empty) yield decode(data.subarray(0, at));
        data = data.subarray(at + 1);
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
