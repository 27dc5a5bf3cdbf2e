import { HASH, ID, LABELS_PATTERN, labelsIn, NUMBER, one, PLAIN, TOKEN } from '../json/plain-patterns.js';
import { type ArtifactId, isTimestamp, type ObjectId } from '../objects/ids.js';
import {
  CLASSIFICATIONS,
  type Classification,
  DETERMINISM_LEVELS,
  type DeterminismLevel,
  HASH_BASES,
  KINDS,
  type Kind,
  LAYERS,
  type Layer,
  PAYLOAD_TYPES,
  type PayloadType,
  RETENTION_CLASSES,
  type RetentionClass,
} from './vocabulary.js';

/** Longer ones have long lists, and are rare. */
const MOST_BYTES = 16 * 1024;
const MIME = '[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}';
const BOOLEAN = '(true|false)';
/** Well below the largest TTL. */
const DAYS = '0|[1-9][0-9]{0,3}';

const HANDLE =
  `\\{"artifact_id":"(?<id>${ID})","classification":${one(CLASSIFICATIONS)},"content_hash":${HASH},` +
  `"exportable":${BOOLEAN},"kind":${one(KINDS)}(?:,"retention_ttl_days":(${DAYS}))?,"size_bytes":${NUMBER},` +
  '"uri":"urn:uuid:\\k<id>"\\}';
const ONE_HANDLE = new RegExp(`${HANDLE}(?:,|$)`, 'y');

/** The keys in canonical order; provenance and entities are left to the canonical parser. */
const MANIFEST = new RegExp(
  `^\\{"artifact_id":"(${ID})","classification":${one(CLASSIFICATIONS)},"content_hash":${HASH},"created_at":"([^"]*)"` +
    `(?:,"created_by_job_id":"(?<job>${TOKEN})")?,"determinism_level":${one(DETERMINISM_LEVELS)},"exportable":${BOOLEAN}` +
    `(?:,"filename_hint":"(?<hint>${PLAIN}{1,1024})")?,"hash_basis":${one(HASH_BASES)},"kind":${one(KINDS)}` +
    `(?:,"labels":\\{(?<labels>${LABELS_PATTERN})\\})?,"layer":${one(LAYERS)},"mime":"(${MIME})"` +
    `(?:,"name":"(?<name>${PLAIN}{1,1024})")?,"payload_type":${one(PAYLOAD_TYPES)},` +
    `"retention_class":${one(RETENTION_CLASSES)}(?:,"retention_ttl_days":(?<ttl>${DAYS}))?,` +
    `"revision":([1-9][0-9]{0,14}),"schema":"hs\\.manifest/1","size_bytes":${NUMBER}` +
    `(?:,"source_artifact_refs":\\[(?<sources>[^[\\]]*)\\])?(?:,"supersedes":"(?<supersedes>[0-9a-f]{64})")?\\}$`,
);

function handlesIn(text: string) {
  const handles = [];
  ONE_HANDLE.lastIndex = 0;
  for (let at = 0; at < text.length; at = ONE_HANDLE.lastIndex) {
    const m = ONE_HANDLE.exec(text);
    // A comma at the end announces one more.
    if (m === null || (ONE_HANDLE.lastIndex === text.length && m[0].endsWith(','))) return undefined;
    const ttl = m[6] === undefined ? undefined : Number(m[6]);
    handles.push({
      artifact_id: m[1] as ArtifactId,
      kind: m[5] as Kind,
      uri: `urn:uuid:${m[1]}`,
      content_hash: m[3] as ObjectId,
      size_bytes: Number(m[7]),
      classification: m[2] as Classification,
      exportable: m[4] === 'true',
      ...(ttl === undefined ? undefined : { retention_ttl_days: ttl }),
    });
  }
  return handles;
}

/**
 * Parses a manifest in its most common spelling with one regular expression; the canonical parser and the schema give
 * the same result in six times the time. Undefined for anything else, which is left to them. The rules between fields
 * are not checked.
 */
export function readPlainManifest(bytes: Uint8Array) {
  if (bytes.byteLength > MOST_BYTES) return undefined;
  // A byte is a character: what is read from the text is ASCII.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const m = MANIFEST.exec(text);
  if (m === null || !isTimestamp(m[4]!)) return undefined;
  const { job, hint, labels, name, ttl, sources, supersedes } = m.groups!;
  const read = labels === undefined ? undefined : labelsIn(labels);
  const handles = sources === undefined ? undefined : handlesIn(sources);
  if (read === null || (sources !== undefined && handles === undefined)) return undefined;
  return {
    schema: 'hs.manifest/1' as const,
    artifact_id: m[1] as ArtifactId,
    revision: Number(m[18]),
    layer: m[12] as Layer,
    kind: m[10] as Kind,
    payload_type: m[15] as PayloadType,
    mime: m[13]!,
    created_at: m[4],
    content_hash: m[3] as ObjectId,
    hash_basis: m[9] as (typeof HASH_BASES)[number],
    size_bytes: Number(m[19]),
    classification: m[2] as Classification,
    exportable: m[7] === 'true',
    retention_class: m[16] as RetentionClass,
    determinism_level: m[6] as DeterminismLevel,
    ...(name === undefined ? undefined : { name }),
    ...(hint === undefined ? undefined : { filename_hint: hint }),
    ...(job === undefined ? undefined : { created_by_job_id: job }),
    ...(handles === undefined ? undefined : { source_artifact_refs: handles }),
    ...(ttl === undefined ? undefined : { retention_ttl_days: Number(ttl) }),
    ...(supersedes === undefined ? undefined : { supersedes: supersedes as ObjectId }),
    ...(read === undefined ? undefined : { labels: read }),
  };
}
