import * as z from 'zod/mini';
import { DOCTOR_STATES } from '../../core/health-check.js';
import { artifactId, natural, objectId } from '../../core/json/schema.js';
import { REPAIR_ACTIONS, SEVERITIES } from '../../store/port/finding.js';
import { leftOut } from './artifacts.js';

export const countObjects = z.strictObject({
  objects: natural,
  object_bytes: natural,
  packs: natural,
  packed_objects: natural,
  trash_batches: natural,
  trash_objects: natural,
  trash_bytes: natural,
  staged: natural,
  leases: natural,
  ledger_entries: natural,
});

export const lsIndexRow = z.strictObject({
  path: z.string(),
  content_hash: objectId,
  size_bytes: natural,
  executable: z.optional(z.literal(true)),
});

export const writeIndex = z.strictObject({
  content_hash: objectId,
  files: natural,
  size_bytes: natural,
  left_out: z.array(leftOut),
});

const writtenManifest = z.strictObject({
  artifact_id: artifactId,
  content_hash: objectId,
  size_bytes: natural,
});
/** Each artifact is in `results`; the fields of the one written without `--manifest-lines` are here too. */
export const writeManifest = z.extend(z.partial(writtenManifest), { results: z.array(writtenManifest) });

export const checkManifest = z.strictObject({
  valid: z.boolean(),
  canonical: z.boolean(),
  problems: z.array(z.string()),
});

export const resolveRow = z.strictObject({ name: z.string(), artifact_id: artifactId });

/** `before` and `after`: a file's hash, size and mode, or the value of a manifest's field. */
export const diffRow = z.strictObject({
  what: z.enum(['file', 'payload', 'field']),
  change: z.enum(['added', 'removed', 'changed', 'mode', 'type']),
  path: z.optional(z.string()),
  before: z.optional(z.unknown()),
  after: z.optional(z.unknown()),
  /** Lines, with `--patch` or `--stat`; absent for what is binary. */
  added: z.optional(natural),
  removed: z.optional(natural),
});

const amount = { objects: natural, size_bytes: natural };
export const fsck = z.strictObject({
  ok: z.boolean(),
  results: z.array(
    z.strictObject({
      severity: z.enum(SEVERITIES),
      subject: z.string(),
      message: z.string(),
      hint: z.string(),
      artifact_id: z.optional(artifactId),
      repaired: z.boolean(),
    }),
  ),
  checked: z.strictObject({ entries: natural, artifacts: z.optional(natural), ...amount }),
  unreferenced: z.optional(z.strictObject(amount)),
  trash: z.strictObject({ batches: natural, ...amount }),
  repaired: natural,
  repairs: z.array(
    z.strictObject({
      action: z.enum(REPAIR_ACTIONS),
      subject: z.string(),
      source: z.optional(z.string()),
      state: z.enum(['planned', 'done', 'failed']),
    }),
  ),
});

export const doctorRow = z.strictObject({
  check: z.string(),
  state: z.enum(DOCTOR_STATES),
  found: z.string(),
  mend: z.optional(z.string()),
});
