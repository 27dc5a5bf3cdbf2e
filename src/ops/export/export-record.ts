import manifest from '../../../package.json' with { type: 'json' };
import { canonicalBytes } from '../../core/json/canonical.js';
import type { ExportRecord } from '../../core/ledger/entry-types.js';
import type { ExportFormat } from '../../core/ledger/export-formats.js';
import { handleOf } from '../../core/manifest/handle-of.js';
import type { DeterminismLevel } from '../../core/manifest/vocabulary.js';
import { sha256 } from '../../core/objects/hash.js';
import type { ObjectId, Timestamp } from '../../core/objects/ids.js';
import { comparePaths } from '../../core/paths/safe-path.js';
import type { Actor } from '../../core/policy/authorize.js';
import { hasFeature } from '../../store/port/format.js';
import type { Store } from '../../store/store.js';
import type { Content } from '../payload/read-content.js';
import { type Purpose, purposeFields } from './export-purpose.js';

/** The same tar may compress differently with another zlib version; everything else is identical bytes anywhere. */
function determinismOf(format: ExportFacts['format']): DeterminismLevel {
  return format === 'tar.gz' ? 'structural' : 'bitwise';
}

/** Options that change the written bytes. */
export interface ExportConfig {
  readonly with_manifest: boolean;
  /** Modification time of every archive entry, in seconds since 1970. */
  readonly mtime: number;
}

/** The fields of an export record known before the outcome, from the decision and the artifact. */
export interface ExportFacts {
  readonly exportId: string;
  readonly createdAt: Timestamp;
  readonly actor: Actor;
  readonly jobId?: string | undefined;
  /** One, or those that went to another store together. */
  readonly contents: readonly Content[];
  readonly format: ExportFormat | 'store';
  readonly config: ExportConfig;
  /** Absolute, or `-`. */
  readonly target: string;
  readonly policyId: ObjectId;
  readonly purpose: Purpose;
}

/** The export record (B7). */
export function exportRecord(
  facts: ExportFacts,
  end: Pick<ExportRecord, 'outcome' | 'warnings' | 'errors'>,
  paths?: readonly string[],
): ExportRecord {
  const { contents, format, config, target } = facts;
  const records = contents.map((c) => c.record);
  const done = end.outcome === 'done';
  return {
    export_id: facts.exportId,
    created_at: facts.createdAt,
    actor: `${facts.actor.type}:${facts.actor.id}`,
    ...(facts.jobId === undefined ? {} : { job_id: facts.jobId }),
    source_entity_refs: entitiesOf(contents),
    source_hashes: [...new Set(records.map((r) => r.content_hash))],
    export_format: target === '-' ? 'stdout' : format,
    exporter: {
      engine_id: 'hs',
      engine_version: manifest.version,
      config_hash: sha256(canonicalBytes({ format, ...config })),
    },
    determinism_level: determinismOf(format),
    hash_basis: records.some((r) => r.payload_type === 'directory') ? 'bundle_index' : 'payload_bytes',
    export_target: target,
    ...purposeFields(facts.purpose),
    policy_id: facts.policyId,
    redactions_applied: false,
    output_artifact_handles: done ? records.map(handleOf) : [],
    ...(done && paths !== undefined ? { materialized_paths: [...paths] } : {}),
    ...end,
  };
}

/** Each entity once. */
function entitiesOf(contents: readonly Content[]) {
  const refs = contents.flatMap((c) => c.manifest?.source_entity_refs ?? []);
  return [...new Map(refs.map((ref) => [`${ref.entity_kind} ${ref.entity_id}`, ref])).values()];
}

/** The format in the record of a copy to another store; records of stores made before know none of its own. */
export function storeFormat({ format }: Store): 'store' | 'dir' {
  return hasFeature(format, 'transfers') ? 'store' : 'dir';
}

/**
 * The files written: for a directory or a layout, relative to it; for a file or archive, its name relative to the containing
 * directory; none for standard output.
 */
export function materializedPaths(
  format: ExportFormat,
  target: string,
  entries: readonly { readonly path: string }[],
): string[] {
  if (target === '-') return [];
  if (format !== 'dir' && format !== 'oci') return [target.slice(target.lastIndexOf('/') + 1)];
  return entries.map((e) => e.path).sort(comparePaths);
}
