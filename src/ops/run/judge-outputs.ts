import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { compact } from '../../core/json/omit-undefined.js';
import { handleOf } from '../../core/manifest/handle-of.js';
import { type Manifest, toManifest } from '../../core/manifest/manifest.js';
import { classificationRank, isSensitive, sensitivityOf, stricter } from '../../core/manifest/sensitivity.js';

import type { Policy } from '../../core/policy/policy.js';
import type { RunInput } from './run-inputs.js';

/**
 * The manifests to register at this state of the store: a source may have become stricter while the tool ran, and then
 * its output is as strict, whatever was requested.
 */
export async function judgeOutputs(
  manifests: readonly Manifest[],
  inputs: readonly RunInput[],
  catalog: Catalog,
  policy: Policy,
): Promise<readonly Manifest[]> {
  const records: ArtifactRecord[] = [];
  for (const { record } of inputs) records.push((await catalog.get(record.artifact_id)) ?? record);
  if (records.every((record, i) => record.revision === inputs[i]!.record.revision)) return manifests;
  const [then, now] = [sensitivityOf(inputs.map((i) => i.record)), sensitivityOf(records)];
  const isHigher = classificationRank(now.classification) > classificationRank(then.classification);
  const isClosed = then.exportable && !now.exportable;
  return manifests.map((m) => {
    const least = {
      classification: isHigher ? now.classification : m.classification,
      exportable: !isClosed && !(isHigher && now.classification === 'high'),
    };
    const standing = stricter(m, least);
    const needsTtl = isSensitive({ ...m, ...standing }) && m.retention_ttl_days === undefined;
    // A frozen source has no TTL: the window of the retention class is used instead.
    const days = now.retention_ttl_days ?? policy.retention.classes[m.retention_class].window_days;
    return toManifest(
      compact({
        ...m,
        ...standing,
        source_artifact_refs: records.map(handleOf),
        retention_ttl_days: needsTtl ? days : m.retention_ttl_days,
      }),
    );
  });
}
