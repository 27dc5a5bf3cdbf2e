import { rowsOfLines, type TableReader, type TableRow, TablesDamaged } from './key-tables.js';
import { NO_ROWS, type ProvenTable, type TableSums, withLines } from './table-sums.js';

/** Reads tables whose rows must add up to these sums. */
export class ProvenRows {
  readonly #tables: TableReader;
  readonly #sums: TableSums;

  constructor(tables: TableReader, sums: TableSums) {
    this.#tables = tables;
    this.#sums = sums;
  }

  /**
   * All rows of a table as lines, then counted and added up: throws TablesDamaged after the last one if one was
   * missing, changed or occurred twice. For callers that act on what is absent.
   */
  async *lines(table: ProvenTable): AsyncGenerator<Buffer, void> {
    let sum = NO_ROWS;
    for await (const lines of this.#tables.lines(table)) {
      sum = withLines(sum, lines);
      yield lines;
    }
    const wanted = this.#sums[table] ?? NO_ROWS;
    if (sum.rows !== wanted.rows || sum.sum !== wanted.sum) {
      throw new TablesDamaged(`the rows of ${table} do not add up`);
    }
  }

  async *rows(table: ProvenTable): AsyncGenerator<readonly TableRow[], void> {
    for await (const lines of this.lines(table)) yield rowsOfLines(lines);
  }

  /** Without the table's prefix. */
  async *keys(table: ProvenTable): AsyncGenerator<string, void> {
    for await (const rows of this.rows(table)) for (const { key } of rows) yield key.slice(table.length);
  }
}
