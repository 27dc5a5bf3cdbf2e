import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { compareRegistration } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import type { ArtifactId } from '../../core/objects/ids.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import type { TransferRequest } from './transfer-request.js';

/** Limits of a batch: what an interruption loses, and what one entry names. */
export interface BatchLimits {
  readonly artifacts: number;
  readonly bytes: number;
}

export const BATCH_LIMITS: BatchLimits = { artifacts: 256, bytes: 256 * 1024 * 1024 };

type Chosen = Pick<ArtifactRecord, 'artifact_id' | 'size_bytes' | 'registered'>;

/** The artifacts to copy, in batches: in the order of their registration, so that sources come first. */
export async function chooseArtifacts(
  catalog: Catalog,
  { artifacts, withSources }: TransferRequest,
  limits: BatchLimits,
): Promise<ArtifactId[][]> {
  const chosen = new Map<ArtifactId, Chosen>();
  const choose = (r: ArtifactRecord) => {
    const { artifact_id, size_bytes, registered } = r;
    chosen.set(artifact_id, { artifact_id, size_bytes, registered });
  };
  if (artifacts === undefined) for await (const record of catalog.live()) choose(record);
  else for (const typed of artifacts) choose(await resolveArtifact(catalog, typed));
  if (withSources) {
    for (const id of chosen.keys()) {
      for (const source of (await catalog.get(id))?.sources ?? []) {
        const record = chosen.has(source) ? undefined : await catalog.get(source);
        // A map that grows is also visited where it grew: the sources of sources follow.
        if (record !== undefined && record.removed === undefined) choose(record);
      }
    }
  }
  const sorted = [...chosen.values()].sort((a, b) => compareRegistration(a.registered, b.registered));
  return inBatches(sorted, limits);
}

function inBatches(sorted: readonly Chosen[], limits: BatchLimits): ArtifactId[][] {
  const batches: ArtifactId[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const { artifact_id, size_bytes } of sorted) {
    if (bytes + size_bytes > limits.bytes || batches.at(-1)!.length >= limits.artifacts) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)!.push(artifact_id);
    bytes += size_bytes;
  }
  return batches;
}
