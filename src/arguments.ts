import * as z from 'zod/mini';
import { DEBUG_MODES } from './core/debug/documents.js';
import { exportTargetSchema, projectionRef } from './core/guard/export-target.js';
import { compact } from './core/json/omit-undefined.js';
import { artifactId, check, natural, objectId, timestamp } from './core/json/schema.js';
import { EXPORT_FORMATS } from './core/ledger/export-formats.js';
import { PAYLOADS } from './core/ledger/payload.js';
import { entityRefSchema, ttlDays } from './core/manifest/manifest.js';
import { CLASSIFICATIONS, KINDS, LAYERS, RETENTION_CLASSES } from './core/manifest/vocabulary.js';
import type { ObjectId } from './core/objects/ids.js';
import { checkPlan } from './core/retention/plan-file.js';
import { HsError } from './errors/hs-error.js';
import type { BundleOptions } from './ops/bundle/create-bundle.js';
import type { ImportOptions } from './ops/bundle/import-bundle.js';
import type { DebugScope } from './ops/debug/debug-request.js';
import type { FsckOptions } from './ops/fsck/fsck.js';
import type { CollectionPlanOptions } from './ops/gc/plan-collection.js';
import type { Reclassification } from './ops/govern/reclassify.js';
import type { RetainChange } from './ops/govern/retain.js';
import type { WorkspaceOptions } from './ops/handshake/import-workspace.js';
import type { HistoryQuery } from './ops/inspect/history.js';
import type { ListQuery } from './ops/inspect/list-artifacts.js';
import { USAGE_KEYS } from './ops/inspect/usage-keys.js';
import type { PutOptions } from './ops/put/put.js';
import { BACKEND_NAMES } from './ops/run/run-request.js';
import type {
  CollectStoreOptions,
  CreateOptions,
  DebugBundleOptions,
  ExportOptions,
  OpenOptions,
  PageOptions,
  PinOptions,
  PutArtifactOptions,
  ReadOptions,
  RunOptions,
  ScanOptions,
  UsagePageOptions,
} from './options.js';

/**
 * Validates the arguments of library calls as the command line validates its own: USAGE names the argument and the
 * problem. Semantic checks are left to the operation.
 */
const given = z.string().check(z.minLength(1, 'is empty'));
const path = given.check(z.regex(/^[^\0]*$/, 'holds a NUL'));
const flag = z.boolean();
const strings = z.array(given);
const is = <T>(test: (v: unknown) => boolean, message: string) => z.custom<T>(test, message);
const callable = is<(...args: never[]) => unknown>((v) => typeof v === 'function', 'not a function');
/** Also accepts one of another realm, such as a test runner's. */
const tagged = (v: unknown, tag: string) => Object.prototype.toString.call(v) === `[object ${tag}]`;
const date = is<Date>((v) => tagged(v, 'Date') && !Number.isNaN(Number(v)), 'not a Date, or an invalid one');
const has =
  (...methods: readonly string[]) =>
  (v: unknown) =>
    typeof v === 'object' &&
    v !== null &&
    methods.every((m) => typeof (v as Record<string, unknown>)[m] === 'function');

/** The name of an artifact, or other required text. */
export function text(value: unknown, what: string): string {
  return check(given, value, 'USAGE', what);
}

export function filePath(value: unknown, what: string): string {
  return check(path, value, 'USAGE', what);
}

export function count(value: unknown, what: string): number {
  return check(natural, value, 'USAGE', what);
}

export function names(value: unknown, what: string): readonly string[] {
  return check(strings, value, 'USAGE', what);
}

export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && tagged(value, 'Uint8Array');
}

export function isStream(value: unknown): value is AsyncIterable<Uint8Array> {
  return typeof (value as AsyncIterable<unknown> | null | undefined)?.[Symbol.asyncIterator] === 'function';
}

export function notASource(): HsError {
  return new HsError('USAGE', 'the source is neither a path nor a Uint8Array nor an async iterable of them', {
    hint: 'encode a string that is the payload itself: Buffer.from(text)',
  });
}

type Fields<T, Needed extends keyof T> = {
  readonly [K in keyof Omit<Required<T>, Needed>]: z.ZodMiniType;
} & {
  readonly [K in Needed]: z.ZodMiniType;
};

/** Validates options: each field of `T` has its schema, and unknown names are refused. */
function options<T extends object, Needed extends keyof T = never>(
  of: string,
  fields: Fields<T, Needed>,
  needed: readonly Needed[] = [],
): (value: unknown) => T {
  const shape = Object.entries<z.ZodMiniType>(fields).map(([name, schema]) => [
    name,
    needed.includes(name as Needed) ? schema : z.optional(schema),
  ]);
  const schema = z.strictObject(Object.fromEntries(shape));
  return (value) => compact(check(schema, value, 'USAGE', of)) as T;
}

