import * as z from 'zod/mini';
import { artifactId, natural, objectId, timestamp, uuid } from '../json/schema.js';

/** Who may see a debug bundle: anybody, users of the store, or nobody outside. */
export const DEBUG_MODES = ['safe', 'workspace', 'full'] as const;
export type DebugMode = (typeof DEBUG_MODES)[number];

/** The modes as written in the documents. */
export const REDACTION_MODES = {
  safe: 'SAFE_DEFAULT',
  workspace: 'WORKSPACE',
  full: 'FULL_LOCAL',
} as const satisfies Record<DebugMode, string>;

/** Every file a debug bundle may have besides its members, in order of path. */
export const DEBUG_DOCUMENTS = [
  'artifacts.jsonl',
  'bundle_manifest.json',
  'coder_prompt.md',
  'diagnostics.jsonl',
  'env.json',
  'job.json',
  'jobs.json',
  'redaction_report.json',
  'repro.md',
  'retention_report.json',
  'trace.jsonl',
] as const;
export type DebugDocument = (typeof DEBUG_DOCUMENTS)[number];
export const DEBUG_MANIFEST_NAME = 'bundle_manifest.json' satisfies DebugDocument;

/** Required regardless of scope, in addition to either `job.json` or `jobs.json`. */
export const REQUIRED_DOCUMENTS: readonly DebugDocument[] = [
  'bundle_manifest.json',
  'coder_prompt.md',
  'diagnostics.jsonl',
  'env.json',
  'redaction_report.json',
  'repro.md',
  'retention_report.json',
  'trace.jsonl',
];

const word = z.string().check(z.minLength(1), z.maxLength(1024));
const modes = z.enum(Object.values(REDACTION_MODES) as [string, ...string[]]);
export const MISSING_REASONS = ['retention_expired', 'redacted', 'access_denied', 'not_found'] as const;

const missing = z.strictObject({
  kind: z.enum(['job', 'diagnostic', 'event', 'artifact']),
  id: word,
  reason: z.enum(MISSING_REASONS),
});
export type MissingEvidence = z.output<typeof missing>;

const scope = z.strictObject({
  kind: z.enum(['job', 'time_window', 'artifact']),
  job_id: z.optional(word),
  artifact_id: z.optional(artifactId),
  time_range: z.optional(z.strictObject({ start: timestamp, end: timestamp })),
  /** The store's id. */
  wsid: uuid,
});
export type DebugScopeRecord = z.output<typeof scope>;

export const debugManifest = z.strictObject({
  schema_version: z.literal('1.0'),
  bundle_id: uuid,
  bundle_kind: z.literal('debug_bundle'),
  created_at: timestamp,
  scope,
  redaction_mode: modes,
  workflow_run_id: word,
  job_id: word,
  exporter_version: word,
  platform: z.strictObject({ os: word, arch: word, app_version: word, build_hash: word }),
  files: z.array(
    z.strictObject({ path: word, sha256: objectId, size_bytes: natural, redacted: z.boolean() }),
  ),
  included: z.strictObject({ job_count: natural, diagnostic_count: natural, event_count: natural }),
  missing_evidence: z.array(missing),
  bundle_hash: objectId,
});
export type DebugManifest = z.output<typeof debugManifest>;

export const debugEnvironment = z.strictObject({
  app_version: word,
  build_hash: word,
  platform: z.strictObject({ os: word, arch: word }),
  rust_version: word,
  node_version: word,
  wsid: uuid,
  config: z.strictObject({ model_runtime: word, flight_recorder_retention_days: natural }),
  feature_flags: z.array(word),
  redaction_note: word,
});

