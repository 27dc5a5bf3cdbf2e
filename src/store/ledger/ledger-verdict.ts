import type { Head } from '../../core/catalog/catalog.js';
import type { ObjectId } from '../../core/objects/ids.js';

/**
 * missing: entry removed; edited: bytes differ from those chained; misplaced: stored under another entry's number;
 * duplicate: an entry or event that occurs twice; invalid: not a ledger entry; unlinked: one of two neighbours was
 * edited and it is unknown which; object: an object that the entry names is missing or damaged; contradiction:
 * inconsistent with the entries before; stray: a name that is not an entry; rolled_back: entries seen before are
 * missing.
 */
export type LedgerProblemKind =
  | 'missing'
  | 'edited'
  | 'misplaced'
  | 'duplicate'
  | 'invalid'
  | 'unlinked'
  | 'object'
  | 'contradiction'
  | 'stray'
  | 'rolled_back';

export interface LedgerProblem {
  readonly kind: LedgerProblemKind;
  readonly seq?: number;
  /** Relative to the store. */
  readonly path?: string;
  readonly message: string;
  /** The object of an `object` problem. */
  readonly object?: ObjectId;
}

export interface LedgerVerdict {
  /** Number of entries read. */
  readonly entries: number;
  readonly head: Head | undefined;
  /** Result of the comparison with the anchor. */
  readonly anchor: 'none' | 'matches' | 'differs' | 'lost';
  readonly problems: readonly LedgerProblem[];
}
