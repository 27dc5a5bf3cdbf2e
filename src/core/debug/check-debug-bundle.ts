import { createHash } from 'node:crypto';
import type * as z from 'zod/mini';
import { canonicalText, decodeUtf8, type Json, parseCanonical } from '../json/canonical.js';
import { parseCanonicalLines } from '../json/canonical-lines.js';
import { parseSchema } from '../json/schema.js';
import {
  DEBUG_MANIFEST_NAME,
  type DebugDocument,
  type DebugManifest,
  debugDiagnostic,
  debugEnvironment,
  debugEvent,
  debugJob,
  debugManifest,
  debugRedaction,
  debugRetention,
  REDACTION_MODES,
  REQUIRED_DOCUMENTS,
} from './document-formats.js';
import { findAll, MARK } from './remove-findings.js';

/** One finding of a debug bundle check. */
export interface DebugFinding {
  readonly severity: 'error' | 'warning';
  /** `VAL-BUNDLE-001` with its sub-check, or `VAL-REDACT-001`. */
  readonly code: string;
  readonly message: string;
  readonly file?: string;
}

export interface DebugCheck {
  readonly mode: DebugManifest['redaction_mode'] | undefined;
  readonly findings: readonly DebugFinding[];
}

/** The files present, regardless of what the documents say. */
export interface DebugFiles {
  /** The documents, complete. */
  readonly documents: ReadonlyMap<string, Uint8Array>;
  /** All files but the bundle's own index, with their SHA-256 and size. */
  readonly all: ReadonlyMap<string, { readonly hash: string; readonly size: number }>;
}

const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

/** `bundle_hash`: over the manifest without it, and the hashes of the files in order of path. */
export function bundleHash(manifest: Omit<DebugManifest, 'bundle_hash'>): string {
  const hashes = manifest.files.map((f) => f.sha256).join('\n');
  return createHash('sha256')
    .update(`${canonicalText(manifest)}\n${hashes}`)
    .digest('hex');
}

/**
 * VAL-BUNDLE-001: the required files are present, each fits its schema, cross-references resolve and hashes match; no
 * text that looks like a secret, a person or a place remains where the mode forbids it; and everything missing is
 * accounted for.
 */
export function checkDebugBundle(files: DebugFiles): DebugCheck {
  const check = new Check(files);
  check.required();
  check.parse();
  check.consistency();
  check.redaction();
  check.missing();
  return { mode: check.manifest?.redaction_mode, findings: check.findings };
}

class Check {
  readonly findings: DebugFinding[] = [];
  readonly #files: DebugFiles;
  manifest: DebugManifest | undefined;
  #jobs: z.output<typeof debugJob>[] = [];
  #diagnostics: z.output<typeof debugDiagnostic>[] = [];
  #events: z.output<typeof debugEvent>[] = [];
  #retention: z.output<typeof debugRetention> | undefined;
  #redaction: z.output<typeof debugRedaction> | undefined;

  constructor(files: DebugFiles) {
    this.#files = files;
  }

