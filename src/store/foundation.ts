import type { Clock, Random } from '../core/effects.js';
import { ENTRY_SCHEMA, encodeEntry, type LedgerEntry } from '../core/ledger/entry.js';
import { sha256 } from '../core/objects/hash.js';
import { type ObjectId, toTimestamp } from '../core/objects/ids.js';
import type { Actor } from '../core/policy/authorize.js';
import { DEFAULT_POLICY, encodePolicy } from '../core/policy/policy.js';
import { encodeFormat, type Feature, FORMAT_VERSION, type Format } from './port/format.js';

export interface FoundationOptions {
  readonly actor: Actor;
  readonly allowSetClock: boolean;
  readonly features: readonly Feature[];
  readonly setClock?: number | undefined;
}

/** The initial content of a store. */
export interface Foundation {
  readonly format: Format;
  readonly formatBytes: Uint8Array;
  /** Object id of the policy in force. */
  readonly policy: ObjectId;
  readonly policyBytes: Uint8Array;
  /** Entry 0 of the ledger. */
  readonly entry: LedgerEntry;
  readonly entryBytes: Uint8Array;
}

/** Builds the initial content of a new store in memory, independent of the backend. */
export function foundation(
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  { actor, allowSetClock, features, setClock }: FoundationOptions,
): Foundation {
  const format: Format = {
    format: 'hsstore',
    version: FORMAT_VERSION,
    store_id: random.uuid(),
    lock: 'ofd',
    features: [...features],
    allow_set_clock: allowSetClock,
  };
  const formatBytes = encodeFormat(format);
  const policyBytes = encodePolicy(DEFAULT_POLICY);
  const policy = sha256(policyBytes);
  const entry: LedgerEntry = {
    schema: ENTRY_SCHEMA,
    seq: 0,
    prev: sha256(formatBytes),
    event_id: random.uuid(),
    trace_id: random.uuid(),
    type: 'store_created',
    at: toTimestamp(clock.now()),
    ...(setClock === undefined ? {} : { set_clock: toTimestamp(setClock) }),
    actor: actor.type,
    actor_id: actor.id,
    payload: { store_id: format.store_id, policy },
    ops: [{ op: 'set_policy', policy }],
  };
  return { format, formatBytes, policy, policyBytes, entry, entryBytes: encodeEntry(entry) };
}
