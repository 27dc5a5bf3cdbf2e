import {
  type ArtifactRecord,
  compareRegistration,
  type Registration,
} from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { activePins } from '../../core/catalog/check-operations.js';
import {
  CLASSIFICATIONS,
  KINDS,
  LAYERS,
  PAYLOAD_TYPES,
  RETENTION_CLASSES,
} from '../../core/manifest/vocabulary.js';
import { type ArtifactId, type Timestamp, timestampMs } from '../../core/objects/ids.js';
import { ttlEndMs } from '../../core/retention/rule.js';
import { normalText } from '../../core/text/normal-form.js';
import { HsError } from '../../errors/hs-error.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';
import { compileGlob } from '../naming/compile-glob.js';

/** The fields for `--sort` and `--filter`, as text and as the value to compare. */
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

/** Allowed filter values of fields with known values; others would silently match nothing. */
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
  throw new HsError('USAGE', `the filter '${key}=${value}' cannot match anything`, {
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
  /** `key=value`, all of which must match; the value for `name` may be a glob. */
  readonly filters?: readonly (readonly [key: string, value: string])[];
  /** A field, descending with a leading `-`; without it, newest first by ledger position. */
  readonly sort?: string;
  readonly pinned?: boolean;
  /** Only artifacts whose TTL has expired at `now`. */
  readonly expired?: boolean;
  /** Maximum number of artifacts. */
  readonly limit?: number;
  /** Only artifacts after this one, which may have been removed and need not be in the list. */
  readonly after?: ArtifactId;
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

/** Special characters of globs; a name without any matches only itself. */
const IN_GLOBS = /[*?[\]{}()!+@|\\]/;

function newestFirst(a: ArtifactRecord, b: ArtifactRecord): number {
  return compareRegistration(b.registered, a.registered);
}

async function demandRecord(catalog: Catalog, id: ArtifactId): Promise<ArtifactRecord> {
  const record = await catalog.get(id);
  if (record !== undefined) return record;
  throw new HsError('NOT_FOUND', `there is no artifact '${id}' to go on behind`);
}

/** The smallest set of candidates for the query, in blocks, newest first, after `after`. */
async function* candidates(
  catalog: Catalog,
  query: ListQuery,
  after?: Registration,
): AsyncGenerator<readonly ArtifactRecord[], void> {
  const equal = (key: string) => query.filters?.find(([k]) => k === key)?.[1];
  const [id, name] = [equal('id'), equal('name')];
  const behind = (records: ArtifactRecord[]) =>
    records
      .filter(
        (r) =>
          r.removed === undefined && (after === undefined || compareRegistration(r.registered, after) < 0),
      )
      .sort(newestFirst);
  if (id !== undefined) {
    return yield behind([await catalog.get(id as ArtifactId)].filter((r) => r !== undefined));
  }
  if (query.pinned) return yield behind(await catalog.pinned().all());
  if (query.expired) return yield behind(await catalog.endedBy(query.now).all());
  const literal = name === undefined ? undefined : normalText(name);
  const isLiteral = literal !== undefined && !IN_GLOBS.test(literal);
  yield* (isLiteral ? catalog.named(literal, after) : catalog.live(after)).blocks();
}

async function* matching(
  catalog: Catalog,
  query: ListQuery,
  after?: Registration,
): AsyncGenerator<ArtifactRecord, void> {
  const tests = (query.filters ?? []).map(([key, value]) => matcher(key, value));
  const now = timestampMs(query.now);
  for await (const block of candidates(catalog, query, after)) {
    for (const record of block) {
      const turn = yieldToEvents();
      if (turn !== undefined) await turn;
      if (query.pinned && activePins(record, query.now).length === 0) continue;
      if (query.expired && (ttlEndMs(record) ?? Number.POSITIVE_INFINITY) > now) continue;
      if (tests.every((test) => test(record))) yield record;
    }
  }
}

/** All matches, sorted by a field: only sorting holds them in memory. */
async function sorted(catalog: Catalog, query: ListQuery, key: string): Promise<ArtifactRecord[]> {
  const by = field(key.replace(/^-/, ''));
  const sign = key.startsWith('-') ? -1 : 1;
  const order = (a: ArtifactRecord, b: ArtifactRecord) => {
    const [x, y] = [by(a), by(b)];
    return sign * (x < y ? -1 : x > y ? 1 : 0) || newestFirst(a, b);
  };
  const rows: ArtifactRecord[] = [];
  const last = query.after === undefined ? undefined : await demandRecord(catalog, query.after);
  for await (const record of matching(catalog, query)) {
    if (last === undefined || order(record, last) > 0) rows.push(record);
  }
  return rows.sort(order);
}

/** Live artifacts that match the query, in its order; read lazily unless they are sorted. */
export async function* listArtifacts(
  catalog: Catalog,
  query: ListQuery,
): AsyncGenerator<ArtifactRecord, void> {
  const { after, sort, limit = Number.POSITIVE_INFINITY } = query;
  let taken = 0;
  if (taken === limit) return;
  const rows =
    sort === undefined
      ? matching(
          catalog,
          query,
          after === undefined ? undefined : (await demandRecord(catalog, after)).registered,
        )
      : await sorted(catalog, query, sort);
  for await (const record of rows) {
    yield record;
    if (++taken === limit) return;
  }
}
