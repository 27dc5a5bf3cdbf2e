import * as z from 'zod/mini';
import { artifactId, natural, objectId, text, timestamp, token } from '../json/schema.js';
import { entityRefSchema, labelsSchema, ttlDays } from '../manifest/manifest.js';
import { CLASSIFICATIONS, KINDS, LAYERS, PAYLOAD_TYPES, RETENTION_CLASSES } from '../manifest/vocabulary.js';

/** Pin names are typed by users after `--name`. */
export const PIN_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._@+/-]{0,127}$/;
export const pinName = z.string().check(z.regex(PIN_NAME_PATTERN, 'not a pin name'));

/** The facts of a revision that listing and planning need, so that the fold never opens a manifest. */
const facts = {
  artifact_id: artifactId,
  revision: z.int().check(z.minimum(1)),
  manifest: objectId,
  manifest_size_bytes: natural,
  content_hash: objectId,
  payload_type: z.enum(PAYLOAD_TYPES),
  kind: z.enum(KINDS),
  retention_class: z.enum(RETENTION_CLASSES),
  layer: z.enum(LAYERS),
  classification: z.enum(CLASSIFICATIONS),
  exportable: z.boolean(),
  retention_ttl_days: z.optional(ttlDays),
  size_bytes: natural,
  created_at: timestamp,
  name: z.optional(text(1024)),
  filename_hint: z.optional(z.string()),
  /** Artifact ids of the manifest's source_artifact_refs. */
  sources: z.optional(z.array(artifactId)),
  /** Only in stores with the feature `facts-2`: the manifest's created_by_job_id, labels and source_entity_refs. */
  job_id: z.optional(token),
  labels: z.optional(labelsSchema),
  entities: z.optional(z.array(entityRefSchema)),
};

const opSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('add'), ...facts }),
  z.strictObject({ op: z.literal('revise'), ...facts }),
  z.strictObject({
    op: z.literal('pin'),
    artifact_id: artifactId,
    name: pinName,
    reason: z.optional(text(1024)),
    until: z.optional(timestamp),
  }),
  z.strictObject({ op: z.literal('unpin'), artifact_id: artifactId, name: pinName }),
  /** `purge`: its objects go to a trash batch with a window of zero (D7). */
  z.strictObject({ op: z.literal('remove'), artifact_id: artifactId, purge: z.optional(z.literal(true)) }),
  z.strictObject({ op: z.literal('restore'), artifact_id: artifactId }),
  z.strictObject({ op: z.literal('set_policy'), policy: objectId }),
]);

/** A state change of the store; an entry without any is only a record. */
export type LedgerOp = z.output<typeof opSchema>;
export type ArtifactFacts = Omit<Extract<LedgerOp, { op: 'add' }>, 'op'>;

/** Without what only stores with the feature `facts-2` record. */
export function withoutFacts2<T extends Partial<ArtifactFacts>>(
  facts: T,
): Omit<T, 'job_id' | 'labels' | 'entities'> {
  const { job_id: _, labels: _labels, entities: _entities, ...rest } = facts;
  return rest;
}

export const ledgerOps = z.array(opSchema);
export const ledgerOp = opSchema;
