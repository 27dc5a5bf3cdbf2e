import type { DebugDiagnostic } from '../../core/debug/document-formats.js';
import type { Redactor } from '../../core/debug/redactor.js';
import { canonicalText } from '../../core/json/canonical.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { EntryPayload } from '../../core/ledger/entry-types.js';
import { sha256 } from '../../core/objects/hash.js';
import type { EventEvidence } from './collect-evidence.js';

/** A failure that an entry reports: `title` is fixed text of hs, `said` may be free text. */
interface Problem {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly title: string;
  readonly said: readonly string[];
}

function problemsOf({ entry, payload }: EventEvidence): Problem[] {
  if (entry.type === 'capability_action' && entry.decision === 'deny') {
    const { reason } = payload as EntryPayload<'capability_action'>;
    const said = reason === undefined ? [] : [reason];
    return [{ severity: 'error', code: 'HS-REFUSED', title: 'an operation was refused', said }];
  }
  if (entry.type === 'export_record') {
    const { outcome, errors } = payload as EntryPayload<'export_record'>;
    if (outcome === 'done') return [];
    const code = `HS-EXPORT-${outcome.toUpperCase()}`;
    return [{ severity: 'error', code, title: `an export was ${outcome}`, said: errors }];
  }
  if (entry.type === 'tool_run') return runProblems(payload as EntryPayload<'tool_run'>);
  if (entry.type === 'integrity_finding') {
    const { findings, repaired, summary } = payload as EntryPayload<'integrity_finding'>;
    if (findings === repaired) return [];
    return [
      { severity: 'error', code: 'HS-INTEGRITY', title: 'damage was found in the store', said: [summary] },
    ];
  }
  return [];
}

function runProblems({ exit_status, errors, stray_writes }: EntryPayload<'tool_run'>): Problem[] {
  const problems: Problem[] = [];
  if (exit_status !== 0) {
    problems.push({
      severity: 'error',
      code: 'HS-RUN-FAILED',
      title: `a tool ended with status ${exit_status}`,
      said: [],
    });
  }
  if (errors !== undefined) {
    problems.push({
      severity: 'error',
      code: 'HS-RUN-OUTPUT',
      title: 'output of a tool was not registered',
      said: errors,
    });
  }
  if (stray_writes > 0) {
    problems.push({
      severity: 'warning',
      code: 'HS-RUN-STRAY',
      title: 'a tool wrote outside its capture directory',
      said: [],
    });
  }
  return problems;
}

/** A UUID derived from the text: the same text gives the same UUID. */
export function derivedUuid(text: string): string {
  const hex = sha256(Buffer.from(text));
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** `diagnostics.jsonl`: refusals, failures and findings, in the order of the entries. */
export function diagnosticsOf(
  events: readonly EventEvidence[],
  redactor: Redactor,
  storeId: string,
): DebugDiagnostic[] {
  const diagnostics: DebugDiagnostic[] = [];
  for (const event of events) {
    for (const { severity, code, title, said } of problemsOf(event)) {
      const { event_id, at, job_id } = event.entry;
      const place = (field: string) => ({
        file: 'diagnostics.jsonl' as const,
        location: `$[${diagnostics.length}].${field}`,
      });
      // Joined first: a text may say what the next one is.
      const words = said.length === 0 ? [] : [redactor.text(said.join(': '), place('message'))];
      diagnostics.push(
        compact({
          id: derivedUuid(`${event_id} ${code}`),
          fingerprint: sha256(Buffer.from(canonicalText([code, title]))),
          severity,
          source: 'hs',
          surface: 'ledger',
          code,
          title,
          message: [title, ...words].join(': '),
          created_at: at,
          wsid: storeId,
          job_id: job_id === undefined ? undefined : redactor.identifier(job_id, place('job_id')),
          link_confidence: 'direct' as const,
          evidence_refs: [event_id],
        }),
      );
    }
  }
  return diagnostics;
}
