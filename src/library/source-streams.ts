import { unlessAborted } from '../core/unless-aborted.js';

/** The streams that a caller gives to one call: each read ends with the call's signal, and all are closed at its end. */
export class SourceStreams {
  readonly #signal: AbortSignal | undefined;
  readonly #opened: (() => void)[] = [];

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** The same chunks; throws the signal's reason while the stream is waited for. */
  open(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    const iterator = chunks[Symbol.asyncIterator]();
    const signal = this.#signal;
    this.#opened.push(() => close(chunks, iterator));
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => (signal === undefined ? iterator.next() : unlessAborted(iterator.next(), signal)),
      }),
    };
  }

  close(): void {
    for (const each of this.#opened) each();
  }
}

/** Does not wait: a stream that stalls ends when it goes on. One of Node that was never read has to be destroyed. */
function close(chunks: AsyncIterable<Uint8Array>, iterator: AsyncIterator<Uint8Array>): void {
  const ignore = () => undefined;
  (async () => iterator.return?.())().catch(ignore);
  const { destroy } = chunks as { destroy?: unknown };
  if (typeof destroy === 'function') destroy.call(chunks);
}

/** Calls `run` with the streams of one call, and closes them when it ends. */
export async function withStreams<T>(
  signal: AbortSignal | undefined,
  run: (streams: SourceStreams) => Promise<T>,
): Promise<T> {
  const streams = new SourceStreams(signal);
  try {
    return await run(streams);
  } finally {
    streams.close();
  }
}
