import { HASH, ID, LABELS_PATTERN, labelsIn, NUMBER, one, PLAIN, TOKEN } from '../json/plain-patterns.js';
import { MAX_TTL_DAYS } from '../manifest/manifest.js';
import {
  CLASSIFICATIONS,
  type Classification,
  KINDS,
  type Kind,
  LAYERS,
  type Layer,
  PAYLOAD_TYPES,
  type PayloadType,
  RETENTION_CLASSES,
  type RetentionClass,
} from '../manifest/vocabulary.js';
import { type ArtifactId, isTimestamp, type ObjectId } from '../objects/ids.js';
import type { ArtifactFacts } from './operation.js';

/** The keys in canonical order; entities are rare. */
const ADD = new RegExp(
  `^\\{"artifact_id":"(${ID})","classification":${one(CLASSIFICATIONS)},"content_hash":${HASH},"created_at":"([^"]*)",` +
    `"exportable":(true|false)(?:,"filename_hint":"(${PLAIN}*)")?(?:,"job_id":"(?<job>${TOKEN})")?,"kind":${one(KINDS)}` +
    `(?:,"labels":\\{(?<labels>${LABELS_PATTERN})\\})?,"layer":${one(LAYERS)},` +
    `"manifest":${HASH},"manifest_size_bytes":${NUMBER}(?:,"name":"(${PLAIN}{1,1024})")?,"op":"add",` +
    `"payload_type":${one(PAYLOAD_TYPES)},"retention_class":${one(RETENTION_CLASSES)}` +
    `(?:,"retention_ttl_days":${NUMBER})?,"revision":([1-9][0-9]{0,14}),"size_bytes":${NUMBER}` +
    `(?:,"sources":\\[((?:"${ID}"(?:,"${ID}")*)?)\\])?\\}$`,
);

/**
 * Parses an `add` in its most common spelling with one regular expression; the canonical parser and schema give the
 * same result in ten times the time. Undefined for anything else, which is left to them.
 */
export function readPlainAdd(line: string): ({ readonly op: 'add' } & ArtifactFacts) | undefined {
  const m = ADD.exec(line);
  if (m === null || !isTimestamp(m[4]!)) return undefined;
  const ttl = m[16] === undefined ? undefined : Number(m[16]);
  if (ttl !== undefined && ttl > MAX_TTL_DAYS) return undefined;
  const { job, labels } = m.groups!;
  const read = labels === undefined ? undefined : labelsIn(labels);
  if (read === null) return undefined;
  return {
    op: 'add',
    artifact_id: m[1] as ArtifactId,
    revision: Number(m[17]),
    manifest: m[11] as ObjectId,
    manifest_size_bytes: Number(m[12]),
    content_hash: m[3] as ObjectId,
    payload_type: m[14] as PayloadType,
    kind: m[8] as Kind,
    retention_class: m[15] as RetentionClass,
    layer: m[10] as Layer,
    classification: m[2] as Classification,
    exportable: m[5] === 'true',
    size_bytes: Number(m[18]),
    created_at: m[4],
    ...(m[13] === undefined ? undefined : { name: m[13] }),
    ...(m[6] === undefined ? undefined : { filename_hint: m[6] }),
    ...(ttl === undefined ? undefined : { retention_ttl_days: ttl }),
    ...(m[19] === undefined
      ? undefined
      : { sources: m[19] === '' ? [] : (m[19].slice(1, -1).split('","') as ArtifactId[]) }),
    ...(job === undefined ? undefined : { job_id: job }),
    ...(read === undefined ? undefined : { labels: read }),
  };
}
