import type { ArtifactFacts } from '../ledger/operation.js';
import type { Manifest } from '../manifest/manifest.js';
import { rowSum } from './table-sums.js';

type Shared = Omit<
  ArtifactFacts,
  'manifest' | 'manifest_size_bytes' | 'sources' | 'job_id' | 'labels' | 'entities'
>;
type Others = Pick<ArtifactFacts, 'sources' | 'job_id' | 'labels' | 'entities'>;

const json = (value: unknown) => (value === undefined ? '' : JSON.stringify(value));

function digest(f: Shared, { sources, job_id, labels, entities }: Others): number {
  return rowSum(
    f.artifact_id,
    `${f.revision} ${f.content_hash} ${f.payload_type} ${f.kind} ${f.retention_class} ${f.layer} ` +
      `${f.classification} ${f.exportable} ${f.retention_ttl_days} ${f.size_bytes} ${f.created_at} ${json(f.name)} ` +
      `${json(f.filename_hint)} ${sources?.join()} ${job_id} ${json(labels)} ${json(entities)}`,
  );
}

/** 48 bits of the facts of an artifact except which manifest they are from: two that differ differ in it. */
export function digestOfFacts(facts: ArtifactFacts): number {
  return digest(facts, facts);
}

/** The same of a manifest; `facts2`: of a store that records them. */
export function digestOfManifest(m: Manifest, facts2: boolean): number {
  return digest(m, {
    sources: m.source_artifact_refs?.map((s) => s.artifact_id),
    ...(facts2
      ? { job_id: m.created_by_job_id, labels: m.labels, entities: m.source_entity_refs }
      : undefined),
  });
}