export const debugJob = z.strictObject({
  job_id: word,
  job_kind: word,
  protocol_id: word,
  status: z.enum(['queued', 'running', 'completed', 'failed', 'cancelled']),
  created_at: timestamp,
  started_at: z.optional(timestamp),
  ended_at: z.optional(timestamp),
  profile_id: word,
  capability_profile_id: word,
  wsid: uuid,
  inputs_hash: objectId,
  outputs_hash: objectId,
  error: z.optional(z.strictObject({ code: word, message: word, diagnostic_id: uuid })),
  metrics: z.optional(z.strictObject({ duration_ms: natural })),
  diagnostic_ids: z.array(uuid),
  event_ids: z.array(uuid),
});
export type DebugJob = z.output<typeof debugJob>;

export const debugDiagnostic = z.strictObject({
  id: uuid,
  fingerprint: objectId,
  severity: z.enum(['error', 'warning', 'info', 'hint']),
  source: word,
  surface: word,
  code: word,
  title: word,
  message: z.string().check(z.minLength(1)),
  created_at: timestamp,
  wsid: uuid,
  job_id: z.optional(word),
  link_confidence: z.enum(['direct', 'inferred', 'ambiguous', 'unlinked']),
  evidence_refs: z.array(word),
});
export type DebugDiagnostic = z.output<typeof debugDiagnostic>;

/** A line of `trace.jsonl`: a ledger entry with its texts redacted. */
export const debugEvent = z.strictObject({
  seq: natural,
  event_id: uuid,
  trace_id: uuid,
  type: word,
  at: timestamp,
  set_clock: z.optional(timestamp),
  actor: word,
  actor_id: word,
  job_id: z.optional(word),
  capability_id: z.optional(word),
  decision: z.optional(z.enum(['allow', 'deny'])),
  /** Total number of operations; the first of them follow. */
  operations: natural,
  ops: z.array(z.unknown()),
  payload: z.unknown(),
});

export const AVAILABILITY = ['available', 'in_trash', 'purged', 'damaged', 'access_denied'] as const;
const evidence = z.strictObject({
  artifact_id: artifactId,
  availability: z.enum(AVAILABILITY),
  why: word,
  retention_class: word,
  retention_ttl_days: z.optional(natural),
  ttl_ends_at: z.optional(timestamp),
  pins: natural,
});
export type EvidenceState = z.output<typeof evidence>;

export const debugRetention = z.strictObject({
  redaction_mode: modes,
  report_generated_at: timestamp,
  retention_policy: z.strictObject({
    flight_recorder_days: natural,
    diagnostics_days: natural,
    job_metadata_days: natural,
    policy_id: objectId,
    classes: z.record(z.string(), z.strictObject({ window_days: natural, floor: natural })),
    trash_days: natural,
  }),
  available: z.strictObject({ jobs: natural, diagnostics: natural, events: natural, artifacts: natural }),
  expired: z.strictObject({
    jobs: z.array(z.strictObject({ job_id: word, expired_at: timestamp })),
    diagnostics: z.array(z.strictObject({ diagnostic_id: word, expired_at: timestamp })),
    event_ranges: z.array(z.strictObject({ start: timestamp, end: timestamp, count: natural })),
  }),
  evidence_gaps: z.array(
    z.strictObject({ kind: word, description: word, impact: z.enum(['high', 'medium', 'low']) }),
  ),
  artifacts: z.array(evidence),
});

const redaction = z.strictObject({
  file: word,
  location: word,
  category: word,
  detector_id: word,
  replacement: word,
});
export type RedactionEntry = z.output<typeof redaction>;

export const debugRedaction = z.strictObject({
  redaction_mode: modes,
  report_generated_at: timestamp,
  detectors: z.array(z.strictObject({ id: word, version: word, patterns_count: natural })),
  summary: z.strictObject({
    files_scanned: natural,
    files_redacted: natural,
    total_redactions: natural,
    by_category: z.record(z.string(), natural),
  }),
  redactions: z.array(redaction),
  policy_decisions: z.array(
    z.strictObject({
      item_kind: word,
      item_id: word,
      decision: z.enum(['include', 'exclude', 'redact']),
      reason: word,
    }),
  ),
});
