import * as z from 'zod/mini';
import { artifactId, natural, objectId, timestamp, uuid } from '../../core/json/schema.js';
import { PAYLOADS } from '../../core/ledger/entry-types.js';
import { pinName } from '../../core/ledger/operation.js';
import { KINDS, RETENTION_CLASSES } from '../../core/manifest/vocabulary.js';
import {
  keptFields,
  planHeaderFields,
  planItemSchema,
  undoFields,
} from '../../core/retention/plan-schema.js';
import { LONG_PLAN_SCHEMA, PLAN_SCHEMA } from '../../core/retention/prune-plan.js';
import { prunedSchema, reportHeaderSchema, sparedSchema } from '../../core/retention/report.js';

/** The first line of a plan. */
export const planHeader = z.strictObject({
  ...planHeaderFields,
  ...keptFields,
  schema: z.literal(PLAN_SCHEMA),
});
/** Of a plan of before, that lists every artifact. */
export const longPlanHeader = z.strictObject({
  ...planHeaderFields,
  schema: z.literal(LONG_PLAN_SCHEMA),
});
const shownHeader = z.strictObject({ ...planHeader.def.shape, ...undoFields.header });
const keptItem = z.strictObject(planItemSchema.keep);
const goingItem = z.strictObject({ ...planItemSchema.prune, ...undoFields.item });
const planItem = z.union([keptItem, goingItem]);

const bytesOf = z.strictObject({ objects: natural, size_bytes: natural });
const reclaimed = z.strictObject({
  sweep: z.enum(['done', 'busy', 'skipped']),
  unknown: z.array(z.string()),
  left: z.array(z.string()),
  swept: bytesOf,
  unswept: bytesOf,
  brought_back: natural,
  purged: z.strictObject({
    batches: z.array(z.string()),
    objects: natural,
    size_bytes: natural,
    brought_back: natural,
  }),
  purge_pending: z.array(
    z.strictObject({ batch: z.string(), objects: natural, leases: z.array(z.string()) }),
  ),
});

const reclaimable = z.strictObject({
  unreferenced: bytesOf,
  unswept: bytesOf,
  trash: bytesOf,
  due: bytesOf,
  unknown: z.array(z.string()),
});
const trashed = z.strictObject({
  artifact_id: artifactId,
  name: z.optional(z.string()),
  filename_hint: z.optional(z.string()),
  kind: z.enum(KINDS),
  retention_class: z.enum(RETENTION_CLASSES),
  size_bytes: natural,
  created_at: timestamp,
  removed_at: timestamp,
});

/**
 * `gc` and `rm`: with `dry_run` the plan, else the removal. `results` are the artifacts removed, and with `--verbose` also
 * those kept.
 */
export const removal = z.strictObject({
  dry_run: z.boolean(),
  plan: shownHeader,
  results: z.array(planItem),
  /** Null if there was nothing to remove. */
  report: z.optional(z.nullable(artifactId)),
  /** Of the removal's ledger entry. */
  seq: z.optional(z.nullable(natural)),
  /** Listed by the applied plan, but kept because of what has happened since. */
  spared_since: z.optional(z.array(keptItem)),
  /** Listed by the applied plan, but removed already. */
  gone: z.optional(z.array(artifactId)),
  reclaimed: z.optional(reclaimed),
  reclaimable: z.optional(reclaimable),
  refused: z.optional(z.literal(true)),
  /** Removed, and cannot be brought back. */
  irreversible: z.optional(z.array(artifactId)),
  /** Removed earlier, and purged with the trash. */
  emptied: z.optional(z.array(trashed)),
  /** Bytes of the report and its manifest, which count as stored. */
  report_bytes: z.optional(natural),
  /** Bytes by which the store exceeds its quota now, including the report. */
  over_quota_bytes: z.optional(natural),
  trash_until: z.optional(timestamp),
  restorable_until: z.optional(timestamp),
});

const trashItem = z.extend(trashed, { restorable_until: z.optional(timestamp) });
export const trashLsRow = trashItem;
export const trashShow = z.extend(trashItem, {
  content_hash: objectId,
  removed_by: z.strictObject({ seq: natural, actor: z.string(), report: z.optional(artifactId) }),
  objects: natural,
  trashed_objects: natural,
  trashed_bytes: natural,
  leases: z.array(z.string()),
});
export const trashEmpty = z.strictObject({
  dry_run: z.boolean(),
  results: z.array(trashed),
  reclaimed: z.optional(reclaimed),
});

export const restore = z.strictObject({
  results: z.array(
    z.strictObject({ artifact_id: artifactId, name: z.optional(z.string()), size_bytes: natural }),
  ),
  pin: z.nullable(pinName),
});

const named = z.strictObject({ artifact_id: artifactId });
export const pin = z.strictObject({
  name: pinName,
  results: z.array(named),
  until: z.optional(timestamp),
});
export const unpin = z.strictObject({ name: pinName, results: z.array(named) });
export const updatePin = z.strictObject({ pinned: natural, unpinned: natural });

export const pinRow = z.strictObject({
  name: pinName,
  reason: z.optional(z.string()),
  until: z.optional(timestamp),
  actor: z.string(),
  at: timestamp,
  artifact_id: artifactId,
  label: z.string(),
  over: z.boolean(),
});

/** The name and labels of an artifact after the command. */
export const described = z.strictObject({
  artifact_id: artifactId,
  revision: natural,
  changed: z.boolean(),
  name: z.optional(z.string()),
  labels: z.record(z.string(), z.string()),
});
/** Each artifact is in `results`; the fields of the one changed without `--manifest-lines` are here too. */
export const label = z.extend(z.partial(described), { results: z.array(described) });

export const retain = z.strictObject({
  results: z.array(
    z.strictObject({
      artifact_id: artifactId,
      revision: natural,
      retention_class: z.enum(RETENTION_CLASSES),
      retention_ttl_days: z.optional(natural),
    }),
  ),
});

const reportRow = z.strictObject({
  ...PAYLOADS['meta.gc_summary'].def.shape,
  seq: natural,
  at: timestamp,
  actor: z.string(),
  removed_still: natural,
  irreversible: natural,
});

/** The page that was written. */
const pageRow = z.strictObject({
  export_id: uuid,
  artifact_id: artifactId,
  content_hash: objectId,
  /** Absolute, or `-`. */
  target: z.string(),
  size_bytes: natural,
  replaced: z.boolean(),
});

/** The reports, or in `report` the header of one, with its list. */
export const report = z.strictObject({
  report: z.optional(reportHeaderSchema),
  results: z.array(z.union([reportRow, prunedSchema, sparedSchema])),
  page: z.optional(pageRow),
  undo: z.optional(
    z.strictObject({
      at: timestamp,
      trash_until: z.optional(timestamp),
      restorable: z.array(artifactId),
      irreversible: z.array(artifactId),
    }),
  ),
});

/** What is optional is not there with `--totals`. */
export const du = z.strictObject({
  results: z.array(
    z.strictObject({
      group: z.string(),
      artifacts: natural,
      logical_bytes: natural,
      physical_bytes: z.optional(natural),
    }),
  ),
  artifacts: natural,
  logical_bytes: natural,
  physical_bytes: z.optional(natural),
  unreferenced: z.optional(bytesOf),
  trash: z.optional(bytesOf),
  unreadable: z.optional(natural),
  quarantine: z.optional(z.strictObject({ files: natural, size_bytes: natural })),
  page: z.optional(pageRow),
});
