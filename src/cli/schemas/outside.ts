import * as z from 'zod/mini';
import { DEBUG_MODES } from '../../core/debug/document-formats.js';
import { HASH_FORMS } from '../../core/handshake/directory-hash.js';
import { FAULT_KINDS } from '../../core/handshake/fault.js';
import { artifactId, natural, objectId, uuid } from '../../core/json/schema.js';
import { RECORDED_FORMATS } from '../../core/ledger/export-formats.js';
import { CLASSIFICATIONS, KINDS, LAYERS, PAYLOAD_TYPES } from '../../core/manifest/vocabulary.js';
import { CAPABILITIES } from '../../core/policy/capabilities.js';

const exported = {
  artifact_id: artifactId,
  format: z.enum(RECORDED_FORMATS),
  /** Absolute. */
  target: z.string(),
  export_id: z.optional(uuid),
  content_hash: z.optional(objectId),
  files: z.optional(natural),
  size_bytes: natural,
  replaced: z.optional(z.boolean()),
  warnings: z.optional(z.array(z.string())),
  /** In a dry run, one row for each file. */
  path: z.optional(z.string()),
};

export const exportRow = z.strictObject(exported);
export const materialize = z.strictObject(exported);

export const reclassify = z.strictObject({
  artifact_id: artifactId,
  revision: natural,
  classification: z.enum(CLASSIFICATIONS),
  exportable: z.boolean(),
  retention_ttl_days: z.optional(natural),
  changed: z.boolean(),
});

export const promote = z.strictObject({
  artifact_id: artifactId,
  revision: natural,
  from: z.enum(LAYERS),
  to: z.enum(LAYERS),
  content_hash: objectId,
});

export const policyShow = z.strictObject({
  policy_id: objectId,
  policy: z.record(z.string(), z.unknown()),
});

const verdict = z.strictObject({ verdict: z.enum(['keep', 'prune']), rule: z.string() });

export const policyDiff = z.strictObject({
  from: objectId,
  to: objectId,
  settings: z.array(
    z.strictObject({ setting: z.string(), from: z.optional(z.unknown()), to: z.optional(z.unknown()) }),
  ),
  grants: z.array(
    z.strictObject({
      actor: z.string(),
      capability: z.enum(Object.keys(CAPABILITIES)),
      change: z.enum(['gains', 'loses']),
    }),
  ),
});
const counts = z.strictObject({ kept: natural, pruned: natural });
export const policyCheck = z.extend(policyDiff, {
  verdicts: z.array(
    z.strictObject({ artifact_id: artifactId, name: z.optional(z.string()), from: verdict, to: verdict }),
  ),
  idle: z.array(z.string()),
  counts: z.strictObject({ from: counts, to: counts }),
  locks_out_author: z.boolean(),
});
/** With settings or a dry run, `check` is what it changes. */
export const policySet = z.strictObject({
  from: objectId,
  to: objectId,
  changed: z.boolean(),
  check: z.optional(policyCheck),
});
export const policyEdit = z.extend(policySet, { check: policyCheck });

const leftOut = z.array(z.strictObject({ artifact_id: artifactId, reason: z.string() }));

export const bundleCreate = z.strictObject({
  artifact_id: artifactId,
  content_hash: objectId,
  members: natural,
  size_bytes: natural,
  left_out: leftOut,
});

export const bundleVerify = z.strictObject({
  content_hash: objectId,
  members: natural,
  files: natural,
  size_bytes: natural,
  left_out: leftOut,
  /** For a debug bundle: problems with its documents. */
  debug: z.optional(
    z.strictObject({
      mode: z.optional(z.string()),
      findings: z.array(
        z.strictObject({
          severity: z.enum(['error', 'warning']),
          code: z.string(),
          message: z.string(),
          file: z.optional(z.string()),
        }),
      ),
    }),
  ),
});

export const bundleDebug = z.strictObject({
  artifact_id: artifactId,
  content_hash: objectId,
  mode: z.enum(DEBUG_MODES),
  exportable: z.boolean(),
  size_bytes: natural,
  events: natural,
  jobs: natural,
  diagnostics: natural,
  artifacts: natural,
  redactions: natural,
  missing: natural,
  left_out: leftOut,
});

export const bundleRow = z.strictObject({
  artifact_id: artifactId,
  kind: z.enum(KINDS),
  payload_type: z.enum(PAYLOAD_TYPES),
  content_hash: objectId,
  size_bytes: natural,
  files: natural,
  classification: z.enum(CLASSIFICATIONS),
  exportable: z.boolean(),
  name: z.optional(z.string()),
  filename_hint: z.optional(z.string()),
});

const faultList = z.array(z.strictObject({ fault: z.enum(FAULT_KINDS), message: z.string() }));

/** For a bundle its content hash, for a layout the hash of its index; for a workspace, see the optional fields. */
export const importResult = z.strictObject({
  content_hash: z.optional(objectId),
  format: z.optional(z.enum(['oci', 'handshake'])),
  dry_run: z.optional(z.boolean()),
  report: z.optional(artifactId),
  strays: z.optional(faultList),
  results: z.array(
    z.strictObject({
      artifact_id: artifactId,
      content_hash: objectId,
      present: z.boolean(),
      tightened: z.boolean(),
      demoted: z.boolean(),
      ttl_over: z.boolean(),
      stated_hash: z.optional(objectId),
      hash_form: z.optional(z.enum(HASH_FORMS)),
      layer: z.optional(z.enum(LAYERS)),
      pinned: z.optional(z.boolean()),
      faults: z.optional(faultList),
    }),
  ),
});

/** One artifact of a push or a pull. */
export const transferRow = z.strictObject({
  artifact_id: artifactId,
  content_hash: objectId,
  size_bytes: natural,
  present: z.boolean(),
  tightened: z.boolean(),
  demoted: z.boolean(),
  ttl_over: z.boolean(),
});
