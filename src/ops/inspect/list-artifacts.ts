import { type ArtifactRecord, compareRegistration } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { activePins } from '../../core/catalog/check-operations.js';
import {
  CLASSIFICATIONS,
  KINDS,
  LAYERS,
  PAYLOAD_TYPES,
  RETENTION_CLASSES,
} from '../../core/manifest/vocabulary.js';
import { type Timestamp, timestampMs } from '../../core/objects/ids.js';
import { ttlEndMs } from '../../core/retention/rule.js';
import { normalText } from '../../core/text/normal-form.js';
import { HsError } from '../../errors/hs-error.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';
import { compileGlob } from '../naming/compile-glob.js';

/** The fields that `--sort` and `--filter` know, as text and as what to compare. */
const FIELDS: Readonly<Record<string, (r: ArtifactRecord) => string | number>> = {
  id: (r) => r.artifact_id,
  name: (r) => r.name ?? r.filename_hint ?? '',
  kind: (r) => r.kind,
  class: (r) => r.retention_class,
  layer: (r) => r.layer,
  classification: (r) => r.classification,
  size: (r) => r.size_bytes,
  type: (r) => r.payload_type,
  created: (r) => r.created_at,
  hash: (r) => r.content_hash,
  revision: (r) => r.revision,
  exportable: (r) => String(r.exportable),
};
export const LIST_FIELDS = Object.keys(FIELDS);

/** What a filter can ask of a field whose values are known; another one would match nothing, silently. */
const VALUES: Readonly<Record<string, readonly string[] | RegExp>> = {
  id: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  kind: KINDS,
  class: RETENTION_CLASSES,
  layer: LAYERS,
  classification: CLASSIFICATIONS,
  size: /^\d+$/,
  type: PAYLOAD_TYPES,
  created: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  hash: /^[0-9a-f]{64}$/,
  revision: /^\d+$/,
  exportable: ['true', 'false'],
};

function demandValue(key: string, value: string): void {
  const known = VALUES[key];
  if (known === undefined || (known instanceof RegExp ? known.test(value) : known.includes(value))) return;
  throw new HsError('USAGE', `the filter '${key}=${value}' can match nothing`, {
    ...(known instanceof RegExp ? {} : { hint: `${key} is one of ${known.join(', ')}` }),
  });
}

function field(name: string): (r: ArtifactRecord) => string | number {
  const get = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  if (get === undefined) {
    throw new HsError('USAGE', `there is no field '${name}'`, { hint: `one of ${LIST_FIELDS.join(', ')}` });
  }
  return get;
}

export interface ListQuery {
  /** `key=value`, all of which must hold; a value may be a glob for `name`. */
  readonly filters?: readonly (readonly [key: string, value: string])[];
  /** A field, descending with `-` in front; without it, newest first by ledger position. */
  readonly sort?: string;
  readonly pinned?: boolean;
  /** Those whose TTL is over at `now`. */
  readonly expired?: boolean;
  readonly now: Timestamp;
}

function matcher(key: string, given: string): (r: ArtifactRecord) => boolean {
  const value = normalText(given);
  const get = field(key);
  demandValue(key, value);
  if (key !== 'name') return (r) => String(get(r)) === value;
  const matches = compileGlob(value);
  return (r) => r.name !== undefined && (r.name === value || matches(r.name));
}

/** Live artifacts that the query asks for, in its order. */
export async function listArtifacts(catalog: Catalog, query: ListQuery): Promise<ArtifactRecord[]> {
  const tests = (query.filters ?? []).map(([key, value]) => matcher(key, value));
  const now = timestampMs(query.now);
  const rows: ArtifactRecord[] = [];
  const descending = query.sort?.startsWith('-') ?? false;
  const sortKey = query.sort === undefined ? undefined : field(query.sort.replace(/^-/, ''));
  for (const record of catalog.live()) {
    await yieldToEvents();
    if (query.pinned && activePins(record, query.now).length === 0) continue;
    if (query.expired && (ttlEndMs(record) ?? Number.POSITIVE_INFINITY) > now) continue;
    if (tests.every((test) => test(record))) rows.push(record);
  }
  const newestFirst = (a: ArtifactRecord, b: ArtifactRecord) =>
    compareRegistration(b.registered, a.registered);
  rows.sort((a, b) => {
    if (sortKey === undefined) return newestFirst(a, b);
    const [x, y] = [sortKey(a), sortKey(b)];
    const order = x < y ? -1 : x > y ? 1 : 0;
    return (descending ? -order : order) || newestFirst(a, b);
  });
  return rows;
}
