import * as z from 'zod/mini';
import { TOTAL_FIELDS } from '../core/catalog/totals.js';
import { DEBUG_MODES } from '../core/debug/document-formats.js';
import { exportTargetSchema, projectionRef } from '../core/guard/target-kinds.js';
import { compact } from '../core/json/omit-undefined.js';
import { artifactId, check, natural, objectId, timestamp } from '../core/json/schema.js';
import { PAYLOADS } from '../core/ledger/entry-types.js';
import { EXPORT_FORMATS } from '../core/ledger/export-formats.js';
import { ttlDays } from '../core/manifest/manifest.js';
import { CLASSIFICATIONS, KINDS, RETENTION_CLASSES } from '../core/manifest/vocabulary.js';
import { checkPlan } from '../core/retention/plan-file.js';
import { HsError } from '../errors/hs-error.js';
import type { BundleOptions } from '../ops/bundle/create-bundle.js';
import type { ImportOptions } from '../ops/bundle/import-bundle.js';
import type { DebugScope } from '../ops/debug/debug-request.js';
import type { Reclassification } from '../ops/govern/reclassify.js';
import type { RetainChange } from '../ops/govern/retain.js';
import type { WorkspaceOptions } from '../ops/handshake/import-workspace.js';
import { LINEAGE_DIRECTIONS } from '../ops/inspect/lineage.js';
import { USAGE_KEYS } from '../ops/inspect/usage-keys.js';
import { BACKEND_NAMES } from '../ops/run/run-request.js';
import type {
  ArtifactSelection,
  BatchLabel,
  BatchRetain,
  CallOptions,
  CheckOptions,
  CollectOptions,
  DebugBundleOptions,
  DiffOptions,
  ExportOptions,
  FollowOptions,
  HistoryOptions,
  LedgerOptions,
  LineageOptions,
  ListOptions,
  PageOptions,
  PinChange,
  PinOptions,
  PinsOptions,
  PlanOptions,
  PlanRemovalOptions,
  PromoteOptions,
  ReadOptions,
  ReasonOptions,
  RemoveOptions,
  RestoreOptions,
  RunOptions,
  ScanOptions,
  SignOptions,
  TransferOptions,
  UnpinOptions,
  UsageOptions,
  UsagePageOptions,
  UsageTotalsOptions,
} from './options.js';
import {
  callable,
  callFields,
  change,
  date,
  flag,
  given,
  names,
  options,
  path,
  recordOf,
  strings,
  text,
} from './values.js';

export * from './open-arguments.js';
export * from './put-arguments.js';
export * from './values.js';

export const callOptions = options<CallOptions>('options', callFields);

const outside = z.strictObject({ path });
/** An artifact, or a path outside the store. */
export function diffTarget(value: unknown): string | { readonly path: string } {
  if (typeof value === 'string') return text(value, 'after');
  return check(outside, value, 'USAGE', 'after');
}

const filters = z.array(z.union([given, z.tuple([given, z.string()])]));
const matching = z.strictObject({ filters: filters.check(z.minLength(1, 'is empty')) });
export function selection(value: unknown): ArtifactSelection {
  return Array.isArray(value)
    ? names(value, 'artifacts')
    : (check(matching, value, 'USAGE', 'artifacts') as ArtifactSelection);
}

const until = { reason: given, until: date };
export const pinOptions = options<PinOptions>('options', { name: given, ...until });
export const pinsOptions = options<PinsOptions>('options', { filters });
export const unpinOptions = options<UnpinOptions>('options', { name: given });
const pinned = { artifact: given, name: given };
const changes = z.array(
  z.discriminatedUnion('change', [
    z.strictObject({ change: z.literal('unpin'), ...pinned }),
    z.strictObject({
      change: z.literal('pin'),
      ...pinned,
      reason: z.optional(given),
      until: z.optional(date),
    }),
  ]),
);
export function pinChanges(value: unknown): readonly PinChange[] {
  return check(changes, value, 'USAGE', 'changes') as readonly PinChange[];
}

export const reasonOptions = options<ReasonOptions>('options', { reason: given });
export const promoteOptions = options<PromoteOptions>('options', { attest: given });
export const signOptions = options<SignOptions>('options', { name: given });
export const scanOptions = options<ScanOptions>('options', { personal: flag });
export const readOptions = options<ReadOptions>('options', { path: given });
export const diffOptions = options<DiffOptions>('options', {
  compare: z.enum(['payload', 'manifest']),
  stat: flag,
  patch: flag,
});
export const usageOptions = options<UsageOptions>('options', { by: z.enum(USAGE_KEYS), filters });
export const usageTotalsOptions = options<UsageTotalsOptions>('options', { by: z.enum(TOTAL_FIELDS) });

export const exportOptions = options<ExportOptions>('options', {
  format: z.enum(EXPORT_FORMATS),
  force: flag,
  discardExisting: flag,
  withManifest: flag,
  consents: z.array(objectId),
  mtime: natural,
  target: exportTargetSchema,
  displayProjectionRef: projectionRef,
});

