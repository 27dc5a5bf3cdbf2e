import type { Tables, TablesDamaged } from '../../core/catalog/key-tables.js';

export interface IndexTables extends Tables {
  /** A copy that can be changed independently. */
  fork(): IndexTables;
}

/**
 * Caches a fold of the ledger on this machine. Derived, deletable, and trusted only as far as it can be verified.
 * Failing to keep it never fails a command.
 */
export interface CatalogIndex {
  /** Location for display; undefined: nowhere to keep one. */
  readonly place: string | undefined;
  /** Why it was discarded, if it was damaged. */
  readonly damage: TablesDamaged | undefined;
  /** The state folded so far, immutable; undefined where none can be kept, and the ledger is then folded. */
  tables(): Promise<IndexTables | undefined>;
  /** Called during a long fold; may move the tables out of memory. */
  relieve(tables: IndexTables): Promise<void>;
  /** Accepts what was folded on top of {@link tables} and may save it. Returns tables with the same rows. */
  advance(tables: IndexTables, entries: number, operations: number): Promise<IndexTables>;
  /** Whether it is not used because the disk is nearly full. */
  isShort(): Promise<boolean>;
  /** Whether it was saved. */
  isKept(): Promise<boolean>;
  /** Discards it, because of that damage if any: this process works without, and the next one rebuilds it. */
  discard(damage?: TablesDamaged): Promise<void>;
  /** Deletes it, to be built anew; if it cannot be deleted, it is not read either. */
  forget(): Promise<void>;
  /** Frees disk space on a full disk for an operation that will free more. */
  makeRoom(): Promise<void>;
}
