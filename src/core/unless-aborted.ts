/** Resolves like `wait`, or throws the signal's reason if it is aborted first. */
export async function unlessAborted<T>(wait: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  // The loser of the race is ignored.
  stopped.catch(() => undefined);
  wait.catch(() => undefined);
  try {
    signal.throwIfAborted();
    return await Promise.race([wait, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
