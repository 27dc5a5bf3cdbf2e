import * as z from 'zod/mini';
import { HsError } from '../../errors/hs-error.js';
import { canonicalBytes, parseCanonical } from '../json/canonical.js';
import { artifactId, check, natural, objectId, parseSchema, text, timestamp, token } from '../json/schema.js';
import { readPlainManifest } from './plain-manifest.js';
import { isSensitive } from './sensitivity.js';
import {
  CLASSIFICATIONS,
  DETERMINISM_LEVELS,
  HASH_BASES,
  KINDS,
  LAYERS,
  PAYLOAD_TYPES,
  RETENTION_CLASSES,
} from './vocabulary.js';

export const MANIFEST_SCHEMA = 'hs.manifest/1';
/** A manifest describes content but does not hold any. A larger one is refused unread. */
export const MAX_MANIFEST_BYTES = 1024 * 1024;
export const MAX_TTL_DAYS = 36_500;

export const ttlDays = z.int().check(z.minimum(0), z.maximum(MAX_TTL_DAYS));
const mime = z
  .string()
  .check(z.maxLength(255), z.regex(/^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/, 'not a media type'));
const name = text(1024);

/** A reference from one artifact to another (A5): its id, which `uri` repeats. */
const handleFields = z.strictObject({
  artifact_id: artifactId,
  kind: z.enum(KINDS),
  uri: z.string().check(z.regex(/^urn:uuid:[0-9a-f-]{36}$/, 'not a urn:uuid')),
  content_hash: objectId,
  size_bytes: natural,
  classification: z.enum(CLASSIFICATIONS),
  exportable: z.boolean(),
  retention_ttl_days: z.optional(ttlDays),
});
export const handleSchema = handleFields.check(
  z.refine((h) => h.uri === `urn:uuid:${h.artifact_id}`, 'uri: does not match artifact_id'),
);
export type Handle = z.output<typeof handleSchema>;

export const entityRefSchema = z.strictObject({ entity_kind: token, entity_id: token });
export type EntityRef = z.output<typeof entityRefSchema>;

const provenanceSchema = z.strictObject({
  engine_id: z.optional(token),
  engine_version: z.optional(token),
  config_hash: z.optional(objectId),
  input_hashes: z.optional(z.array(objectId)),
  program: z.optional(text(4096)),
  arguments_hash: z.optional(objectId),
  arguments: z.optional(z.array(z.string())),
  exit_status: z.optional(natural),
  started_at: z.optional(timestamp),
  ended_at: z.optional(timestamp),
  sandbox: z.optional(z.strictObject({ backend: token, level: token, gaps: z.array(text(500)) })),
});
export type Provenance = z.output<typeof provenanceSchema>;

/** A record schema silently drops a key `__proto__`. */
const noProto = z.custom<unknown>(
  (v) => typeof v !== 'object' || v === null || !Object.hasOwn(v, '__proto__'),
  "'__proto__' is not a label key",
);
export const LABEL_KEY_PATTERN = /^[a-z0-9._-]{1,64}$/;
const LABEL_KEY = "not a label key: 1 to 64 of a-z, 0-9, '.', '_' and '-'";
export const labelsSchema = z.pipe(
  noProto,
  z.record(z.string().check(z.regex(LABEL_KEY_PATTERN, LABEL_KEY)), text(1024)),
);

/** The fields of A4; unknown ones are refused. */
export const manifestSchema = z.strictObject({
  schema: z.literal(MANIFEST_SCHEMA),
  artifact_id: artifactId,
  revision: z.int().check(z.minimum(1)),
  layer: z.enum(LAYERS),
  kind: z.enum(KINDS),
  payload_type: z.enum(PAYLOAD_TYPES),
  mime,
  created_at: timestamp,
  content_hash: objectId,
  hash_basis: z.enum(HASH_BASES),
  size_bytes: natural,
  classification: z.enum(CLASSIFICATIONS),
  exportable: z.boolean(),
  retention_class: z.enum(RETENTION_CLASSES),
  determinism_level: z.enum(DETERMINISM_LEVELS),
  name: z.optional(name),
  filename_hint: z.optional(z.string().check(z.minLength(1), z.maxLength(1024))),
  created_by_job_id: z.optional(token),
  source_entity_refs: z.optional(z.array(entityRefSchema)),
  source_artifact_refs: z.optional(z.array(handleSchema)),
  retention_ttl_days: z.optional(ttlDays),
  supersedes: z.optional(objectId),
  provenance: z.optional(provenanceSchema),
  labels: z.optional(labelsSchema),
});

