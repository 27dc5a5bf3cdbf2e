import program from '../../../package.json' with { type: 'json' };
import type { Catalog } from '../../core/catalog/catalog.js';
import {
  type DebugManifest,
  type DebugMode,
  type EvidenceState,
  REDACTION_MODES,
} from '../../core/debug/document-formats.js';
import type { Redactor } from '../../core/debug/redactor.js';
import { MAX_TTL_DAYS } from '../../core/manifest/manifest.js';
import type { ArtifactId } from '../../core/objects/ids.js';
import { DETECTORS } from '../../core/secrets/detectors.js';
import { runtime } from '../../fsx/system-effects.js';
import type { Session } from '../session/session.js';
import type { Evidence } from './collect-evidence.js';

/** The manifest without the fields that depend on the files. */
export type DebugHead = Omit<DebugManifest, 'files' | 'bundle_hash'>;

/** The kind of environment hs runs in. */
export function platformOf({ environment }: Session) {
  return { os: environment.platform, arch: runtime().arch };
}

/** `env.json`: contains nothing about the user. */
export function environmentOf(session: Session, mode: DebugMode) {
  return {
    app_version: program.version,
    build_hash: 'release',
    platform: platformOf(session),
    rust_version: 'none',
    node_version: runtime().node,
    wsid: session.store.id,
    // The ledger is never truncated: the largest number of days hs supports.
    config: { model_runtime: 'none', flight_recorder_retention_days: MAX_TTL_DAYS },
    feature_flags: [...session.store.format.features],
    redaction_note: `Paths, environment variables and secrets are not in this file, whatever the mode (${REDACTION_MODES[mode]}).`,
  };
}

/** `retention_report.json`: which evidence is available, which is not, and why. */
export async function retentionOf(
  session: Session,
  catalog: Catalog,
  evidence: Evidence,
  head: DebugHead,
  states: ReadonlyMap<ArtifactId, EvidenceState>,
) {
  const { retention } = await session.policy(catalog);
  const gaps = [
    ...(evidence.eventsLeftOut === 0
      ? []
      : [
          {
            kind: 'event',
            description: `${evidence.eventsLeftOut} older events are left out`,
            impact: 'medium',
          },
        ]),
    ...(evidence.artifactsLeftOut === 0
      ? []
      : [
          {
            kind: 'artifact',
            description: `${evidence.artifactsLeftOut} artifacts are left out`,
            impact: 'medium',
          },
        ]),
    ...head.missing_evidence.map(({ kind, id, reason }) => ({
      kind,
      description: `the payload of ${id} is not there: ${reason}`,
      impact: 'high',
    })),
  ];
  const { job_count, diagnostic_count, event_count } = head.included;
  return {
    // Makes the bytes of each mode differ: those of a restricted bundle are restricted wherever they appear.
    redaction_mode: head.redaction_mode,
    report_generated_at: head.created_at,
    retention_policy: {
      flight_recorder_days: MAX_TTL_DAYS,
      diagnostics_days: MAX_TTL_DAYS,
      job_metadata_days: MAX_TTL_DAYS,
      policy_id: catalog.policyId,
      classes: retention.classes,
      trash_days: retention.trash_days,
    },
    available: {
      jobs: job_count,
      diagnostics: diagnostic_count,
      events: event_count,
      artifacts: [...states.values()].filter((s) => s.availability === 'available').length,
    },
    expired: { jobs: [], diagnostics: [], event_ranges: [] },
    evidence_gaps: gaps,
    artifacts: [...states.values()],
  };
}

/** `redaction_report.json`: where something was replaced, and by which detector. */
export function redactionOf(
  { redactions }: Redactor,
  documents: number,
  head: DebugHead,
  states: ReadonlyMap<ArtifactId, EvidenceState>,
  mode: DebugMode,
) {
  const byCategory: Record<string, number> = {};
  for (const { category } of redactions) byCategory[category] = (byCategory[category] ?? 0) + 1;
  const decided = (availability: EvidenceState['availability']) => {
    if (availability !== 'available')
      return { decision: 'exclude', reason: `its payload is ${availability}` };
    if (mode === 'full') return { decision: 'include', reason: 'the mode includes payloads' };
    return { decision: 'redact', reason: 'its payload is not included in this mode' };
  };
  return {
    redaction_mode: head.redaction_mode,
    report_generated_at: head.created_at,
    detectors: DETECTORS.map(({ id }) => ({ id, version: program.version, patterns_count: 1 })),
    summary: {
      files_scanned: documents,
      files_redacted: new Set(redactions.map((r) => r.file)).size,
      total_redactions: redactions.length,
      by_category: byCategory,
    },
    redactions: [...redactions],
    policy_decisions: [...states.values()].map(({ artifact_id, availability }) => ({
      item_kind: 'artifact',
      item_id: artifact_id,
      ...decided(availability),
    })),
  };
}
