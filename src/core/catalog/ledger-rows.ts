import { canonicalLines } from '../json/canonical-lines.js';
import { type LedgerEntry, objectsOfEntry } from '../ledger/entry.js';
import type { EntryPayload, EntryType } from '../ledger/entry-types.js';
import type { LedgerOp } from '../ledger/operation.js';
import { createSha256 } from '../objects/hash.js';
import type { ObjectId } from '../objects/ids.js';
import { APPLIED, PURGED, ROOTS, UNREAD } from './catalog-keys.js';
import type { KeyValue } from './key-tables.js';

const TOLD_BY_PAYLOAD: ReadonlySet<EntryType> = new Set<EntryType>([
  'export_record',
  'objects_purged',
  'meta.gc_summary',
]);

/** Whether folding the entry requires its payload, which is in an object. */
export function needsPayload({ type, payload_object }: LedgerEntry): boolean {
  return payload_object !== undefined && TOLD_BY_PAYLOAD.has(type);
}

/** So many operations say in a history what an entry did. */
export const FIRST_OPS = 21;

/**
 * What proves the beginning of a list of operations without the rest of it: how many there are, and the hash of the
 * lines of the first {@link FIRST_OPS}.
 */
export class ListBeginning {
  readonly #first = createSha256();
  #count = 0;

  /** The next operation. */
  add(op: LedgerOp): void {
    if (this.#count++ < FIRST_OPS) this.#first.update(canonicalLines([op]));
  }

  /** As the value of a row; call it once. */
  encode(): string {
    return `${this.#count} ${this.#first.digest()}`;
  }
}

export interface DecodedBeginning {
  readonly count: number;
  /** Of the lines of the first {@link FIRST_OPS}. */
  readonly hash: ObjectId;
}

/** Reads what `encode` made. */
export function decodeListBeginning(text: string): DecodedBeginning {
  const [count, hash] = text.split(' ');
  return { count: Number(count), hash: hash as ObjectId };
}

/**
 * Rows for the facts of an entry besides its operations. `payload` is that of the entry, inline or from an object;
 * undefined if it could not be read. `list` is the beginning of the operations, if they are in an object.
 */
export function* rowsOfEntry(
  entry: LedgerEntry,
  payload: EntryPayload | undefined,
  list?: ListBeginning,
): Generator<KeyValue> {
  const beginning = list === undefined ? 1 : list.encode();
  for (const id of objectsOfEntry(entry)) {
    yield { key: ROOTS + id, value: id === entry.ops_object ? beginning : 1 };
  }
  if (!TOLD_BY_PAYLOAD.has(entry.type)) return;
  if (payload === undefined) yield { key: UNREAD + entry.seq, value: 1 };
  else if (entry.type === 'meta.gc_summary') {
    yield { key: APPLIED + (payload as EntryPayload<'meta.gc_summary'>).plan_hash, value: entry.seq };
  } else if ('batches' in payload) {
    for (const batch of payload.batches) yield { key: PURGED + batch, value: 1 };
  } else if ('materialized_paths_object' in payload && payload.materialized_paths_object !== undefined) {
    yield { key: ROOTS + payload.materialized_paths_object, value: 1 };
  }
}
