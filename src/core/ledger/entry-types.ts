import * as z from 'zod/mini';
import { projectionRef, targetFields } from '../guard/target-kinds.js';
import { artifactId, natural, objectId, text, timestamp, token, uuid } from '../json/schema.js';
import { entityRefSchema, handleSchema } from '../manifest/manifest.js';
import { CLASSIFICATIONS, DETERMINISM_LEVELS, HASH_BASES, LAYERS } from '../manifest/vocabulary.js';
import { itemCountFields } from '../retention/item-counts.js';
import { RECORDED_FORMATS } from './export-formats.js';

const sensitivity = z.strictObject({ classification: z.enum(CLASSIFICATIONS), exportable: z.boolean() });
const totals = { artifacts: natural, size_bytes: natural };

/** An export record (B7). `materialized_paths` is in the entry, or in an object when it does not fit there. */
const exportRecord = z.strictObject({
  export_id: uuid,
  created_at: timestamp,
  actor: text(256),
  job_id: z.optional(token),
  source_entity_refs: z.array(entityRefSchema),
  source_hashes: z.array(objectId),
  display_projection_ref: z.optional(projectionRef),
  export_format: z.enum(RECORDED_FORMATS),
  exporter: z.strictObject({ engine_id: token, engine_version: token, config_hash: objectId }),
  determinism_level: z.enum(DETERMINISM_LEVELS),
  /** What the content hash of the source is the hash of. */
  hash_basis: z.enum(HASH_BASES),
  export_target: z.string().check(z.maxLength(4096)),
  ...targetFields,
  policy_id: objectId,
  redactions_applied: z.literal(false),
  output_artifact_handles: z.array(handleSchema),
  materialized_paths: z.optional(z.array(z.string())),
  materialized_paths_object: z.optional(objectId),
  /**
   * done: published; refused: by capability, guard or budget; failed: nothing was published; interrupted: found by a
   * later command.
   */
  outcome: z.enum(['done', 'refused', 'failed', 'interrupted']),
  warnings: z.array(text(2000)),
  errors: z.array(text(2000)),
});

/**
 * The closed registry of entry types, each with the schema of its payload. A new type requires a new feature in
 * format.json.
 */
export const PAYLOADS = {
  store_created: z.strictObject({ store_id: uuid, policy: objectId }),
  artifact_created: z.strictObject(totals),
  artifact_revised: z.strictObject({ ...totals, fields: z.array(token), reason: z.optional(text(1024)) }),
  artifact_reclassified: z.strictObject({
    artifact_id: artifactId,
    from: sensitivity,
    to: sensitivity,
    reason: text(1024),
  }),
  artifact_promoted: z.strictObject({
    artifact_id: artifactId,
    from: z.enum(LAYERS),
    to: z.enum(LAYERS),
    attestation: z.optional(z.strictObject({ by: text(256), reason: text(1024), content_hash: objectId })),
  }),
  pin_changed: z.strictObject({ pinned: natural, unpinned: natural }),
  policy_changed: z.strictObject({ from: objectId, to: objectId }),
  export_decided: z.strictObject({
    export_id: uuid,
    artifact_ids: z.array(artifactId),
    export_format: token,
    export_target: z.string().check(z.maxLength(4096)),
    ...targetFields,
    display_projection_ref: z.optional(projectionRef),
    policy_id: objectId,
    consents: z.array(objectId),
    reasons: z.array(text(2000)),
  }),
  export_record: exportRecord,
  bundle_imported: z.strictObject({
    ...totals,
    bundle_id: z.optional(artifactId),
    content_hash: objectId,
    already_present: natural,
    /** The store that they were copied from. */
    from_store: z.optional(uuid),
  }),
  /** A request under a capability that changes no state, or only purges; a refusal has `decision: deny`. */
  capability_action: z.strictObject({
    action: text(128),
    subjects: z.array(text(128)),
    reason: z.optional(text(2000)),
  }),
  'meta.gc_summary': z.strictObject({
    command: z.enum(['gc', 'rm']),
    report: artifactId,
    plan_hash: objectId,
    policy_hash: objectId,
    clock: timestamp,
    scanned: natural,
    pruned: natural,
    spared: natural,
    failed: natural,
    pruned_bytes: natural,
    freed_bytes: natural,
    quota_unmet_bytes: z.optional(natural),
    ...itemCountFields,
  }),
  /** Keys of a store on a service that are removed after this entry, and never used again. */
  objects_condemned: z.strictObject({ keys: z.array(text(256)) }),
  objects_purged: z.strictObject({
    batches: z.array(token),
    objects: natural,
    size_bytes: natural,
    brought_back: natural,
  }),
  artifacts_restored: z.strictObject({ ...totals, run: z.optional(artifactId) }),
  tool_run: z.strictObject({
    run_id: uuid,
    program: text(4096),
    arguments_hash: objectId,
    exit_status: natural,
    started_at: timestamp,
    ended_at: timestamp,
    /** Hashes of the declared inputs. */
    input_hashes: z.optional(z.array(objectId)),
    artifacts: natural,
    sandbox: z.strictObject({ backend: token, level: token, gaps: z.array(text(500)) }),
    stray_writes: natural,
    /** The first of them, relative to the workspace. */
    stray_paths: z.array(z.string()),
    /** What was not registered, and why. */
    errors: z.optional(z.array(text(2000))),
  }),
  integrity_finding: z.strictObject({
    findings: natural,
    subjects: z.array(text(256)),
    repaired: natural,
    summary: text(2000),
  }),
  rollback_accepted: z.strictObject({
    /** The anchor's position; both absent when it could not be read. */
    anchor_seq: z.optional(natural),
    anchor_hash: z.optional(objectId),
    head_seq: natural,
    reason: z.optional(text(1024)),
  }),
  note: z.strictObject({ text: text(4096) }),
} as const;

export type EntryType = keyof typeof PAYLOADS;
export type EntryPayload<T extends EntryType = EntryType> = z.output<(typeof PAYLOADS)[T]>;
export type ExportRecord = EntryPayload<'export_record'>;

export function isEntryType(type: string): type is EntryType {
  return Object.hasOwn(PAYLOADS, type);
}
