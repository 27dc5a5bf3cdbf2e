import type { LedgerEntry } from '../../core/ledger/entry.js';

/** A name where entries are kept that is no entry: what it is called, and why it does not belong. */
export interface StrayName {
  /** As a person would look for it, relative to the store. */
  readonly path: string;
  readonly why: string;
}

export interface LedgerListing {
  /** Numbers that are taken, ascending. */
  readonly numbers: readonly number[];
  readonly strays: readonly StrayName[];
}

/** Why an entry that is there has no bytes: it is longer than an entry can be, or something else has its name. */
export type UnreadableEntry = 'too large' | 'not a file';

/**
 * Where the entries of a ledger are kept: numbered, written once, never changed or removed. What an entry
 * says, and that it follows the one before, is not looked at here (`Ledger`).
 */
export interface LedgerStore {
  /** The highest number that is taken. LEDGER_BROKEN when one before it is seen to be missing, or there is none. */
  headSeq(): Promise<number>;
  /** The exact bytes of an entry; undefined: the number is free. */
  read(seq: number): Promise<Uint8Array | UnreadableEntry | undefined>;
  /**
   * Puts an entry at its number if that is free, in one step that exactly one of many writers wins. Appended,
   * it is durable, and so are all before it; taken, nothing was changed. OUTCOME_UNKNOWN when it can be seen and
   * is not known to be durable. `lease` is the token of the one that it is written under: what a death in
   * between leaves goes with that.
   */
  append(
    entry: Pick<LedgerEntry, 'seq' | 'event_id'>,
    bytes: Uint8Array,
    lease: string,
  ): Promise<'appended' | 'taken'>;
  /** Makes entry `seq`, which was seen, and all before it durable: its writer may have died before it was. */
  settle(seq: number): Promise<void>;
  /** Every name there is. Costs as much as there are entries. */
  list(): Promise<LedgerListing>;
  /** What an entry is called, for people. */
  nameOf(seq: number): string;
}
