import type { DebugDiagnostic, DebugJob } from '../../core/debug/document-formats.js';
import type { Redactor } from '../../core/debug/redactor.js';
import { canonicalText } from '../../core/json/canonical.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { EntryPayload } from '../../core/ledger/entry-types.js';
import { sha256 } from '../../core/objects/hash.js';
import { type ObjectId, timestampMs } from '../../core/objects/ids.js';
import type { EventEvidence } from './collect-evidence.js';

/** Fields common to all jobs. */
export interface JobFacts {
  readonly storeId: string;
  readonly policyId: ObjectId;
  readonly file: 'job.json' | 'jobs.json';
}

/** The jobs (`HS_JOB_ID`) that the entries name, in order of their first entry. */
export function jobsOf(
  events: readonly EventEvidence[],
  diagnostics: readonly DebugDiagnostic[],
  redactor: Redactor,
  facts: JobFacts,
): DebugJob[] {
  const byJob = new Map<string, EventEvidence[]>();
  for (const event of events) {
    const { job_id } = event.entry;
    if (job_id === undefined) continue;
    const known = byJob.get(job_id);
    if (known === undefined) byJob.set(job_id, [event]);
    else known.push(event);
  }
  return [...byJob].map(([id, own], i) => jobOf(id, own, i, diagnostics, redactor, facts));
}

function jobOf(
  id: string,
  own: readonly EventEvidence[],
  index: number,
  diagnostics: readonly DebugDiagnostic[],
  redactor: Redactor,
  { storeId, policyId, file }: JobFacts,
): DebugJob {
  const location = file === 'job.json' ? '$.job_id' : `$[${index}].job_id`;
  const runs = own.flatMap(({ entry, payload }) =>
    entry.type === 'tool_run' ? [payload as EntryPayload<'tool_run'>] : [],
  );
  const events = new Set<string>(own.map((e) => e.entry.event_id));
  const found = diagnostics.filter((d) => d.evidence_refs.some((ref) => events.has(ref)));
  const failed = found.find((d) => d.severity === 'error');
  const outputs = own.flatMap(({ ops }) => ops.flatMap((op) => (op.op === 'add' ? [op.content_hash] : [])));
  const [first, last] = [runs[0]?.started_at, runs.at(-1)?.ended_at];
  return compact({
    job_id: redactor.identifier(id, { file, location }),
    job_kind: runs.length > 0 ? 'tool_run' : 'ledger',
    protocol_id: 'hs.ledger-entry/1',
    status: failed === undefined ? ('completed' as const) : ('failed' as const),
    created_at: own[0]!.entry.at,
    started_at: first,
    ended_at: last,
    profile_id: own[0]!.entry.actor,
    capability_profile_id: policyId,
    wsid: storeId,
    inputs_hash: hashOf(runs.flatMap((r) => r.input_hashes ?? [])),
    outputs_hash: hashOf(outputs),
    error:
      failed === undefined
        ? undefined
        : { code: failed.code, message: failed.title, diagnostic_id: failed.id },
    metrics:
      first === undefined || last === undefined
        ? undefined
        : { duration_ms: Math.max(0, timestampMs(last) - timestampMs(first)) },
    diagnostic_ids: found.map((d) => d.id),
    event_ids: [...events],
  });
}

/** One hash for a list: the hash of its canonical form. */
function hashOf(hashes: readonly ObjectId[]): ObjectId {
  return sha256(Buffer.from(canonicalText([...hashes].sort())));
}
