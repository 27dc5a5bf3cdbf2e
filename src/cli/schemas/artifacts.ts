import * as z from 'zod/mini';
import { GUARD_RULES } from '../../core/guard/guard.js';
import { artifactId, natural, objectId, timestamp, uuid } from '../../core/json/schema.js';
import { ledgerOp } from '../../core/ledger/operation.js';
import { CLAIM_FIELDS } from '../../core/manifest/claims.js';
import { entityRefSchema, labelsSchema, manifestSchema } from '../../core/manifest/manifest.js';
import {
  CLASSIFICATIONS,
  KINDS,
  LAYERS,
  PAYLOAD_TYPES,
  RETENTION_CLASSES,
} from '../../core/manifest/vocabulary.js';
import { planItemSchema, undoFields } from '../../core/retention/plan-schema.js';

export const init = z.strictObject({ store_id: uuid, path: z.string() });

export const leftOut = z.strictObject({
  path: z.string(),
  why: z.enum(['link', 'empty directory', 'store', 'excluded']),
});
const unportable = z.strictObject({ kind: z.string(), path: z.string(), other: z.optional(z.string()) });

export const put = z.strictObject({
  results: z.array(
    z.strictObject({
      artifact_id: artifactId,
      content_hash: objectId,
      payload_type: z.enum(PAYLOAD_TYPES),
      size_bytes: natural,
      files: natural,
      filename_hint: z.optional(z.string()),
      /** Of its line in a batch. */
      ref: z.optional(z.string()),
      /** It was there, and nothing was registered. */
      unchanged: z.optional(z.literal(true)),
      left_out: z.array(leftOut),
      unportable: z.array(unportable),
    }),
  ),
});

export const lsRow = z.strictObject({
  artifact_id: artifactId,
  name: z.optional(z.string()),
  filename_hint: z.optional(z.string()),
  kind: z.enum(KINDS),
  retention_class: z.enum(RETENTION_CLASSES),
  layer: z.enum(LAYERS),
  classification: z.enum(CLASSIFICATIONS),
  exportable: z.boolean(),
  payload_type: z.enum(PAYLOAD_TYPES),
  size_bytes: natural,
  content_hash: objectId,
  created_at: timestamp,
  retention_ttl_days: z.optional(natural),
  ttl_ends_at: z.optional(timestamp),
  pins: z.array(z.string()),
  revision: natural,
  manifest: objectId,
  registered: z.strictObject({ seq: natural, at: timestamp, actor: z.string() }),
  job_id: z.optional(z.string()),
  labels: z.optional(labelsSchema),
  /** Ids of the artifacts that it was made from. */
  sources: z.optional(z.array(artifactId)),
  entities: z.optional(z.array(entityRefSchema)),
});

const relative = {
  artifact_id: artifactId,
  name: z.optional(z.string()),
  filename_hint: z.optional(z.string()),
  kind: z.optional(z.enum(KINDS)),
  state: z.enum(['live', 'removed', 'unknown']),
  removed_at: z.optional(timestamp),
};

/** `of`: the artifact that it is a source of, or was derived from. `repeated`: it was listed before. */
export const lineageRow = z.strictObject({
  ...relative,
  relation: z.enum(['self', 'source', 'derived']),
  depth: natural,
  of: z.optional(artifactId),
  repeated: z.optional(z.literal(true)),
});

/** `text` is the line in the requested FORMAT. */
export const forEachRow = z.strictObject({
  artifact_id: artifactId,
  kind: z.enum(KINDS),
  size_bytes: natural,
  content_hash: objectId,
  text: z.string(),
});

const pin = z.strictObject({
  name: z.string(),
  reason: z.optional(z.string()),
  until: z.optional(timestamp),
  actor: z.string(),
  at: timestamp,
});
const removed = z.strictObject({ seq: natural, at: timestamp, purge: z.boolean() });
const facts = ledgerOp.def.options[0]!.shape;

/** `record` holds the facts in the ledger, `retention` what a collection would do now. */
export const show = z.strictObject({
  artifact_id: artifactId,
  manifest: z.nullable(manifestSchema),
  damage: z.optional(z.string()),
  /** Fields of the manifest that hs did not observe itself; absent if there are none. */
  claims: z.optional(z.array(z.enum(CLAIM_FIELDS))),
  pins: z.array(pin),
  registered: z.strictObject({
    seq: natural,
    at: timestamp,
    actor: z.string(),
    job_id: z.optional(z.string()),
  }),
  /** The first artifacts that it was made from, and the first that were made from it; absent if there are none. */
  made_from: z.optional(z.array(z.strictObject(relative))),
  made_into: z.optional(z.array(z.strictObject(relative))),
  removed: z.optional(removed),
  restorable: z.optional(z.boolean()),
  retention: z.optional(
    z.union([
      z.strictObject(planItemSchema.keep),
      z.strictObject({ ...planItemSchema.prune, ...undoFields.item }),
    ]),
  ),
  /** Other artifacts that block its export; absent if there are none. */
  held_back_by: z.optional(
    z.array(
      z.strictObject({
        artifact_id: z.optional(artifactId),
        name: z.string(),
        content_hash: objectId,
        rules: z.array(z.enum(GUARD_RULES)),
        where: z.array(z.string()),
        path: z.optional(z.string()),
        removed: z.boolean(),
      }),
    ),
  ),
  record: z.strictObject({
    ...withoutOp(facts),
    registered: z.strictObject({ seq: natural, index: natural, at: timestamp, actor: z.string() }),
    manifests: z.array(z.strictObject({ manifest: objectId, size_bytes: natural })),
    pins: z.array(pin),
    removed: z.optional(removed),
  }),
});

function withoutOp<T extends { op: unknown }>({ op: _, ...rest }: T): Omit<T, 'op'> {
  return rest;
}
