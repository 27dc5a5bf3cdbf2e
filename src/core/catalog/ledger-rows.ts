import { type LedgerEntry, objectsOfEntry } from '../ledger/entry.js';
import type { EntryPayload, EntryType } from '../ledger/payload.js';
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

/**
 * Rows for the facts of an entry besides its operations. `payload` is that of the entry, inline or from an object;
 * undefined if it could not be read.
 */
export function* rowsOfEntry(entry: LedgerEntry, payload: EntryPayload | undefined): Generator<KeyValue> {
  for (const id of objectsOfEntry(entry)) yield { key: ROOTS + id, value: 1 };
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
