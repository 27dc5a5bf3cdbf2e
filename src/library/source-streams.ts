import { EventEmitter } from 'node:events';
import { unlessAborted } from '../core/unless-aborted.js';

/** The streams that a caller gives to one call: each read ends with the call's signal, and all are closed at its end. */
export class SourceStreams {
  readonly #taken: unknown[] = [];
  readonly #opened = new Map<unknown, AsyncIterator<Uint8Array>>();

  /**
   * Closes this source at the end if it is a stream, also when it comes to nothing before it is read. A stream that fails
   * while nobody reads it, such as one of a file that is missing, does not end the process: who reads it is told.
   */
  take<T>(source: T): T {
    if (source instanceof EventEmitter) source.on('error', () => undefined);
    this.#taken.push(source);
    return source;
  }

  /** The same chunks; throws the signal's reason while the stream is waited for. */
  open(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
    const iterator = chunks[Symbol.asyncIterator]();
    this.#opened.set(chunks, iterator);
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => (signal === undefined ? iterator.next() : unlessAborted(iterator.next(), signal)),
      }),
    };
  }

  close(): void {
    for (const iterator of this.#opened.values()) call(iterator, 'return');
    // An iterator that was never asked for anything closes nothing.
    for (const source of this.#taken) {
      for (const end of this.#opened.has(source) ? ['destroy'] : ['destroy', 'cancel', 'return'])
        call(source, end);
    }
  }
}

/** Does not wait: a stream that stalls ends when it goes on. */
function call(on: unknown, name: string): void {
  const end = (on as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  if (typeof end === 'function') (async () => end.call(on))().catch(() => undefined);
}

/** Calls `run` with the streams of one call, and closes them when it ends. */
export async function withStreams<T>(run: (streams: SourceStreams) => Promise<T>): Promise<T> {
  const streams = new SourceStreams();
  try {
    return await run(streams);
  } finally {
    streams.close();
  }
}
