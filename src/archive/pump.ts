/** The part of a writable that this module needs, from node:stream or streamx. */
interface Sink {
  readonly destroyed: boolean;
  write(chunk: Uint8Array): boolean;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  removeListener(event: 'drain' | 'close', listener: () => void): unknown;
}

/** Writes one chunk and waits until more is wanted; false if the sink is gone. */
export async function push(sink: Sink, chunk: Uint8Array): Promise<boolean> {
  if (sink.destroyed) return false;
  if (!sink.write(chunk)) await drained(sink);
  return !sink.destroyed;
}

function drained(sink: Sink): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      sink.removeListener('drain', done);
      sink.removeListener('close', done);
      resolve();
    };
    sink.once('drain', done);
    sink.once('close', done);
  });
}

interface Outlet extends AsyncIterable<Uint8Array> {
  destroy(error?: Error): unknown;
}

/**
 * Yields the output of `outlet` while `feed` fills it. An error of `feed` takes precedence; if the caller stops early,
 * the outlet is destroyed and `feed` has ended on return.
 */
export async function* drain(
  outlet: Outlet,
  feed: () => Promise<void>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let failure: { readonly error: unknown } | undefined;
  const feeding = feed().catch((error: unknown) => {
    failure ??= { error };
    outlet.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    yield* outlet;
  } catch (error) {
    failure ??= { error };
  } finally {
    outlet.destroy();
    await feeding;
  }
  if (failure !== undefined) throw failure.error;
}
