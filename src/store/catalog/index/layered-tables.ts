import { MemoryTables, type Tables } from '../../../core/catalog/key-tables.js';
import type { Run } from './sorted-run.js';
import type { Row } from './sorted-run-format.js';

/** Stands in memory for a key that a run below has and that was removed. */
const REMOVED = null;

/** Rows of several sources, each in order of key, as one; of equal keys the first source's. */
export function* mergeRows(sources: readonly Iterable<Row>[]): Generator<Row> {
  const open = sources.map((rows) => rows[Symbol.iterator]());
  const heads = open.map((rows) => rows.next());
  for (;;) {
    let lowest: Row | undefined;
    for (const { done, value } of heads) {
      if (!done && (lowest === undefined || value.key < lowest.key)) lowest = value;
    }
    if (lowest === undefined) return;
    for (const [i, head] of heads.entries()) {
      if (!head.done && head.value.key === lowest.key) heads[i] = open[i]!.next();
    }
    yield lowest;
  }
}

/** Tables whose older part is in runs on disk and whose newest changes are in memory. */
export class LayeredTables implements Tables {
  /** The newest first. */
  readonly runs: readonly Run[];
  readonly #changes: MemoryTables;

  constructor(runs: readonly Run[], changes = new MemoryTables()) {
    this.runs = runs;
    this.#changes = changes;
  }

  /** A copy that changes on its own. */
  fork(): LayeredTables {
    return new LayeredTables(this.runs, this.#changes.fork());
  }

  get(key: string): unknown {
    const changed = this.#changes.get(key);
    if (changed !== undefined) return changed === REMOVED ? undefined : changed;
    for (const run of this.runs) {
      const row = run.get(key);
      if (row !== undefined) return row.text === undefined ? undefined : JSON.parse(row.text);
    }
    return undefined;
  }

  put(key: string, value: unknown): void {
    this.#changes.put(key, value);
  }

  remove(key: string): void {
    if (this.runs.length === 0) this.#changes.remove(key);
    else this.#changes.put(key, REMOVED);
  }

  *range(prefix: string): Iterable<{ readonly key: string; readonly value: unknown }> {
    if (this.runs.length === 0) {
      yield* this.#changes.range(prefix);
      return;
    }
    const sources = [this.changed(prefix), ...this.runs.map((run) => run.rows(prefix))];
    for (const { key, text } of mergeRows(sources)) {
      if (text !== undefined) yield { key, value: JSON.parse(text) };
    }
  }

  /** What is in memory, as rows. */
  *changed(prefix = ''): Generator<Row> {
    for (const { key, value } of this.#changes.range(prefix)) {
      yield { key, text: value === REMOVED ? undefined : JSON.stringify(value) };
    }
  }
}