/** One artifact at one revision. `size_bytes` is the size of the payload (for a directory, the sum of its files). */
export type Manifest = z.output<typeof manifestSchema>;

/** The rules between fields; each problem names its field. */
function crossProblems(m: Manifest): string[] {
  const problems: string[] = [];
  const basis = m.payload_type === 'directory' ? 'bundle_index' : 'payload_bytes';
  if (m.hash_basis !== basis) problems.push(`hash_basis: must be ${basis} for a ${m.payload_type} payload`);
  if (m.kind === 'bundle' && m.payload_type !== 'directory')
    problems.push('payload_type: must be directory for a bundle');
  if (m.layer === 'L1') {
    if (m.retention_ttl_days !== undefined) problems.push('retention_ttl_days: not allowed in L1');
  } else if (isSensitive(m) && m.retention_ttl_days === undefined) {
    const why = m.kind === 'prompt_payload' ? 'kind prompt_payload' : 'classification high';
    problems.push(`retention_ttl_days: required with ${why}`);
  }
  if ((m.revision === 1) !== (m.supersedes === undefined)) {
    problems.push('supersedes: must be the manifest hash of the previous revision, from revision 2 on');
  }
  return problems;
}

/** Every problem of a value as a manifest, one line each; none if it is valid. */
export function manifestProblems(value: unknown): string[] {
  const result = parseSchema(manifestSchema, value);
  return 'data' in result ? crossProblems(result.data) : result.problems;
}

/** Checks a value as a manifest; INVALID_MANIFEST lists every problem. */
export function toManifest(value: unknown): Manifest {
  const manifest = check(manifestSchema, value, 'INVALID_MANIFEST', 'manifest');
  const problems = crossProblems(manifest);
  if (problems.length > 0) {
    throw new HsError('INVALID_MANIFEST', `invalid manifest: ${problems.join('; ')}`, {
      details: { problems },
      ...(problems.some((p) => p.endsWith('classification high') || p.endsWith('prompt_payload'))
        ? { hint: 'give a time to live with --ttl' }
        : {}),
    });
  }
  return manifest;
}

/**
 * Encodes a manifest. INVALID_MANIFEST if no reader would accept it, for example for a bundle of too many artifacts.
 */
export function encodeManifest(manifest: Manifest): Buffer {
  const bytes = canonicalBytes(manifest);
  if (bytes.byteLength <= MAX_MANIFEST_BYTES) return bytes;
  throw new HsError('INVALID_MANIFEST', `the manifest would be larger than ${MAX_MANIFEST_BYTES} bytes`, {
    hint: 'each source takes about 270 bytes: give fewer sources, or bundle fewer artifacts',
  });
}

/** Decodes a stored manifest and requires its canonical encoding, byte for byte (A9). */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const plain = readPlainManifest(bytes);
  if (plain !== undefined && crossProblems(plain).length === 0) return plain;
  return toManifest(parseCanonical(bytes, MAX_MANIFEST_BYTES));
}

export function toHandle(m: Manifest): Handle {
  return {
    artifact_id: m.artifact_id,
    kind: m.kind,
    uri: `urn:uuid:${m.artifact_id}`,
    content_hash: m.content_hash,
    size_bytes: m.size_bytes,
    classification: m.classification,
    exportable: m.exportable,
    ...(m.retention_ttl_days === undefined ? {} : { retention_ttl_days: m.retention_ttl_days }),
  };
}
