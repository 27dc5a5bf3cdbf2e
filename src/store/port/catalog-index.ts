import type { Head } from '../../core/catalog/catalog.js';
import type { ReadTables, Tables } from '../../core/catalog/key-tables.js';

export interface IndexTables extends Tables {
  /** A copy that changes on its own. */
  fork(): IndexTables;
}

/**
 * Keeps a fold of the ledger on this machine, so that it need not be done again: derived, deletable, and believed
 * only as far as it proves itself. Not being able to keep it is no failure of a command.
 */
export interface CatalogIndex {
  /** Where it is, for people; undefined where there can be none. */
  readonly place: string | undefined;
  /** Whether it met damage and was thrown away. */
  readonly isDiscarded: boolean;
  /** What is folded so far, never to be changed; undefined where it cannot be kept: then the ledger is folded. */
  tables(): Promise<IndexTables | undefined>;
  /** Asked while much is folded: may let the tables go on elsewhere than in memory. */
  relieve(tables: IndexTables): Promise<void>;
  /** Takes what was folded on top of {@link tables}, and may write it down. Returns tables of the same rows. */
  advance(tables: IndexTables, entries: number, operations: number): Promise<IndexTables>;
  /** The rows, which stand at `head`, for callers that have nothing else to turn to when they meet damage. */
  view(tables: IndexTables, head: Head): ReadTables;
  /** Whether it was written down. */
  isKept(): Promise<boolean>;
  /** Throws it away: this process does without from now on, and the next one makes it anew. */
  discard(): Promise<void>;
  /** Removes it before it is read; where it cannot be removed, it is not read either. */
  forget(): Promise<void>;
  /** On a full disk, gives its room to who is about to free some. */
  makeRoom(): Promise<void>;
  /** What was handed out before is no longer valid. */
  close(): Promise<void>;
}
