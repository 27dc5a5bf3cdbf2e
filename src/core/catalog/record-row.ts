import type { ArtifactFacts } from '../ledger/operation.js';
import { CLASSIFICATIONS, KINDS, LAYERS, PAYLOAD_TYPES, RETENTION_CLASSES } from '../manifest/vocabulary.js';
import type { ArtifactId, ObjectId, Timestamp } from '../objects/ids.js';
import type { ArtifactRecord, Pin } from './artifact-record.js';

/**
 * A record as stored in tables: values only, words as indexes into the vocabulary, 0 for absent values. With field names
 * it would be twice as long, and a million may be read at a time.
 */
export type RecordRow = readonly [
  id: ArtifactId,
  revision: number,
  manifest: ObjectId,
  manifestSize: number,
  content: ObjectId,
  payloadType: number,
  kind: number,
  retentionClass: number,
  layer: number,
  classification: number,
  exportable: number,
  size: number,
  createdAt: Timestamp,
  seq: number,
  index: number,
  registeredAt: Timestamp,
  name: string | 0,
  filenameHint: string | 0,
  /** Plus one. */
  ttlDays: number,
  sources: readonly ArtifactId[] | 0,
  pins: readonly Pin[] | 0,
  /** Manifests of earlier revisions, each followed by its size. */
  earlier: readonly (ObjectId | number)[] | 0,
  removed: NonNullable<ArtifactRecord['removed']> | 0,
  actor: string,
  job: string | 0,
  labels: NonNullable<ArtifactRecord['labels']> | 0,
  /** Kinds, each followed by its id. */
  entities: readonly string[] | 0,
];

const KIND_PLACE = placesOf(KINDS);
const CLASS_PLACE = placesOf(RETENTION_CLASSES);

function placesOf<W extends string>(words: readonly W[]): Readonly<Record<W, number>> {
  return Object.fromEntries(words.map((word, i) => [word, i])) as Record<W, number>;
}

/** JSON of an optional value. */
const orZero = (value: unknown) => (value === undefined ? '0' : JSON.stringify(value));

/** The parts of a record besides its facts. */
export type RecordState = Pick<ArtifactRecord, 'registered'> &
  Partial<Pick<ArtifactRecord, 'manifests' | 'pins' | 'removed'>>;

/** The JSON of a row, built as one string: a million artifacts have as many rows. */
export function rowText(r: ArtifactFacts, { registered, manifests, pins, removed }: RecordState): string {
  const { seq, index, at } = registered;
  const earlier =
    manifests === undefined || manifests.length < 2
      ? undefined
      : manifests.slice(0, -1).flatMap(({ manifest, size_bytes }) => [manifest, size_bytes]);
  return (
    `["${r.artifact_id}",${r.revision},"${r.manifest}",${r.manifest_size_bytes},"${r.content_hash}",` +
    `${PAYLOAD_TYPES.indexOf(r.payload_type)},${KIND_PLACE[r.kind]},${CLASS_PLACE[r.retention_class]},` +
    `${LAYERS.indexOf(r.layer)},${CLASSIFICATIONS.indexOf(r.classification)},${r.exportable ? 1 : 0},` +
    `${r.size_bytes},"${r.created_at}",${seq},${index},"${at}",${orZero(r.name)},${orZero(r.filename_hint)},` +
    `${r.retention_ttl_days === undefined ? 0 : r.retention_ttl_days + 1},${orZero(r.sources)},` +
    `${pins === undefined || pins.length === 0 ? 0 : JSON.stringify(pins)},${orZero(earlier)},${orZero(removed)},` +
    `${JSON.stringify(registered.actor)},${orZero(r.job_id)},${orZero(r.labels)},` +
    `${orZero(r.entities?.flatMap((e) => [e.entity_kind, e.entity_id]))}]`
  );
}

function manifestsOf(row: RecordRow): ArtifactRecord['manifests'] {
  const [, , manifest, size_bytes] = row;
  const earlier = row[21];
  if (earlier === 0) return [{ manifest, size_bytes }];
  const all: { manifest: ObjectId; size_bytes: number }[] = [];
  for (let i = 0; i < earlier.length; i += 2) {
    all.push({ manifest: earlier[i] as ObjectId, size_bytes: earlier[i + 1] as number });
  }
  all.push({ manifest, size_bytes });
  return all;
}

function entitiesOf(words: readonly string[]): NonNullable<ArtifactRecord['entities']> {
  const all: { entity_kind: string; entity_id: string }[] = [];
  for (let i = 0; i < words.length; i += 2) all.push({ entity_kind: words[i]!, entity_id: words[i + 1]! });
  return all;
}

const NO_PINS: readonly Pin[] = [];

export function fromRow(row: RecordRow): ArtifactRecord {
  return {
    artifact_id: row[0],
    revision: row[1],
    manifest: row[2],
    manifest_size_bytes: row[3],
    content_hash: row[4],
    payload_type: PAYLOAD_TYPES[row[5]]!,
    kind: KINDS[row[6]]!,
    retention_class: RETENTION_CLASSES[row[7]]!,
    layer: LAYERS[row[8]]!,
    classification: CLASSIFICATIONS[row[9]]!,
    exportable: row[10] === 1,
    size_bytes: row[11],
    created_at: row[12],
    registered: { seq: row[13], index: row[14], at: row[15], actor: row[23] },
    manifests: manifestsOf(row),
    pins: row[20] === 0 ? NO_PINS : row[20],
    ...(row[16] === 0 ? undefined : { name: row[16] }),
    ...(row[17] === 0 ? undefined : { filename_hint: row[17] }),
    ...(row[18] === 0 ? undefined : { retention_ttl_days: row[18] - 1 }),
    ...(row[19] === 0 ? undefined : { sources: [...row[19]] }),
    ...(row[22] === 0 ? undefined : { removed: row[22] }),
    ...(row[24] === 0 ? undefined : { job_id: row[24] }),
    ...(row[25] === 0 ? undefined : { labels: row[25] }),
    ...(row[26] === 0 ? undefined : { entities: entitiesOf(row[26]) }),
  };
}
