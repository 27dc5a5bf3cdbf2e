import type { Row } from '../../../core/catalog/row-lines.js';

interface Source {
  readonly rest: Iterator<Row>;
  /** For equal keys, the row of the first source wins. */
  readonly rank: number;
  row: Row;
}

function isBefore(a: Source, b: Source): boolean {
  return a.row.key < b.row.key || (a.row.key === b.row.key && a.rank < b.rank);
}

/** Restores the heap order after the top source changed. */
function sink(heap: Source[]): void {
  const top = heap[0]!;
  let at = 0;
  for (;;) {
    let next = 2 * at + 1;
    if (next + 1 < heap.length && isBefore(heap[next + 1]!, heap[next]!)) next++;
    if (next >= heap.length || !isBefore(heap[next]!, top)) break;
    heap[at] = heap[next]!;
    at = next;
  }
  heap[at] = top;
}

/** Merges sources sorted by key; for equal keys, the row of the first source wins. */
export function* mergeRows(sources: readonly Iterable<Row>[]): Generator<Row> {
  const all = sources.map((rows) => rows[Symbol.iterator]());
  try {
    yield* merged(all);
  } finally {
    // Whoever reads ahead for a source need not go on.
    for (const rest of all) rest.return?.();
  }
}

function* merged(all: readonly Iterator<Row>[]): Generator<Row> {
  const heap: Source[] = [];
  for (const [rank, rest] of all.entries()) {
    const first = rest.next();
    if (!first.done) heap.push({ rest, rank, row: first.value });
  }
  heap.sort((a, b) => (isBefore(a, b) ? -1 : 1));
  let last: string | undefined;
  while (heap.length > 0) {
    const top = heap[0]!;
    if (top.row.key !== last) {
      last = top.row.key;
      yield top.row;
    }
    const next = top.rest.next();
    if (next.done) {
      const end = heap.pop()!;
      if (heap.length === 0) return;
      heap[0] = end;
    } else {
      top.row = next.value;
    }
    sink(heap);
  }
}
