import { activePins } from '../catalog/active-pins.js';
import type { ArtifactRecord } from '../catalog/artifact-record.js';
import { CLASSIFICATIONS, KINDS, LAYERS, PAYLOAD_TYPES, RETENTION_CLASSES } from '../manifest/vocabulary.js';
import { type Timestamp, timestampMs } from '../objects/ids.js';
import { ttlEndMs } from '../retention/rule.js';
import { parseBytes, parseInteger } from '../text/values.js';

interface Shared {
  /** Only the ledgers of stores with the feature `facts-2` have it; elsewhere the manifest does. */
  readonly inManifest?: true;
}

/** Text: one value, several, or none. A condition may be a glob unless the values are known. */
export interface WordField extends Shared {
  readonly type: 'word';
  readonly of: (r: ArtifactRecord, now: Timestamp) => readonly string[];
  readonly values?: readonly string[] | RegExp;
}

export interface NumberField extends Shared {
  readonly type: 'number';
  readonly of: (r: ArtifactRecord) => number | undefined;
  readonly parse: (raw: string) => number;
}

export interface TimeField extends Shared {
  readonly type: 'time';
  /** Milliseconds since 1970. */
  readonly of: (r: ArtifactRecord) => number | undefined;
  /** Whether a bare duration, such as 7d, may stand for a time: for what ends it does, and lies after now. */
  readonly ahead?: true;
}

/** A time as a duration up to now. Conditions on it become conditions on that time, which mean the same at any moment. */
export interface AgeField extends Shared {
  readonly type: 'age';
  /** Milliseconds up to one moment, the same for all. */
  readonly of: (r: ArtifactRecord) => number;
  readonly since: string;
}

export interface FlagField extends Shared {
  readonly type: 'flag';
  readonly of: (r: ArtifactRecord, now: Timestamp) => boolean;
}

export type Field = WordField | NumberField | TimeField | AgeField | FlagField;

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const HASH = /^[0-9a-f]{64}$/;
const maybe = (value: string | undefined) => (value === undefined ? [] : [value]);
const word = (of: WordField['of'], values?: WordField['values']): WordField => ({
  type: 'word',
  of,
  ...(values === undefined ? {} : { values }),
});
const number = (of: NumberField['of'], parse: NumberField['parse'] = parseInteger): NumberField => ({
  type: 'number',
  of,
  parse,
});

/** What artifacts can be asked for by, and sorted by; `label.KEY` besides. */
const FIELDS: Readonly<Record<string, Field>> = {
  id: word((r) => [r.artifact_id], ID),
  name: word((r) => maybe(r.name)),
  kind: word((r) => [r.kind], KINDS),
  class: word((r) => [r.retention_class], RETENTION_CLASSES),
  layer: word((r) => [r.layer], LAYERS),
  classification: word((r) => [r.classification], CLASSIFICATIONS),
  exportable: word((r) => [String(r.exportable)], ['true', 'false']),
  type: word((r) => [r.payload_type], PAYLOAD_TYPES),
  size: number((r) => r.size_bytes, parseBytes),
  revision: number((r) => r.revision),
  ttl: number((r) => r.retention_ttl_days),
  hash: word((r) => [r.content_hash], HASH),
  created: { type: 'time', of: (r) => timestampMs(r.created_at) },
  stored: { type: 'time', of: (r) => timestampMs(r.registered.at) },
  age: { type: 'age', of: (r) => -timestampMs(r.registered.at), since: 'stored' },
  expires: { type: 'time', of: ttlEndMs, ahead: true },
  expired: {
    type: 'flag',
    of: (r, now) => (ttlEndMs(r) ?? Number.POSITIVE_INFINITY) <= timestampMs(now),
  },
  pinned: { type: 'flag', of: (r, now) => activePins(r, now).length > 0 },
  pin: word((r, now) => activePins(r, now).map((p) => p.name)),
  actor: word((r) => [r.registered.actor, r.registered.actor.slice(r.registered.actor.indexOf(':') + 1)]),
  job: { ...word((r) => maybe(r.job_id)), inManifest: true },
  source: word((r) => r.sources ?? [], ID),
  entity: {
    ...word((r) => (r.entities ?? []).map((e) => `${e.entity_kind}:${e.entity_id}`)),
    inManifest: true,
  },
};

export const FIELD_NAMES = Object.keys(FIELDS);
export const LABEL_PREFIX = 'label.';

/** `label.env` → `env`. */
export function labelIn(key: string): string | undefined {
  return key.startsWith(LABEL_PREFIX) ? key.slice(LABEL_PREFIX.length) : undefined;
}

/** The value of a label, if the artifact has it. */
export function labelValue(r: Pick<ArtifactRecord, 'labels'>, label: string): string | undefined {
  return r.labels !== undefined && Object.hasOwn(r.labels, label) ? r.labels[label] : undefined;
}

export function fieldOf(key: string): Field | undefined {
  const label = labelIn(key);
  if (label !== undefined) {
    return { ...word((r) => maybe(labelValue(r, label))), inManifest: true };
  }
  return Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined;
}
