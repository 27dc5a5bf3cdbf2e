import program from '../../../package.json' with { type: 'json' };
import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { bundleHash } from '../../core/debug/check-debug-bundle.js';
import {
  type DebugDiagnostic,
  type DebugDocument,
  type DebugJob,
  type DebugMode,
  type DebugScopeRecord,
  type EvidenceState,
  type MissingEvidence,
  REDACTION_MODES,
} from '../../core/debug/document-formats.js';
import { coderPrompt, reproduction } from '../../core/debug/prompt.js';
import { Redactor } from '../../core/debug/redactor.js';
import { canonicalBytes, type Json } from '../../core/json/canonical.js';
import { canonicalLines } from '../../core/json/canonical-lines.js';
import { compact } from '../../core/json/omit-undefined.js';
import { decodeManifest, MAX_MANIFEST_BYTES } from '../../core/manifest/manifest.js';
import { isRestricted } from '../../core/manifest/sensitivity.js';
import type { IndexEntry } from '../../core/objects/bundle-index.js';
import type { ArtifactId, ObjectId, Timestamp } from '../../core/objects/ids.js';
import { readable } from '../guard/read-files.js';
import { restrictedContents } from '../guard/restricted-contents.js';
import type { Session } from '../session/session.js';
import { type EventEvidence, type Evidence, stateOf } from './collect-evidence.js';
import type { DebugRequest } from './debug-request.js';
import { derivedUuid, diagnosticsOf } from './diagnostics.js';
import { jobsOf } from './jobs.js';
import { previewOf } from './preview.js';
import { type DebugHead, environmentOf, platformOf, redactionOf, retentionOf } from './reports.js';

/** Maximum number of operations listed per event. */
const MOST_OPS = 100;

/** The documents of a debug bundle except its manifest, and the input for the manifest. */
export interface DebugFacts {
  readonly documents: ReadonlyMap<DebugDocument, Buffer>;
  readonly states: ReadonlyMap<ArtifactId, EvidenceState>;
  readonly jobs: readonly DebugJob[];
  readonly diagnostics: readonly DebugDiagnostic[];
  readonly missing: readonly MissingEvidence[];
  readonly redactions: number;
  readonly redactedFiles: ReadonlySet<string>;
  readonly head: DebugHead;
}

/** Passes all text through the redactor and sorts everything: the same evidence gives the same bytes. */
export async function makeDocuments(
  session: Session,
  catalog: Catalog,
  evidence: Evidence,
  { mode, scope }: DebugRequest & { readonly mode: DebugMode },
): Promise<DebugFacts> {
  const { store } = session;
  const redactor = await redactorFor(session, catalog, mode);
  const trace = evidence.events.map((event, i) => traceLine(event, i, redactor));
  const diagnostics = diagnosticsOf(evidence.events, redactor, store.id);
  const file = scope.kind === 'job' ? 'job.json' : 'jobs.json';
  const jobs = jobsOf(evidence.events, diagnostics, redactor, {
    storeId: store.id,
    policyId: catalog.policyId,
    file,
  });
  const states = new Map<ArtifactId, EvidenceState>();
  const artifacts: Json[] = [];
  for (const [i, record] of evidence.artifacts.entries()) {
    const state = await stateOf(session, catalog, record);
    states.set(record.artifact_id, state);
    artifacts.push(await artifactLine(session, catalog, record, state, i, redactor, mode));
  }
  const missing = [...states.values()].flatMap(missingOf);
  const head = headOf(session, evidence, { mode, scope, jobs, diagnostics, missing, redactor });
  const prompt = { manifest: head, jobs, diagnostics, events: evidence.events.map((e) => e.entry) };
  const documents = new Map<DebugDocument, Buffer>([
    ['trace.jsonl', canonicalLines(trace)],
    ['diagnostics.jsonl', canonicalLines(diagnostics)],
    ['artifacts.jsonl', canonicalLines(artifacts)],
    [file, canonicalBytes(file === 'job.json' ? jobs[0] : jobs)],
    ['env.json', canonicalBytes(environmentOf(session, mode))],
    ['retention_report.json', canonicalBytes(await retentionOf(session, catalog, evidence, head, states))],
    ['repro.md', Buffer.from(reproduction(prompt))],
    ['coder_prompt.md', Buffer.from(coderPrompt(prompt))],
  ]);
  const redactedFiles = new Set<string>(redactor.redactions.map((r) => r.file));
  documents.set(
    'redaction_report.json',
    canonicalBytes(redactionOf(redactor, documents.size, head, states, mode)),
  );
  return {
    documents,
    states,
    jobs,
    diagnostics,
    missing,
    redactions: redactor.redactions.length,
    redactedFiles,
    head,
  };
}

