import type { FaultList } from '../../core/handshake/fault.js';
import type { WorkspaceManifest } from '../../core/handshake/workspace-manifest.js';
import { inNormalForm } from '../../core/json/canonical.js';
import { compact } from '../../core/json/omit-undefined.js';
import { parseSchema, token } from '../../core/json/schema.js';
import { DIRECTORY_TYPE } from '../../core/manifest/content-type.js';
import { type EntityRef, MANIFEST_SCHEMA, type Manifest, toManifest } from '../../core/manifest/manifest.js';
import { executableLabel, FROM_LAYER_LABEL, HASH_FORM_LABEL } from '../../core/manifest/own-labels.js';
import { DEFAULT_CLASS } from '../../core/manifest/vocabulary.js';
import { toTimestamp } from '../../core/objects/ids.js';
import { checkFilenameHint } from '../../core/paths/safe-path.js';
import { escapeText } from '../../core/text/escape-control.js';
import { isHsError } from '../../errors/hs-error.js';
import type { FoundArtifact } from './read-workspace.js';

/** The program named in the provenance of an imported artifact. */
const ENGINE = 'handshake_core';
const MEDIA_TYPE = /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/;
const REACHES_OUT = /(?:^|[/\\])\.\.(?:[/\\]|$)|^[/\\]|\p{Cc}/u;

/** Decisions about an artifact beyond its own manifest. */
export interface ImportDecisions {
  readonly classification: Manifest['classification'];
  readonly exportable: boolean;
  readonly ttl: number | undefined;
  readonly sources: NonNullable<Manifest['source_artifact_refs']>;
  /** Sources that no handle can name: only their ids remain. */
  readonly lostSources: readonly EntityRef[];
}

/** Converts a workspace manifest to one of this store; undefined, with a fault, if that is impossible. */
export function manifestFor(
  { manifest: m, payload, form }: FoundArtifact,
  decided: ImportDecisions,
  faults: FaultList,
): Manifest | undefined {
  if (m === undefined || payload === undefined || form === undefined) return undefined;
  const isDirectory = payload.type === 'directory';
  const entities = [...entityRefs(m, faults), ...decided.lostSources];
  const { filename_hint, ...rest } = compact({
    schema: MANIFEST_SCHEMA,
    artifact_id: m.artifact_id,
    revision: 1,
    layer: m.layer === 'L4' ? 'L4' : 'L3',
    kind: m.kind,
    payload_type: payload.type,
    mime: isDirectory ? DIRECTORY_TYPE : mediaType(m.mime, faults),
    created_at: toTimestamp(Date.parse(m.created_at)),
    content_hash: payload.hash,
    hash_basis: isDirectory ? 'bundle_index' : 'payload_bytes',
    size_bytes: payload.size,
    classification: decided.classification,
    exportable: decided.exportable,
    retention_class: DEFAULT_CLASS[m.kind],
    // Its creation was not observed here.
    determinism_level: 'best_effort',
    filename_hint: hint(m, faults),
    created_by_job_id: jobId(m, faults),
    source_entity_refs: entities.length === 0 ? undefined : entities,
    source_artifact_refs: decided.sources.length === 0 ? undefined : decided.sources,
    retention_ttl_days: decided.ttl,
    provenance: { engine_id: ENGINE, input_hashes: [m.content_hash] },
    labels: {
      ...executableLabel(payload.type === 'file' && payload.executable),
      [FROM_LAYER_LABEL]: m.layer,
      [HASH_FORM_LABEL]: form,
    },
  });
  if (faults.keepOut) return undefined;
  try {
    return toManifest(inNormalForm(compact({ ...rest, filename_hint })));
  } catch (e) {
    if (!isHsError(e, 'INVALID_MANIFEST')) throw e;
    faults.add('manifest-invalid', escapeText(e.message));
    return undefined;
  }
}

function dropped(faults: FaultList, field: string, value: string): undefined {
  faults.add('field-dropped', `its ${field} '${escapeText(value.slice(0, 100))}' has no place here`);
}

function mediaType(mime: string, faults: FaultList): string {
  const type = mime.split(';')[0]!.trim().toLowerCase();
  if (MEDIA_TYPE.test(type) && type.length <= 255) return type;
  dropped(faults, 'mime', mime);
  return 'application/octet-stream';
}

/** A name that leaves its directory is an attack; any other invalid name is dropped. */
function hint({ filename_hint: given }: WorkspaceManifest, faults: FaultList): string | undefined {
  if (given == null) return undefined;
  if (REACHES_OUT.test(given)) {
    faults.add(
      'unsafe-path',
      `its filename hint '${escapeText(given.slice(0, 100))}' reaches out of its directory`,
    );
    return undefined;
  }
  return checkFilenameHint(given).problem === undefined ? given : dropped(faults, 'filename hint', given);
}

const isToken = (value: string) => 'data' in parseSchema(token, value);

function jobId({ created_by_job_id: job }: WorkspaceManifest, faults: FaultList): string | undefined {
  if (job == null) return undefined;
  return isToken(job) ? job : dropped(faults, 'job', job);
}

function entityRefs({ source_entity_refs: refs }: WorkspaceManifest, faults: FaultList): EntityRef[] {
  const kept: EntityRef[] = [];
  for (const { entity_kind, entity_id } of refs ?? []) {
    if (isToken(entity_kind) && isToken(entity_id)) kept.push({ entity_kind, entity_id });
    else dropped(faults, 'entity', `${entity_kind}:${entity_id}`);
  }
  return kept;
}
