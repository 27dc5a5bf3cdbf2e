import * as z from 'zod/mini';
import { artifactId, natural, objectId, text, timestamp, uuid } from '../json/schema.js';
import { pinName } from '../ledger/operation.js';
import { CLASSIFICATIONS, KINDS, LAYERS, PAYLOAD_TYPES, RETENTION_CLASSES } from '../manifest/vocabulary.js';
import { KEEP_RULES, PRUNE_RULES } from './prune-plan.js';

/** The fields of a plan's header without its schema name; reports have them too. */
export const planHeaderFields = {
  store_id: uuid,
  head_seq: natural,
  head_hash: objectId,
  policy_hash: objectId,
  clock: timestamp,
  scanned: natural,
  pruned: natural,
  spared: natural,
  failed: natural,
  pruned_bytes: natural,
  freed_bytes: natural,
  stored_bytes: natural,
  quota_bytes: z.optional(natural),
  quota_unmet_bytes: z.optional(natural),
};

/** In the form of `conditionText`. */
export const planFilters = z.array(text(4096)).check(z.minLength(1));

const ruleTotal = z.strictObject({ artifacts: natural, size_bytes: natural });

/** The fields about artifacts that are not listed. */
export const keptFields = {
  rules: z.partialRecord(z.enum([...PRUNE_RULES, ...KEEP_RULES]), ruleTotal),
  kept_hash: objectId,
  filters: z.optional(planFilters),
};

const about = {
  artifact_id: artifactId,
  until: z.optional(timestamp),
  pins: z.optional(z.array(pinName)),
  size_bytes: natural,
  freed_bytes: natural,
  revision: z.int().check(z.minimum(1)),
  content_hash: objectId,
  payload_type: z.enum(PAYLOAD_TYPES),
  kind: z.enum(KINDS),
  retention_class: z.enum(RETENTION_CLASSES),
  layer: z.enum(LAYERS),
  classification: z.enum(CLASSIFICATIONS),
  created_at: timestamp,
  registered_at: timestamp,
  name: z.optional(text(1024)),
  filename_hint: z.optional(z.string()),
};

/** The fields of kept and of pruned items. */
export const planItemSchema = {
  keep: { verdict: z.literal('keep'), rule: z.enum(KEEP_RULES), ...about },
  prune: { verdict: z.literal('prune'), rule: z.enum(PRUNE_RULES), ...about },
};

/** Fields about undoing that only a fresh plan has, in its header and in pruned items. */
export const undoFields = {
  header: { freed_at_once_bytes: z.optional(natural), irreversible: z.optional(natural) },
  item: { freed_at_once_bytes: z.optional(natural), irreversible: z.optional(z.literal(true)) },
};
