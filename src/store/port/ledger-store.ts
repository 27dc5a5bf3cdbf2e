import type { LedgerEntry } from '../../core/ledger/entry.js';

/** A name among the entries that is not an entry, and the reason. */
export interface StrayName {
  /** For display, relative to the store. */
  readonly path: string;
  readonly why: string;
}

export interface LedgerListing {
  /** Numbers in use, ascending. */
  readonly numbers: readonly number[];
  readonly strays: readonly StrayName[];
}

/** Why an entry that exists has no bytes: it exceeds the size limit, or is not a file. */
export type UnreadableEntry = 'too large' | 'not a file';

/**
 * Storage for ledger entries: numbered, written once, never changed or removed. Neither content nor chain is checked
 * here; see `Ledger`.
 */
export interface LedgerStore {
  /**
   * The highest number in use. LEDGER_BROKEN when an earlier one is found missing, or there are none. Where a look is
   * expensive, entries of others since the last one are not seen before `refresh` or a lost race; what is built on an
   * old head loses a race and no more.
   */
  headSeq(): Promise<number>;
  /** Makes the next `headSeq` look again. An entry with the number `seen` is known to have been there. */
  refresh(seen?: number): void;
  /**
   * The same, but where a look is expensive it goes on beside other work, and until `confirm` the head is the newest
   * entry known by now. False: there is nothing to assume, or no need to.
   */
  assumeHead(): Promise<boolean>;
  /** Waits for that look, if there is one. */
  confirm(): Promise<void>;
  /** The exact bytes of an entry; undefined: the number is free. */
  read(seq: number): Promise<Uint8Array | UnreadableEntry | undefined>;
  /**
   * Stores an entry at its number if that is free, in one atomic step that exactly one writer wins. Appended: it and
   * all before it are durable; taken: nothing changed. OUTCOME_UNKNOWN when the entry is visible and may not be
   * durable. `lease` is the token of the writer's lease, which owns any leftovers of a crash.
   */
  append(
    entry: Pick<LedgerEntry, 'seq' | 'event_id'>,
    bytes: Uint8Array,
    lease: string,
  ): Promise<'appended' | 'taken'>;
  /** Makes entry `seq` and all before it durable; its writer may have died before doing so. `seq` must exist. */
  settle(seq: number): Promise<void>;
  /** Every name. Costs time proportional to the number of entries. */
  list(): Promise<LedgerListing>;
  /** The name of an entry, for display. */
  nameOf(seq: number): string;
}
