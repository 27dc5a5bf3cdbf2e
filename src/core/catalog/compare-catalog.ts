import type { ArtifactRecord } from './artifact-record.js';
import type { Catalog, CatalogMeta } from './catalog.js';
import {
  APPLIED,
  idKey,
  keyText,
  LIVE,
  META_KEY,
  PURGED,
  placeKey,
  REMOVED,
  ROOTS,
  recordKeys,
  TOTALS,
  UNREAD,
} from './catalog-keys.js';
import { JsonText, MemoryTables, TableRow, TablesDamaged } from './key-tables.js';
import type { LedgerDigest } from './ledger-digest.js';
import { fromRow, type RecordRow } from './record-row.js';
import { keyAt, lineEnd } from './row-lines.js';
import { PREFIX_LENGTH, PROVEN_TABLES, RowBag, SummedTables } from './table-sums.js';
import { TotalChanges } from './totals.js';

/** As a line begins, in as many characters as a table has. */
const META_LINE = `${META_KEY}\t`;
const ENTRY_ROWS: ReadonlySet<string> = new Set([ROOTS, APPLIED, PURGED, UNREAD]);

/** A record that is what the ledger says, and the digest of its facts. */
export interface ComparedRecord {
  readonly record: ArtifactRecord;
  readonly facts: number;
}

/** Compares every row of tables with a fold of the ledger. */
export class CatalogComparison {
  readonly #fold: LedgerDigest;
  readonly #sums = new Map<string, RowBag>(PROVEN_TABLES.map((table) => [table, new RowBag()]));
  readonly #counts = { live: 0, removed: 0, pins: 0 };
  readonly #totals = new TotalChanges();
  /** Rows that lead to artifacts: those that there should be less those that are there. */
  readonly #keys = new RowBag();
  readonly #toldTotals = new RowBag();
  readonly #ofEntries = { rows: 0, differ: 0, unread: 0 };
  #meta: CatalogMeta | undefined;
  /** How the row before began: two bytes, and as text. */
  #begin = -1;
  #table = '';

  constructor(fold: LedgerDigest) {
    this.#fold = fold;
  }

  /**
   * Takes the row in the line from `at` to `end`; the record in it, if it has one that is right. TablesDamaged for one
   * that is not.
   */
  take(lines: Buffer, at: number, end: number): ComparedRecord | undefined {
    const table = this.#tableOf(lines, at);
    this.#sums.get(table)?.addLine(lines, at, end, 1);
    const row = () => {
      const key = keyAt(lines, at, end);
      return new TableRow(key, new JsonText(lines.toString('utf8', at + key.length + 1, end)));
    };
    if (table === LIVE || table === REMOVED) return this.#read(row());
    if (table === META_LINE) this.#meta = row().value as CatalogMeta;
    else if (table === TOTALS) this.#toldTotals.addLine(lines, at, end, 1);
    else if (ENTRY_ROWS.has(table)) this.#ofEntry(table, row());
    else this.#keys.addLine(lines, at, end, -1);
    return undefined;
  }

  /** The rows of a table follow one another. */
  #tableOf(lines: Buffer, at: number): string {
    const begin = lines[at]! | (lines[at + 1]! << 8);
    if (begin !== this.#begin) {
      this.#begin = begin;
      this.#table = lines.toString('latin1', at, at + PREFIX_LENGTH);
    }
    return this.#table;
  }

  #read({ key, value }: TableRow): ComparedRecord {
    try {
      return this.#record(key, fromRow(value as RecordRow));
    } catch (e) {
      // A row of another shape.
      if (e instanceof TypeError) throw new TablesDamaged(`${key} is no record`, { cause: e });
      throw e;
    }
  }

  #record(key: string, r: ArtifactRecord): ComparedRecord {
    const place = placeKey(r.registered);
    const [own, ...others] = recordKeys(r, place);
    const facts = own === key ? this.#fold.digestOf(r) : undefined;
    if (facts === undefined) {
      throw new TablesDamaged(`artifact ${r.artifact_id} is not what the ledger says`);
    }
    this.#keys.add(idKey(r.artifact_id), JSON.stringify(place), 1);
    for (const other of others) this.#keys.add(other, keyText(other, r), 1);
    if (r.removed === undefined) {
      this.#counts.live += 1;
      this.#counts.pins += r.pins.length;
      this.#totals.note(r, 1);
    } else this.#counts.removed += 1;
    return { record: r, facts };
  }

  #ofEntry(table: string, { key, value }: TableRow): void {
    this.#ofEntries.rows += 1;
    if (table === UNREAD) this.#ofEntries.unread += 1;
    if (this.#fold.rows.get(key) !== value) this.#ofEntries.differ += 1;
  }

  /** Once every row was taken: why the tables are not those of the fold. */
  problem(): string | undefined {
    const { live, removed, pins } = this.#counts;
    const meta = this.#meta;
    if (meta === undefined || !this.#fold.isState(meta)) return 'it is not at the head of the ledger';
    if (live + removed !== this.#fold.size) return 'artifacts are missing';
    if (live !== meta.live || removed !== meta.removed || pins !== meta.pins) return 'its counts are wrong';
    if (!this.#keys.isEmpty) return 'its keys do not lead to its artifacts';
    if (!this.#totalsAgree()) return 'its totals are wrong';
    if (!this.#rowsOfEntriesAgree()) return 'the objects that the ledger names are others';
    for (const table of PROVEN_TABLES) {
      if (!this.#sums.get(table)!.equals(meta.sums[table])) return `the rows of ${table} do not add up`;
    }
    return undefined;
  }

  #totalsAgree(): boolean {
    const tables = new MemoryTables();
    this.#totals.writeTo(new SummedTables(tables));
    for (const { key, text } of tables.range(TOTALS)) this.#toldTotals.add(key, text, -1);
    return this.#toldTotals.isEmpty;
  }

  /** A payload may have been readable at one time and not at the other. */
  #rowsOfEntriesAgree(): boolean {
    const { rows, differ, unread } = this.#ofEntries;
    if (unread > 0 || this.#fold.isUnread) return true;
    return differ === 0 && rows === this.#fold.rows.size;
  }
}

/**
 * All live artifacts, while every row is compared with a fold of the ledger: TablesDamaged if any is missing, too many
 * or another.
 */
export async function* comparedLive(
  catalog: Catalog,
  fold: LedgerDigest,
): AsyncGenerator<readonly ComparedRecord[], void> {
  const comparison = new CatalogComparison(fold);
  for await (const lines of catalog.lines()) {
    const live: ComparedRecord[] = [];
    for (let at = 0; at < lines.length; ) {
      const end = lineEnd(lines, at);
      const compared = comparison.take(lines, at, end);
      if (compared !== undefined && compared.record.removed === undefined) live.push(compared);
      at = end + 1;
    }
    if (live.length > 0) yield live;
  }
  const problem = comparison.problem();
  if (problem !== undefined) throw new TablesDamaged(problem);
}
