import { idKey } from '../../../core/catalog/catalog-keys.js';
import { JsonText, MemoryTables, TableRow, type Tables } from '../../../core/catalog/key-tables.js';
import { KeyFilter } from './key-filter.js';
import { mergeRows } from './merge-rows.js';
import type { Run } from './sorted-run.js';
import type { Row } from './sorted-run-format.js';

/** Each artifact that is registered is looked for by its id: in one filter, not in that of each run. */
const IDS = idKey('');
/** Of ten million ids so, one in twenty is looked for in vain. */
const SPILLED_BITS = 2 ** 26;

/** Stands in memory for a key that a run below has and that was removed. */
const REMOVED = null;
const REMOVED_TEXT = 'null';

/** Tables whose older part is in runs on disk and whose newest changes are in memory. */
export class LayeredTables implements Tables {
  #runs: readonly Run[];
  #changes: MemoryTables;
  /** How many of the runs were spilled, and the ids in them. */
  #spills = 0;
  #spilledIds: KeyFilter | undefined;

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
    this.#spills += 1;
    this.#spilledIds ??= new KeyFilter(Buffer.alloc(SPILLED_BITS / 8));
    for (const { key } of this.#changes.range(IDS)) this.#spilledIds.add(key);
    this.#changes = new MemoryTables();
  }

  /** A copy that changes on its own. */
  fork(): LayeredTables {
    return new LayeredTables(this.runs, this.#changes.fork());
  }

  get(key: string): unknown {
    const changed = this.#changes.get(key);
    if (changed !== undefined) return changed === REMOVED ? undefined : changed;
    const isNew = key.startsWith(IDS) && this.#spilledIds?.mayHave(key) === false;
    for (let i = isNew ? this.#spills : 0; i < this.#runs.length; i++) {
      const row = this.#runs[i]!.get(key);
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

  *range(prefix: string, after?: string): Iterable<TableRow> {
    if (this.runs.length === 0) {
      yield* this.#changes.range(prefix, after);
      return;
    }
    const sources = [this.changed(prefix, after), ...this.runs.map((run) => run.rows(prefix, after))];
    for (const { key, text } of mergeRows(sources)) {
      if (text !== undefined) yield new TableRow(key, new JsonText(text));
    }
  }

  /** What is in memory, as rows. */
  *changed(prefix = '', after?: string): Generator<Row> {
    for (const { key, text } of this.#changes.range(prefix, after)) {
      yield { key, text: text === REMOVED_TEXT ? undefined : text };
    }
  }
}
