import * as z from 'zod/mini';
import { HsError } from '../../errors/hs-error.js';
import { canonicalBytes, parseCanonical } from '../json/canonical.js';
import { check, natural, objectId, timestamp, token, uuid } from '../json/schema.js';
import { ACTOR_TYPES } from '../manifest/vocabulary.js';
import type { ObjectId } from '../objects/ids.js';
import { CAPABILITIES, type CapabilityId } from '../policy/capabilities.js';
import { type EntryPayload, type EntryType, isEntryType, PAYLOADS } from './entry-types.js';
import { type LedgerOp, ledgerOps } from './operation.js';
import { MOST_PACKS, PACK_PLACE } from './pack-places.js';
import { readPlainEntry } from './plain-entry.js';

export const ENTRY_SCHEMA = 'hs.ledger-entry/1';
/** A 12 MB entry won none of 555 races against two small writers; larger content goes into an object. */
export const MAX_ENTRY_BYTES = 64 * 1024;

export const entrySchema = z.strictObject({
  schema: z.literal(ENTRY_SCHEMA),
  seq: natural,
  prev: objectId,
  event_id: uuid,
  trace_id: uuid,
  type: z.string(),
  at: timestamp,
  set_clock: z.optional(timestamp),
  actor: z.enum(ACTOR_TYPES),
  actor_id: z.string().check(z.minLength(1), z.maxLength(128)),
  job_id: z.optional(token),
  capability_id: z.optional(z.enum(Object.keys(CAPABILITIES) as [CapabilityId, ...CapabilityId[]])),
  decision: z.optional(z.enum(['allow', 'deny'])),
  payload: z.optional(z.unknown()),
  payload_object: z.optional(objectId),
  ops: z.optional(ledgerOps),
  ops_object: z.optional(objectId),
  /** Where objects that the entry names are, in a store whose packs cannot be searched: `NAME/EPOCH`. */
  packs: z.optional(
    z.array(z.string().check(z.regex(new RegExp(`^${PACK_PLACE}$`)))).check(z.maxLength(MOST_PACKS)),
  ),
});

/** One record of the ledger. Exactly one of payload and payload_object; at most one of ops and ops_object. */
export type LedgerEntry = Omit<z.output<typeof entrySchema>, 'type' | 'payload'> & {
  readonly type: EntryType;
  readonly payload?: EntryPayload;
};

/** What a command asks to append; the ledger adds position, chain, ids and time. */
export type EntryDraft = {
  [T in EntryType]: {
    readonly type: T;
    readonly payload: EntryPayload<T>;
    readonly ops?: readonly LedgerOp[];
    readonly capability?: CapabilityId;
    readonly decision?: 'allow' | 'deny';
  };
}[EntryType];

export function checkPayload<T extends EntryType>(type: T, payload: unknown): EntryPayload<T> {
  return check(PAYLOADS[type], payload, 'INVALID_RECORD', `payload of '${type}'`) as EntryPayload<T>;
}

export function toLedgerEntry(value: unknown): LedgerEntry {
  const entry = check(entrySchema, value, 'INVALID_RECORD', 'ledger entry');
  const { type, payload, ...rest } = entry;
  if (!isEntryType(type)) throw new HsError('INVALID_RECORD', `unknown ledger entry type '${type}'`);
  if ((payload === undefined) === (rest.payload_object === undefined)) {
    throw new HsError('INVALID_RECORD', 'a ledger entry has a payload or a payload object');
  }
  if (rest.ops !== undefined && rest.ops_object !== undefined) {
    throw new HsError('INVALID_RECORD', 'a ledger entry has ops or an ops object');
  }
  return { type, ...rest, ...(payload === undefined ? {} : { payload: checkPayload(type, payload) }) };
}

export function encodeEntry(entry: LedgerEntry): Buffer {
  return canonicalBytes(entry);
}

export function decodeEntry(bytes: Uint8Array): LedgerEntry {
  const isShort = bytes.byteLength <= MAX_ENTRY_BYTES;
  return (isShort && readPlainEntry(bytes)) || toLedgerEntry(parseCanonical(bytes, MAX_ENTRY_BYTES));
}

/** Objects that an entry itself names; they are roots of every mark. */
export function objectsOfEntry(entry: LedgerEntry): ObjectId[] {
  return [entry.payload_object, entry.ops_object].filter((o) => o !== undefined);
}
