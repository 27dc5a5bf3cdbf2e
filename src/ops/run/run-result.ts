import type { Manifest } from '../../core/manifest/manifest.js';
import type { Captured } from './collect-capture.js';
import type { RunInput } from './run-inputs.js';
import type { RunFacts } from './run-record.js';
import type { RunArtifact, RunRequest, RunResult } from './run-request.js';

/** Status for a detected write elsewhere under `--strict`, and for a failure of hs itself. */
const STRAY_STATUS = 124;
const OWN_FAILURE = 125;

interface Registered {
  readonly taken: Captured;
  readonly manifests: readonly Manifest[];
  readonly lost: boolean;
  readonly inputs: readonly RunInput[];
}

/** The result of a run that has ended and is recorded. */
export function runResult(
  request: RunRequest,
  facts: RunFacts,
  { taken, manifests, lost, inputs }: Registered,
): RunResult {
  const { toolStatus } = facts;
  const files = new Map(taken.payloads.map((p) => [p.contentHash, p.files]));
  const strayed = request.strict && facts.stray.length > 0;
  const failed = toolStatus === 0 && taken.refused.length > 0;
  return {
    ...facts,
    status: strayed ? STRAY_STATUS : failed ? OWN_FAILURE : toolStatus,
    artifacts: manifests.map((m): RunArtifact => {
      const { artifact_id: artifactId, kind, name, filename_hint: filenameHint } = m;
      return {
        artifactId,
        kind,
        name,
        filenameHint,
        contentHash: m.content_hash,
        payloadType: m.payload_type,
        sizeBytes: m.size_bytes,
        files: files.get(m.content_hash) ?? 1,
      };
    }),
    refused: taken.refused,
    emptyDirectories: taken.emptyDirectories,
    unportable: taken.unportable,
    inputs: inputs.map(({ record, path }) => ({ artifactId: record.artifact_id, path })),
    lost,
  };
}