export const listOptions = options<ListOptions>('options', {
  filters,
  sort: given,
  pinned: flag,
  expired: flag,
  limit: natural,
  after: artifactId,
});
export const lineageOptions = options<LineageOptions>('options', {
  direction: z.enum(LINEAGE_DIRECTIONS),
  depth: natural.check(z.minimum(1)),
});
const ENTRY_TYPES = Object.keys(PAYLOADS) as [keyof typeof PAYLOADS];
const historyFields = {
  artifact: given,
  type: z.enum(ENTRY_TYPES),
  since: timestamp,
  actor: given,
  job: given,
};
export const historyOptions = options<HistoryOptions>('options', historyFields);
export const followOptions = options<FollowOptions>('options', { ...historyFields, last: natural });
export const ledgerOptions = options<LedgerOptions>('options', {
  from: natural,
  to: natural,
  reverse: flag,
  type: z.enum(ENTRY_TYPES),
  since: timestamp,
});

export const planOptions = options<PlanOptions>('options', {
  quotaBytes: natural,
  policy: z.unknown(),
  filters,
  all: flag,
});
const collection = options<CollectOptions>('options', {
  plan: z.unknown(),
  quotaBytes: natural,
  filters,
  emptyTrash: flag,
  repack: flag,
  bestEffort: flag,
});
export const collectOptions = (value: unknown): CollectOptions & CallOptions => {
  const { plan, ...rest } = collection(value);
  return plan === undefined ? rest : { ...rest, plan: checkPlan(plan) };
};

export const removeOptions = options<RemoveOptions>('options', {
  reason: given,
  purge: flag,
});
export const planRemovalOptions = options<PlanRemovalOptions>('options', { purge: flag });
export const restoreOptions = options<RestoreOptions>('options', { pin: flag });
export const bundleOptions = options<BundleOptions>('options', {
  name: given,
  nonPortable: flag,
  ttl: ttlDays,
  attest: given,
});
export const debugOptions = options<DebugBundleOptions>('options', {
  mode: z.enum(DEBUG_MODES),
  name: given,
  ttl: ttlDays,
});
const scope = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('artifact'), artifact: given }),
  z.strictObject({ kind: z.literal('job'), job: given }),
  z.strictObject({ kind: z.literal('time'), since: timestamp, until: z.optional(timestamp) }),
]);
export function debugScope(value: unknown): DebugScope {
  return compact(check(scope, value, 'USAGE', 'scope')) as DebugScope;
}
export const importOptions = options<ImportOptions>('options', { nonPortable: flag, ttl: ttlDays });
export const transferOptions = options<TransferOptions>('options', {
  withSources: flag,
  consents: z.array(objectId),
  target: exportTargetSchema,
  displayProjectionRef: projectionRef,
  ttl: ttlDays,
  dryRun: flag,
});
/** An object of that class; USAGE otherwise. */
export function instance<T>(value: unknown, type: abstract new (...args: never) => T, what: string): T {
  if (value instanceof type) return value;
  throw new HsError('USAGE', `'${what}' is not an open store`);
}
const pageFields = { force: flag, target: exportTargetSchema, displayProjectionRef: projectionRef };
export const pageOptions = options<PageOptions>('options', pageFields);
export const usagePageOptions = options<UsagePageOptions>('options', {
  ...pageFields,
  by: z.enum(USAGE_KEYS),
});
export const workspaceOptions = options<WorkspaceOptions>('options', { ttl: ttlDays });
export const checkOptions = options<CheckOptions>('options', {
  secondOpinion: flag,
  sample: z.number().check(z.minimum(0), z.maximum(1)),
  repair: flag,
  dryRun: flag,
  from: z.unknown(),
});

const changedLabels = recordOf(z.nullable(given));
const someLabels = changedLabels.check(
  z.refine((labels) => Object.keys(labels).length > 0, 'names no label'),
);
export function labelChange(value: unknown): Readonly<Record<string, string | null>> {
  return check(changedLabels, value, 'USAGE', 'labels');
}

const retainFields = { ttl: z.nullable(ttlDays), retentionClass: z.enum(RETENTION_CLASSES) };
export const retainChange = change<RetainChange>(retainFields);
export const batchRetain = change<BatchRetain, 'artifact'>(
  { artifact: given, ...retainFields },
  ['artifact'],
  'it',
);
export const batchLabel = change<BatchLabel, 'artifact' | 'labels'>(
  { artifact: given, labels: someLabels },
  ['artifact', 'labels'],
  'it',
);
export const reclassification = change<Reclassification, 'reason'>(
  { classification: z.enum(CLASSIFICATIONS), exportable: flag, ttl: ttlDays, reason: given },
  ['reason'],
);

export const runOptions = options<RunOptions>('options', {
  cwd: path,
  env: recordOf(z.optional(z.string())),
  stdin: z.enum(['inherit', 'ignore']),
  name: given,
  kind: z.enum(KINDS),
  retentionClass: z.enum(RETENTION_CLASSES),
  ttl: ttlDays,
  classification: z.enum(CLASSIFICATIONS),
  each: flag,
  sources: strings,
  capture: z.array(z.enum(['stdout', 'stderr'])),
  keepFailed: flag,
  recordArgs: flag,
  backend: z.enum(BACKEND_NAMES),
  strict: flag,
  network: flag,
  onOutput: callable,
  takeSignals: callable,
});
/** Arguments may be empty; the program's name may not. */
export function commandLine(value: unknown): readonly string[] {
  const command = check(z.array(z.string()), value, 'USAGE', 'command');
  text(command[0], 'command');
  return command;
}