const putFields: Fields<PutOptions, never> = {
  name: given,
  kind: z.enum(KINDS),
  retentionClass: z.enum(RETENTION_CLASSES),
  ttl: ttlDays,
  classification: z.enum(CLASSIFICATIONS),
  exportable: flag,
  layer: z.enum(LAYERS),
  sources: strings,
  entities: z.array(entityRefSchema),
  labels: z.record(z.string(), z.string()),
  pin: given,
  each: flag,
  exclude: strings,
  strictExclude: flag,
  skipLinks: flag,
  ifChanged: flag,
};
export const putOptions = options<PutArtifactOptions>('options', { ...putFields, filenameHint: given });
export const putAllOptions = options<PutOptions>('options', putFields);

export const pinOptions = options<PinOptions>('options', { name: given, reason: given, until: date });
export const scanOptions = options<ScanOptions>('options', { personal: flag });
export const readOptions = options<ReadOptions>('options', { path: given });

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

export const listQuery = options<Omit<ListQuery, 'now'>>('query', {
  filters: z.array(z.tuple([given, z.string()])),
  sort: given,
  pinned: flag,
  expired: flag,
  limit: natural,
  after: artifactId,
});
export const historyQuery = options<HistoryQuery>('query', {
  artifact: given,
  type: z.enum(Object.keys(PAYLOADS) as [keyof typeof PAYLOADS]),
  since: timestamp,
});

export const planOptions = options<CollectionPlanOptions>('options', {
  quotaBytes: natural,
  policy: z.strictObject({ id: objectId as z.ZodMiniType<ObjectId>, policy: z.unknown() }),
});
const collection = options<CollectStoreOptions>('options', {
  plan: z.unknown(),
  quotaBytes: natural,
  emptyTrash: flag,
  bestEffort: flag,
});
export const collectOptions = (value: unknown): CollectStoreOptions => {
  const { plan, ...rest } = collection(value);
  return plan === undefined ? rest : { ...rest, plan: checkPlan(plan) };
};

export const removeOptions = options<{ readonly reason?: string; readonly purge?: boolean }>('options', {
  reason: given,
  purge: flag,
});
export const restoreOptions = options<{ readonly pin?: boolean }>('options', { pin: flag });
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
const pageFields = { force: flag, target: exportTargetSchema, displayProjectionRef: projectionRef };
export const pageOptions = options<PageOptions>('options', pageFields);
export const usagePageOptions = options<UsagePageOptions>('options', {
  ...pageFields,
  by: z.enum(USAGE_KEYS),
});
export const workspaceOptions = options<WorkspaceOptions>('options', { ttl: ttlDays });
export const fsckOptions = options<Partial<FsckOptions>>('options', {
  secondOpinion: flag,
  sample: z.number().check(z.minimum(0), z.maximum(1)),
  repair: flag,
});

const changedLabels = z.record(z.string(), z.nullable(given));
export function labelChange(value: unknown): Readonly<Record<string, string | null>> {
  return check(changedLabels, value, 'USAGE', 'labels');
}

export function reason(value: unknown): string | undefined {
  return value === undefined ? undefined : text(value, 'reason');
}

export const retainChange = options<RetainChange>('change', {
  ttl: z.nullable(ttlDays),
  retentionClass: z.enum(RETENTION_CLASSES),
});
export const reclassification = options<Reclassification, 'reason'>(
  'change',
  { classification: z.enum(CLASSIFICATIONS), exportable: flag, ttl: ttlDays, reason: given },
  ['reason'],
);

export const runOptions = options<RunOptions>('options', {
  cwd: path,
  env: z.record(z.string(), z.optional(z.string())),
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

const openFields: Fields<Omit<OpenOptions, 'store' | 'readOnly'>, never> = {
  // Empty means unset, as in the environment.
  actor: z.string(),
  jobId: z.string(),
  now: date,
  progress: is(has('start', 'advance', 'done'), 'not an object with start, advance and done'),
  signal: is(has('throwIfAborted', 'addEventListener'), 'not an AbortSignal'),
  warn: callable,
};
export const openOptions = options<OpenOptions>('options', { ...openFields, store: path, readOnly: flag });
export const createOptions = options<CreateOptions>('options', {
  ...openFields,
  allowSetClock: flag,
  shared: flag,
});
