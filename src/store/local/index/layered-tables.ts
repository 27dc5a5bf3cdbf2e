import { type KeyValue, MemoryTables, type Tables } from '../../../core/catalog/key-tables.js';
import { mergeRows } from './merge-rows.js';
import type { Run } from './sorted-run.js';
import type { Row } from './sorted-run-format.js';

/** Stands in memory for a key that a run below has and that was removed. */
const REMOVED = null;

/** Tables whose older part is in runs on disk and whose newest changes are in memory. */
export class LayeredTables implements Tables {
  #runs: readonly Run[];
  #changes: MemoryTables;

  constructor(runs: readonly Run[], changes = new MemoryTables()) {
    this.#runs = runs;
    this.#changes = changes;
  }

  /** The newest first. */
  get runs(): readonly Run[] {
    return this.#runs;
  }

  /** Takes a run of what is in memory in its place. */
  spilled(run: Run): void {
    this.#runs = [run, ...this.#runs];
    this.#changes = new MemoryTables();
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

  /** Keys that are in memory. */
  get changes(): number {
    return this.#changes.size;
  }

  *range(prefix: string, after?: string): Iterable<KeyValue> {
    if (this.runs.length === 0) {
      yield* this.#changes.range(prefix, after);
      return;
    }
    const sources = [this.changed(prefix, after), ...this.runs.map((run) => run.rows(prefix, after))];
    for (const { key, text } of mergeRows(sources)) {
      if (text !== undefined) yield { key, value: JSON.parse(text) };
    }
  }

  /** What is in memory, as rows. */
  *changed(prefix = '', after?: string): Generator<Row> {
    for (const { key, value } of this.#changes.range(prefix, after)) {
      yield { key, text: value === REMOVED ? undefined : JSON.stringify(value) };
    }
  }
}
