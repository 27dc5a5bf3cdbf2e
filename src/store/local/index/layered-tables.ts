import { idKey, LIVE } from '../../../core/catalog/catalog-keys.js';
import { JsonText, TableRow, type Tables, textOf } from '../../../core/catalog/key-tables.js';
import { ChangedLines } from './changed-lines.js';
import { KeyFilter } from './key-filter.js';
import { type LineRanges, PieceRanges, piecesOf } from './line-ranges.js';
import { MergedLines } from './merge-lines.js';
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

/** Tables with older rows in runs on disk, and the newest changes in memory. */
export class LayeredTables implements Tables {
  #runs: readonly Run[];
  readonly #changes: ChangedLines;
  /** Number of spilled runs, and the ids and places in them. */
  #spills = 0;
  #spilledKeys: KeyFilter | undefined;

  constructor(runs: readonly Run[], changes = new ChangedLines()) {
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
    for (const key of this.#changes.keys) if (isFolded(key)) this.#spilledKeys.add(key);
    this.#changes.clear();
  }

  /** An independent copy. */
  fork(): LayeredTables {
    return new LayeredTables(this.runs, this.#changes.fork());
  }

  get(key: string): unknown {
    const changed = this.#changes.row(key);
    if (changed !== undefined) return changed.text === undefined ? undefined : JSON.parse(changed.text);
    const isBelow = isFolded(key) && this.#spilledKeys?.mayHave(key) === false;
    for (let i = isBelow ? this.#spills : 0; i < this.#runs.length; i++) {
      const row = this.#runs[i]!.get(key);
      if (row !== undefined) return row.text === undefined ? undefined : JSON.parse(row.text);
    }
    return undefined;
  }

  put(key: string, value: unknown): void {
    this.#changes.put({ key, text: textOf(value) });
  }

  remove(key: string): void {
    if (this.runs.length === 0) this.#changes.delete(key);
    else this.#changes.put({ key, text: undefined });
  }

  /** Of what is changed, in memory: the number of keys, and bytes. */
  get changes(): { readonly rows: number; readonly bytes: number } {
    return { rows: this.#changes.size, bytes: this.#changes.bytes };
  }

  *range(prefix: string, after?: string): Iterable<TableRow> {
    const sources = [this.#changes.rows(prefix, after), ...this.runs.map((run) => run.rows(prefix, after))];
    for (const { key, text } of sources.length === 1 ? sources[0]! : mergeRows(sources)) {
      if (text !== undefined) yield new TableRow(key, new JsonText(text));
    }
  }

  *lines(prefix: string, after?: string): Iterable<Buffer> {
    const scans = this.runs.map((run) => run.lines(prefix, after));
    const ranges = scans.map((lines) => new PieceRanges(lines));
    try {
      yield* piecesOf(new MergedLines([this.changed(prefix, after), ...ranges], false));
    } finally {
      // Whoever reads ahead for one need not go on.
      for (const scan of scans) scan.return(undefined);
    }
  }

  /** The lines of the changes in memory. */
  changed(prefix?: string, after?: string): LineRanges {
    return this.#changes.ranges(prefix, after);
  }
}