  #error(what: string, message: string, file?: string): void {
    const code = what.startsWith('VAL-') ? what : `VAL-BUNDLE-001:${what}`;
    this.findings.push({ severity: 'error', code, message, ...(file === undefined ? {} : { file }) });
  }

  required(): void {
    const has = (name: string) => this.#files.documents.has(name);
    for (const name of REQUIRED_DOCUMENTS) if (!has(name)) this.#error('MISSING_FILE', 'is missing', name);
    if (has('job.json') === has('jobs.json')) {
      this.#error('MISSING_FILE', 'there must be one of job.json and jobs.json', 'jobs.json');
    }
  }

  parse(): void {
    this.manifest = this.#one(DEBUG_MANIFEST_NAME, debugManifest);
    this.#one('env.json', debugEnvironment);
    this.#retention = this.#one('retention_report.json', debugRetention);
    this.#redaction = this.#one('redaction_report.json', debugRedaction);
    const job = this.#one('job.json', debugJob);
    this.#jobs = job === undefined ? this.#list('jobs.json', debugJob) : [job];
    this.#diagnostics = this.#lines('diagnostics.jsonl', debugDiagnostic);
    this.#events = this.#lines('trace.jsonl', debugEvent);
    for (const name of ['repro.md', 'coder_prompt.md']) this.#text(name);
  }

  #read<T>(name: DebugDocument, read: (bytes: Uint8Array) => T): T | undefined {
    const bytes = this.#files.documents.get(name);
    if (bytes === undefined) return undefined;
    try {
      return read(bytes);
    } catch (e) {
      this.#error('SCHEMA', (e as Error).message, name);
      return undefined;
    }
  }

  #fits<S extends z.ZodMiniType>(name: DebugDocument, schema: S, value: Json): z.output<S> | undefined {
    const result = parseSchema(schema, value);
    if ('data' in result) return result.data;
    this.#error('SCHEMA', result.problems.join('; '), name);
    return undefined;
  }

  #one<S extends z.ZodMiniType>(name: DebugDocument, schema: S): z.output<S> | undefined {
    const value = this.#read(name, (bytes) => parseCanonical(bytes, MAX_DOCUMENT_BYTES));
    return value === undefined ? undefined : this.#fits(name, schema, value);
  }

  #list<S extends z.ZodMiniType>(name: DebugDocument, schema: S): z.output<S>[] {
    const value = this.#read(name, (bytes) => parseCanonical(bytes, MAX_DOCUMENT_BYTES)) ?? [];
    if (!Array.isArray(value)) {
      this.#error('SCHEMA', 'is no list', name);
      return [];
    }
    return value.flatMap((v: Json) => this.#fits(name, schema, v) ?? []);
  }

  #lines<S extends z.ZodMiniType>(name: DebugDocument, schema: S): z.output<S>[] {
    const values = this.#read(name, (bytes) => [...parseCanonicalLines(bytes, MAX_DOCUMENT_BYTES)]) ?? [];
    return values.flatMap((v) => this.#fits(name, schema, v) ?? []);
  }

  #text(name: string): string {
    const bytes = this.#files.documents.get(name);
    return bytes === undefined ? '' : (this.#read(name as DebugDocument, decodeUtf8) ?? '');
  }

  consistency(): void {
    const { manifest } = this;
    if (manifest === undefined) return;
    const counted: readonly (readonly [string, number, number])[] = [
      ['job_count', manifest.included.job_count, this.#jobs.length],
      ['diagnostic_count', manifest.included.diagnostic_count, this.#diagnostics.length],
      ['event_count', manifest.included.event_count, this.#events.length],
    ];
    for (const [what, said, found] of counted) {
      if (said !== found)
        this.#error('CONSISTENCY', `${what} is ${said}, there are ${found}`, DEBUG_MANIFEST_NAME);
    }
    this.#listed(manifest);
    const { bundle_hash, ...rest } = manifest;
    if (bundleHash(rest) !== bundle_hash) {
      this.#error('HASH', 'bundle_hash does not match the manifest', DEBUG_MANIFEST_NAME);
    }
    const [jobs, diagnostics, events] = [
      new Set(this.#jobs.map((j) => j.job_id)),
      new Set(this.#diagnostics.map((d) => d.id)),
      new Set(this.#events.map((e) => e.event_id)),
    ];
    const named = (kind: string, ids: Iterable<string>, known: ReadonlySet<string>, file: string) => {
      for (const id of ids)
        if (!known.has(id)) this.#error('CONSISTENCY', `names a ${kind} that is not there`, file);
    };
    const prompt = this.#text('coder_prompt.md');
    named('job', referred(prompt, 'Job'), jobs, 'coder_prompt.md');
    named('diagnostic', referred(prompt, 'Diagnostic'), diagnostics, 'coder_prompt.md');
    named('event', referred(prompt, 'Event'), events, 'coder_prompt.md');
    for (const job of this.#jobs) {
      named('diagnostic', job.diagnostic_ids, diagnostics, 'jobs.json');
      named('event', job.event_ids, events, 'jobs.json');
    }
  }

  #listed(manifest: DebugManifest): void {
    const listed = new Map(manifest.files.map((f) => [f.path, f]));
    for (const [path, { hash, size }] of this.#files.all) {
      if (path === DEBUG_MANIFEST_NAME) continue;
      const said = listed.get(path);
      if (said === undefined) this.#error('CONSISTENCY', 'is not in the manifest', path);
      else if (said.sha256 !== hash || said.size_bytes !== size) {
        this.#error('HASH', 'does not match the manifest', path);
      }
    }
    for (const path of listed.keys()) {
      if (!this.#files.all.has(path)) this.#error('CONSISTENCY', 'is in the manifest alone', path);
    }
  }

  redaction(): void {
    const { manifest } = this;
    if (manifest === undefined || manifest.redaction_mode === REDACTION_MODES.full) return;
    for (const [name, bytes] of this.#files.documents) {
      for (const { detector } of findAll(Buffer.from(bytes).toString('utf8'))) {
        this.#error('VAL-REDACT-001', `holds what looks like a secret (${detector})`, name);
      }
    }
    const report = this.#redaction;
    if (report === undefined) return;
    if (report.redaction_mode !== manifest.redaction_mode) {
      this.#error('REDACTION', 'is of another mode than the manifest', 'redaction_report.json');
    }
    if (report.summary.total_redactions !== report.redactions.length) {
      this.#error('REDACTION', 'does not list all redactions', 'redaction_report.json');
    }
    this.#marks(new Set(report.redactions.map((r) => `${r.file} ${r.replacement}`)));
  }

  /** Checks that each visible redaction is in the report. */
  #marks(reported: ReadonlySet<string>): void {
    for (const name of this.#files.documents.keys()) {
      if (name === 'redaction_report.json') continue;
      for (const [mark] of this.#text(name).matchAll(MARK)) {
        const isDerived = name.endsWith('.md') || name === DEBUG_MANIFEST_NAME;
        const isReported = isDerived
          ? [...reported].some((r) => r.endsWith(` ${mark}`))
          : reported.has(`${name} ${mark}`);
        if (!isReported)
          this.#error('REDACTION', `a redaction of ${name} is not listed`, 'redaction_report.json');
      }
    }
  }

  missing(): void {
    const { manifest } = this;
    const retention = this.#retention;
    if (manifest === undefined || retention === undefined) return;
    const lacking = retention.artifacts.filter(
      (a) => a.availability !== 'available' && a.availability !== 'in_trash',
    );
    const said = new Set(manifest.missing_evidence.filter((m) => m.kind === 'artifact').map((m) => m.id));
    for (const { artifact_id } of lacking) {
      if (!said.has(artifact_id))
        this.#error('MISSING_EVIDENCE', `does not list ${artifact_id}`, DEBUG_MANIFEST_NAME);
    }
    const known = new Set<string>(lacking.map((a) => a.artifact_id));
    for (const id of said) {
      if (!known.has(id))
        this.#error('MISSING_EVIDENCE', `${id} is available, or unknown`, 'retention_report.json');
    }
  }
}

/** Ids that a prompt refers to, as `- Job ID: \`ID\``. */
function referred(prompt: string, kind: string): string[] {
  return [...prompt.matchAll(new RegExp(`^- ${kind} ID: \`([^\`\\n]+)\`$`, 'gm'))].map((m) => m[1]!);
}
