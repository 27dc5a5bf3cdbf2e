/** As many are held beside the first before they are sorted. */
const BESIDE = 1024;

/** The first `most` of some items in that order, of which no more than twice as many are held at once, and 1,024. */
export async function firstInOrder<T>(
  items: AsyncIterable<T>,
  order: (a: T, b: T) => number,
  most = Number.POSITIVE_INFINITY,
): Promise<T[]> {
  const first: T[] = [];
  for await (const item of items) {
    first.push(item);
    if (first.length < 2 * most + BESIDE) continue;
    first.sort(order);
    first.length = most;
  }
  return first.sort(order).slice(0, most);
}
