import { idKey, LIVE } from '../../../core/catalog/catalog-keys.js';
import { JsonText, MemoryTables, TableRow, type Tables } from '../../../core/catalog/key-tables.js';
import { packLines, type Row } from '../../../core/catalog/row-lines.js';
import { KeyFilter } from './key-filter.js';
import { mergeLines } from './merge-lines.js';
import { mergeRows } from './merge-rows.js';
import type { Run } from './sorted-run.js';

/**
 * Folding looks up every new id, and the record of every artifact that is changed: one filter over all spilled runs
 * answers that most of them have no such row, instead of one per run.
 */
const FOLDED = [idKey(''), LIVE];
const isFolded = (key: string) => FOLDED.some((prefix) => key.startsWith(prefix));
/** With ten million keys, one lookup in twenty is in vain. */
const SPILLED_BITS = 2 ** 26;

/** Marks a removed key that a run below still has. */
const REMOVED = null;
const REMOVED_TEXT = 'null';

/** Tables with older rows in runs on disk, and the newest changes in memory. */
export class LayeredTables implements Tables {
  #runs: readonly Run[];
  #changes: MemoryTables;
  /** Number of spilled runs, and the ids and places in them. */
  #spills = 0;
  #spilledKeys: KeyFilter | undefined;

  constructor(runs: readonly Run[], changes = new MemoryTables()) {
    this.#runs = runs;
    this.#changes = changes;
  }

  /** Newest first. */
  get runs(): readonly Run[] {
    return this.#runs;
  }

  /** Replaces the changes in memory by a run that contains them. */
  spilled(run: Run): void {
    this.#runs = [run, ...this.#runs];
    this.#spills += 1;
    this.#spilledKeys ??= new KeyFilter(Buffer.alloc(SPILLED_BITS / 8));
    for (const prefix of FOLDED)
      for (const { key } of this.#changes.range(prefix)) this.#spilledKeys.add(key);
    this.#changes = new MemoryTables();
  }

  /** An independent copy. */
  fork(): LayeredTables {
    return new LayeredTables(this.runs, this.#changes.fork());
  }

  get(key: string): unknown {
    const changed = this.#changes.get(key);
    if (changed !== undefined) return changed === REMOVED ? undefined : changed;
    const isBelow = isFolded(key) && this.#spilledKeys?.mayHave(key) === false;
    for (let i = isBelow ? this.#spills : 0; i < this.#runs.length; i++) {
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

  /** Number of changed keys in memory. */
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

  lines(prefix: string, after?: string): Iterable<Buffer> {
    const changes = packLines(this.changed(prefix, after));
    // The lowest has nothing below it that a line could remove.
    return mergeLines([changes, ...this.runs.map((run) => run.lines(prefix, after))]);
  }

  /** The changes in memory as rows. */
  *changed(prefix = '', after?: string): Generator<Row> {
    for (const { key, text } of this.#changes.range(prefix, after)) {
      yield { key, text: text === REMOVED_TEXT ? undefined : text };
    }
  }
}
