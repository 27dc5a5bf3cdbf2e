import * as z from 'zod/mini';
import { artifactId, natural, objectId, timestamp, token, uuid } from '../../core/json/schema.js';
import { ENTRY_SCHEMA } from '../../core/ledger/entry.js';
import { PAYLOADS } from '../../core/ledger/entry-types.js';
import { ledgerOps } from '../../core/ledger/operation.js';
import { ACTOR_TYPES } from '../../core/manifest/vocabulary.js';
import { CAPABILITIES } from '../../core/policy/capabilities.js';

const entryType = z.enum(Object.keys(PAYLOADS));
const head = z.strictObject({ seq: natural, hash: objectId });

/** An entry as `hs ledger cat` prints it; the payload depends on the type (hs-ledger(7)). */
export const ledgerCatRow = z.strictObject({
  schema: z.literal(ENTRY_SCHEMA),
  seq: natural,
  prev: objectId,
  event_id: uuid,
  trace_id: uuid,
  type: entryType,
  at: timestamp,
  set_clock: z.optional(timestamp),
  actor: z.enum(ACTOR_TYPES),
  actor_id: z.string(),
  job_id: z.optional(token),
  capability_id: z.optional(z.enum(Object.keys(CAPABILITIES))),
  decision: z.optional(z.enum(['allow', 'deny'])),
  payload: z.optional(z.record(z.string(), z.unknown())),
  payload_object: z.optional(objectId),
  ops: z.optional(ledgerOps),
  ops_object: z.optional(objectId),
});

export const ledgerHead = z.strictObject({
  seq: natural,
  hash: objectId,
  type: entryType,
  at: timestamp,
  event_id: uuid,
});

export const ledgerVerify = z.strictObject({
  ok: z.boolean(),
  entries: natural,
  head: z.optional(head),
  anchor: z.enum(['none', 'matches', 'differs', 'lost']),
  /** The checkpoint given by `--checkpoint`. */
  checkpoint: z.optional(z.strictObject({ entries: natural, head: objectId, time: timestamp })),
  results: z.array(
    z.strictObject({
      kind: z.string(),
      seq: z.optional(natural),
      path: z.optional(z.string()),
      message: z.string(),
      object: z.optional(objectId),
    }),
  ),
});

export const ledgerAppendNote = z.strictObject({ seq: natural, event_id: uuid });

export const ledgerAcceptRollback = z.strictObject({
  accepted: z.boolean(),
  seen: z.optional(head),
  head,
});

export const logRow = z.strictObject({
  seq: natural,
  at: timestamp,
  set_clock: z.optional(timestamp),
  type: entryType,
  actor: z.string(),
  job_id: z.optional(token),
  capability_id: z.optional(z.string()),
  decision: z.optional(z.enum(['allow', 'deny'])),
  event_id: uuid,
  operations: natural,
  subjects: z.array(
    z.strictObject({
      op: z.enum(['add', 'revise', 'pin', 'unpin', 'remove', 'restore', 'export']),
      artifact_id: artifactId,
      name: z.optional(z.string()),
      pin: z.optional(z.string()),
    }),
  ),
  payload: z.record(z.string(), z.unknown()),
});