/** `bundle_manifest.json`: covers everything except the bundle's own index. */
export function debugBundleManifest(
  { head, redactedFiles }: DebugFacts,
  listed: readonly IndexEntry[],
): Buffer {
  const files = listed.map(({ path, content_hash, size_bytes }) => ({
    path,
    sha256: content_hash,
    size_bytes,
    redacted: redactedFiles.has(path),
  }));
  const manifest = { ...head, files };
  return canonicalBytes({ ...manifest, bundle_hash: bundleHash(manifest) });
}

async function redactorFor(session: Session, catalog: Catalog, mode: DebugMode): Promise<Redactor> {
  const { of, unreadable } = await restrictedContents(session.store.objects, catalog);
  const unknown = unreadable.some(isRestricted);
  return new Redactor({
    mode,
    // Entry 0 contains two random ids, which leave the store only with that entry.
    secret: (await session.store.ledger.read(0)).hash,
    workspace: session.store.local.workspace,
    home: session.environment.home,
    isRestricted: (hash) => unknown || of.get(hash as ObjectId)?.some(isRestricted) === true,
  });
}

function traceLine({ entry, ops, payload }: EventEvidence, i: number, redactor: Redactor): Json {
  const place = (step: string) => ({ file: 'trace.jsonl' as const, location: `$[${i}]${step}` });
  return compact({
    seq: entry.seq,
    event_id: entry.event_id,
    trace_id: entry.trace_id,
    type: entry.type,
    at: entry.at,
    set_clock: entry.set_clock,
    actor: entry.actor,
    actor_id: redactor.actor(entry.actor_id, place('.actor_id')),
    job_id: entry.job_id === undefined ? undefined : redactor.identifier(entry.job_id, place('.job_id')),
    capability_id: entry.capability_id,
    decision: entry.decision,
    operations: ops.length,
    ops: redactor.value(ops.slice(0, MOST_OPS), place('.ops')),
    payload: redactor.value(payload, place('.payload')),
  });
}

async function artifactLine(
  session: Session,
  catalog: Catalog,
  record: ArtifactRecord,
  { availability }: EvidenceState,
  i: number,
  redactor: Redactor,
  mode: DebugMode,
): Promise<Json> {
  const place = (step: string) => ({ file: 'artifacts.jsonl' as const, location: `$[${i}]${step}` });
  const { objects } = session.store;
  const manifest = await readable(async () =>
    decodeManifest(await objects.read(record.manifest, MAX_MANIFEST_BYTES)),
  );
  const { created_by_job_id: job, ...rest } = manifest ?? { artifact_id: record.artifact_id };
  const preview =
    mode === 'workspace' && availability === 'available'
      ? await previewOf(objects, catalog, record, redactor, place('.preview'))
      : undefined;
  return compact({
    artifact_id: record.artifact_id,
    availability,
    manifest: redactor.value(rest, place('.manifest')),
    created_by_job_id: job === undefined ? undefined : redactor.identifier(job, place('.created_by_job_id')),
    preview,
  });
}

function missingOf({ artifact_id: id, availability }: EvidenceState): MissingEvidence[] {
  const reason = {
    purged: 'retention_expired',
    damaged: 'not_found',
    access_denied: 'access_denied',
  } as const;
  if (availability === 'available' || availability === 'in_trash') return [];
  return [{ kind: 'artifact', id, reason: reason[availability] }];
}

interface Head {
  readonly mode: DebugMode;
  readonly scope: DebugRequest['scope'];
  readonly jobs: readonly DebugJob[];
  readonly diagnostics: readonly DebugDiagnostic[];
  readonly missing: readonly MissingEvidence[];
  readonly redactor: Redactor;
}

function headOf(
  session: Session,
  { events, about }: Evidence,
  { mode, scope, jobs, diagnostics, missing, redactor }: Head,
): DebugHead {
  const [first, last] = [events[0]!.entry, events.at(-1)!.entry];
  const wsid = session.store.id;
  const range = (start: Timestamp, end: Timestamp) => ({ time_range: { start, end } });
  const place = { file: 'bundle_manifest.json' as const, location: '$.scope.job_id' };
  const recorded: DebugScopeRecord =
    scope.kind === 'job'
      ? { kind: 'job', job_id: redactor.identifier(scope.job, place), wsid }
      : scope.kind === 'time'
        ? { kind: 'time_window', ...range(scope.since, scope.until ?? last.at), wsid }
        : { kind: 'artifact', artifact_id: about!, ...range(first.at, last.at), wsid };
  const id = derivedUuid(JSON.stringify([wsid, recorded, mode, last.event_id]));
  const { os, arch } = platformOf(session);
  return {
    schema_version: '1.0',
    bundle_id: id,
    bundle_kind: 'debug_bundle',
    // Not from the clock: the same evidence gives the same bytes.
    created_at: last.at,
    scope: recorded,
    redaction_mode: REDACTION_MODES[mode],
    workflow_run_id: id,
    job_id: id,
    exporter_version: program.version,
    platform: { os, arch, app_version: program.version, build_hash: 'release' },
    included: { job_count: jobs.length, diagnostic_count: diagnostics.length, event_count: events.length },
    missing_evidence: [...missing],
  };
}
