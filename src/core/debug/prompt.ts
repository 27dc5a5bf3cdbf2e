import type { DebugDiagnostic, DebugJob, DebugManifest } from './document-formats.js';

/** Input of the two texts of a debug bundle: documents that are already redacted. */
export interface PromptFacts {
  readonly manifest: Pick<
    DebugManifest,
    'scope' | 'platform' | 'missing_evidence' | 'redaction_mode' | 'created_at'
  >;
  readonly jobs: readonly DebugJob[];
  readonly diagnostics: readonly DebugDiagnostic[];
  readonly events: readonly { readonly event_id: string; readonly at: string }[];
}

/** Of many, show the newest, which tell most. */
const SHOWN = 20;

function scopeLines({ scope }: PromptFacts['manifest']): string[] {
  return [
    `- Store ID: \`${scope.wsid}\``,
    ...(scope.artifact_id === undefined ? [] : [`- Artifact ID: \`${scope.artifact_id}\``]),
    ...(scope.time_range === undefined
      ? []
      : [`- Time range: ${scope.time_range.start} to ${scope.time_range.end}`]),
  ];
}

/** `repro.md`. */
export function reproduction({ manifest, jobs, diagnostics, events }: PromptFacts): string {
  const { os, arch, app_version } = manifest.platform;
  const failed = diagnostics.at(-1);
  return lines([
    '# Reproduction',
    '',
    '## Environment',
    `- hs: ${app_version}`,
    `- Platform: ${os} / ${arch}`,
    ...scopeLines(manifest),
    `- Redaction mode: ${manifest.redaction_mode}`,
    '',
    '## Timeline',
    `- First event: ${events[0]?.at ?? 'none'}`,
    `- Last event: ${events.at(-1)?.at ?? 'none'}`,
    `- Events: ${events.length}, jobs: ${jobs.length}, diagnostics: ${diagnostics.length}`,
    '',
    '## Steps to reproduce',
    'Unknown. `trace.jsonl` lists what was done, in order.',
    '',
    '## Expected',
    failed === undefined ? 'Unknown.' : 'The operation ends without a diagnostic.',
    '',
    '## Actual',
    failed === undefined ? 'No diagnostic was recorded.' : `${failed.code}: ${failed.title}`,
  ]);
}

/** `coder_prompt.md`: everything needed to investigate without asking back. */
export function coderPrompt(facts: PromptFacts): string {
  const { manifest, jobs, diagnostics, events } = facts;
  const failed = diagnostics.at(-1);
  const { os, arch, app_version, build_hash } = manifest.platform;
  const jobsFile = manifest.scope.kind === 'job' ? 'job.json' : 'jobs.json';
  return lines([
    '# Debug bundle',
    '',
    '## What failed',
    ...(failed === undefined
      ? ['No diagnostic was recorded in this scope.']
      : [`${failed.title} (\`${failed.code}\`, ${failed.severity})`, '', failed.message]),
    '',
    '## Version',
    `- hs ${app_version} (build ${build_hash})`,
    `- Platform: ${os} / ${arch}`,
    '',
    '## Context',
    ...scopeLines(manifest),
    ...jobs.slice(-SHOWN).map((job) => `- Job ID: \`${job.job_id}\``),
    ...diagnostics.slice(-SHOWN).map((d) => `- Diagnostic ID: \`${d.id}\``),
    ...events.slice(-SHOWN).map((e) => `- Event ID: \`${e.event_id}\``),
    '',
    '## Steps to reproduce',
    'See `repro.md`.',
    '',
    '## Expected and actual',
    `- Expected: ${failed === undefined ? 'unknown' : 'the operation ends without a diagnostic'}`,
    `- Actual: ${failed === undefined ? 'unknown' : failed.title}`,
    '',
    '## Files',
    `- \`${jobsFile}\`: the jobs, and how they ended`,
    '- `diagnostics.jsonl`: what was refused, failed or found',
    '- `trace.jsonl`: the entries of the ledger, in order',
    '- `artifacts.jsonl`: the manifests',
    '- `env.json`: the program and the platform',
    '- `retention_report.json`: what is there, what is not, and why',
    '- `redaction_report.json`: what was taken out, where and by what',
    '',
    '## Policy',
    `- Redaction mode: ${manifest.redaction_mode}`,
    '',
    '## Missing evidence',
    ...(manifest.missing_evidence.length === 0
      ? ['Nothing that was asked for is missing.']
      : manifest.missing_evidence.map((m) => `- ${m.kind} \`${m.id}\`: ${m.reason}`)),
  ]);
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
