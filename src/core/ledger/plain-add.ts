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

const ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const HASH = '"([0-9a-f]{64})"';
/** No sign, no fraction, and few enough digits to be a safe integer. */
const NUMBER = '(0|[1-9][0-9]{0,14})';
/** ASCII without anything to escape, and therefore in NFC. */
const PLAIN = '[ !#-[\\]-~]';
const one = (words: readonly string[]) => `"(${words.join('|')})"`;

/** The keys in canonical order. */
const ADD = new RegExp(
  `^\\{"artifact_id":"(${ID})","classification":${one(CLASSIFICATIONS)},"content_hash":${HASH},"created_at":"([^"]*)",` +
    `"exportable":(true|false)(?:,"filename_hint":"(${PLAIN}*)")?,"kind":${one(KINDS)},"layer":${one(LAYERS)},` +
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
  const ttl = m[14] === undefined ? undefined : Number(m[14]);
  if (ttl !== undefined && ttl > MAX_TTL_DAYS) return undefined;
  return {
    op: 'add',
    artifact_id: m[1] as ArtifactId,
    revision: Number(m[15]),
    manifest: m[9] as ObjectId,
    manifest_size_bytes: Number(m[10]),
    content_hash: m[3] as ObjectId,
    payload_type: m[12] as PayloadType,
    kind: m[7] as Kind,
    retention_class: m[13] as RetentionClass,
    layer: m[8] as Layer,
    classification: m[2] as Classification,
    exportable: m[5] === 'true',
    size_bytes: Number(m[16]),
    created_at: m[4],
    ...(m[11] === undefined ? undefined : { name: m[11] }),
    ...(m[6] === undefined ? undefined : { filename_hint: m[6] }),
    ...(ttl === undefined ? undefined : { retention_ttl_days: ttl }),
    ...(m[17] === undefined
      ? undefined
      : { sources: m[17] === '' ? [] : (m[17].slice(1, -1).split('","') as ArtifactId[]) }),
  };
}
