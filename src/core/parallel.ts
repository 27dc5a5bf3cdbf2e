/** Operations of a disk or requests to a service at once. */
const MOST = 16;

/**
 * Runs a task for each item, in their order and `most` at a time. After a failure none is begun, and the first is thrown
 * once all have ended: nothing goes on behind the caller's back.
 */
export async function parallel<T>(
  items: Iterable<T>,
  run: (item: T) => Promise<void>,
  most = MOST,
): Promise<void> {
  const queue = [...items].reverse();
  let failed: { readonly error: unknown } | undefined;
  const worker = async () => {
    for (let item = queue.pop(); item !== undefined && failed === undefined; item = queue.pop()) {
      try {
        await run(item);
      } catch (error) {
        failed ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, queue.length) }, worker));
  if (failed !== undefined) throw failed.error;
}
