import {
  type ArtifactRecord,
  compareRegistration,
  type Registration,
} from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import type { ArtifactId, Timestamp } from '../../core/objects/ids.js';
import { type Condition, demandField, type Filter } from '../../core/query/condition.js';
import type { Field } from '../../core/query/fields.js';
import { needsManifest, testOf } from '../../core/query/matcher.js';
import { HsError } from '../../errors/hs-error.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';
import type { Completer } from '../naming/complete-facts.js';
import { conditionsOf } from '../naming/conditions.js';
import { candidateRecords } from './candidates.js';
import { firstInOrder } from './first-in-order.js';

export interface ListQuery {
  /** All of them must match; see hs-for-each-artifact(1). */
  readonly filters?: readonly Filter[];
  /** A field, descending with a leading `-`; without it, newest first by ledger position. */
  readonly sort?: string;
  readonly pinned?: boolean;
  /** Only artifacts whose TTL has expired at `now`. */
  readonly expired?: boolean;
  /** Maximum number of artifacts. */
  readonly limit?: number;
  /** Only artifacts after this one, which may have been removed and need not be in the list. */
  readonly after?: ArtifactId;
  /** Give job, labels and entities in older stores too, where each takes a look at its manifest. */
  readonly facts?: boolean;
  readonly now: Timestamp;
  /** Stops it. */
  readonly signal?: AbortSignal;
}

function newestFirst(a: ArtifactRecord, b: ArtifactRecord): number {
  return compareRegistration(b.registered, a.registered);
}

async function demandRecord(catalog: Catalog, id: ArtifactId): Promise<ArtifactRecord> {
  const record = await catalog.get(id);
  if (record !== undefined) return record;
  throw new HsError('NOT_FOUND', `there is no artifact '${id}' to go on behind`);
}

async function* matching(
  catalog: Catalog,
  query: ListQuery,
  complete: Completer | undefined,
  after?: Registration,
): AsyncGenerator<ArtifactRecord, void> {
  const { now } = query;
  const conditions = await conditionsOf(catalog, query);
  const isLate = (c: Condition) => complete !== undefined && needsManifest(c);
  const tests = conditions.filter((c) => !isLate(c)).map((c) => testOf(c, now));
  const late = conditions.filter(isLate).map((c) => testOf(c, now));
  const isWhole = query.facts || late.length > 0 || (query.sort && demandSortField(query.sort).inManifest);
  for await (const block of candidateRecords(
    catalog,
    conditions,
    { facts: complete === undefined, now },
    after,
  )) {
    for (const record of block) {
      const turn = yieldToEvents();
      if (turn !== undefined) {
        await turn;
        query.signal?.throwIfAborted();
      }
      if (record.removed !== undefined || !tests.every((test) => test(record))) continue;
      const whole = complete === undefined || !isWhole ? record : await complete(record);
      if (late.every((test) => test(whole))) yield whole;
    }
  }
}

function demandSortField(sort: string): Field {
  return demandField(sort.replace(/^-/, ''));
}

/** The value of a record that it is sorted by; '' for none. */
function sortValue(sort: string, now: Timestamp): (r: ArtifactRecord) => string | number {
  const field = demandSortField(sort);
  // Lists show what has no name under its filename hint.
  if (/^-?name$/.test(sort)) return (r) => r.name ?? r.filename_hint ?? '';
  if (field.type === 'word') return (r) => field.of(r, now)[0] ?? '';
  if (field.type === 'flag') return (r) => Number(field.of(r, now));
  return (r) => field.of(r) ?? Number.NEGATIVE_INFINITY;
}

/** All matches, or the first of them, sorted by a field: only sorting holds them in memory. */
async function sorted(
  catalog: Catalog,
  query: ListQuery,
  complete: Completer | undefined,
  sort: string,
): Promise<ArtifactRecord[]> {
  const by = sortValue(sort, query.now);
  const sign = sort.startsWith('-') ? -1 : 1;
  const order = (a: ArtifactRecord, b: ArtifactRecord) => {
    const [x, y] = [by(a), by(b)];
    return sign * (x < y ? -1 : x > y ? 1 : 0) || newestFirst(a, b);
  };
  const last = query.after === undefined ? undefined : await demandRecord(catalog, query.after);
  const from = last === undefined || complete === undefined ? last : await complete(last);
  async function* behind(): AsyncGenerator<ArtifactRecord, void> {
    for await (const record of matching(catalog, query, complete)) {
      if (from === undefined || order(record, from) > 0) yield record;
    }
  }
  return firstInOrder(behind(), order, query.limit);
}

/**
 * Live artifacts that match the query, in its order; read lazily unless they are sorted. `complete` adds what the
 * ledger of an older store does not have.
 */
export async function* listArtifacts(
  catalog: Catalog,
  query: ListQuery,
  complete?: Completer,
): AsyncGenerator<ArtifactRecord, void> {
  const { after, sort, limit = Number.POSITIVE_INFINITY } = query;
  let taken = 0;
  if (taken === limit) return;
  const from = after === undefined ? undefined : (await demandRecord(catalog, after)).registered;
  const rows =
    sort === undefined
      ? matching(catalog, query, complete, from)
      : await sorted(catalog, query, complete, sort);
  for await (const record of rows) {
    yield record;
    if (++taken === limit) return;
  }
}
