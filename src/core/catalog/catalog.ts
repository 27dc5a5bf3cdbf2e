import type { ArtifactId, ObjectId, Timestamp } from '../objects/ids.js';
import { timestampMs } from '../objects/ids.js';
import type { ArtifactRecord, Registration } from './artifact-record.js';
import {
  APPLIED,
  derivedKey,
  ENDING,
  endingKey,
  GUARDED,
  idKey,
  LIVE,
  META_KEY,
  nameKey,
  PINNED,
  PURGED,
  placeKey,
  placeOf,
  REMOVED,
  ROOTS,
  removedNameKey,
  seriesRowKey,
  UNREAD,
} from './catalog-keys.js';
import { type KeyValue, type ReadTables, TablesDamaged } from './key-tables.js';
import { fromRow, type RecordRow } from './record-row.js';
import { NO_ROWS, PROVEN_TABLES, type ProvenTable, type TableSums, withRow } from './table-sums.js';
import { type Total, type TotalField, totalPrefix } from './totals.js';

/** The ledger position of a state: number and hash of the entry folded last. */
export interface Head {
  readonly seq: number;
  readonly hash: ObjectId;
}

export interface CatalogCounts {
  readonly live: number;
  readonly removed: number;
  readonly pins: number;
}

/** The row that stamps the state with its place in the chain, and what a look at all of it must come to. */
export interface CatalogMeta extends CatalogCounts, Head {
  readonly policy: ObjectId;
  /** System time of the newest entry that is not a refusal. */
  readonly at: Timestamp;
  /** The last entry that did more than add artifacts; -1 for none. */
  readonly changed: number;
  readonly sums: TableSums;
}

/** Where a list goes on: behind the artifact of this registration. */
export type Cursor = Pick<Registration, 'seq' | 'index'>;

/** The state of the ledger at one position: a view of tables filled by a fold. */
export class Catalog {
  readonly #tables: ReadTables;
  readonly #meta: CatalogMeta;

  constructor(tables: ReadTables) {
    this.#tables = tables;
    this.#meta = tables.get(META_KEY) as CatalogMeta;
  }

  get head(): Head {
    return { seq: this.#meta.seq, hash: this.#meta.hash };
  }

  /** The object that holds the policy in force. */
  get policyId(): ObjectId {
    return this.#meta.policy;
  }

  get counts(): CatalogCounts {
    return { live: this.#meta.live, removed: this.#meta.removed, pins: this.#meta.pins };
  }

  #at(place: string): ArtifactRecord | undefined {
    const row = this.#tables.get(LIVE + place) ?? this.#tables.get(REMOVED + place);
    return row === undefined ? undefined : fromRow(row as RecordRow);
  }

  /** Live, or removed (then `removed` is set); undefined when the ledger never had it. */
  get(id: ArtifactId): ArtifactRecord | undefined {
    const place = this.#tables.get(idKey(id)) as string | undefined;
    return place === undefined ? undefined : this.#at(place);
  }

  /** Those that the keys which begin so lead to, the newest first within a key. */
  *#under(prefix: string, after?: Cursor): Iterable<ArtifactRecord> {
    for (const { key } of this.#tables.range(prefix, after && prefix + placeKey(after))) {
      const record = this.#at(placeOf(key));
      if (record !== undefined) yield record;
    }
  }

  *#all(table: typeof LIVE | typeof REMOVED, after?: Cursor): Iterable<ArtifactRecord> {
    for (const { value } of this.#tables.range(table, after && table + placeKey(after))) {
      yield fromRow(value as RecordRow);
    }
  }

  /** Live artifacts, the newest first by ledger position; with `after`, those behind it. */
  live(after?: Cursor): Iterable<ArtifactRecord> {
    return this.#all(LIVE, after);
  }

  /**
   * All rows of a table, and then counted and added up: TablesDamaged, after the last one, where one was missing or
   * there twice or is another. For who acts on what is not there.
   */
  async *#proven(table: ProvenTable): AsyncGenerator<KeyValue, void> {
    let sum = NO_ROWS;
    for (const row of this.#tables.range(table)) {
      sum = withRow(sum, row.key, row.text, 1);
      yield row;
    }
    const wanted = this.#meta.sums[table] ?? NO_ROWS;
    if (sum.rows !== wanted.rows || sum.sum !== wanted.sum) {
      throw new TablesDamaged(`the rows of ${table} do not add up`);
    }
  }

  /** Looks at every table that has a sum, a row a step: TablesDamaged where one does not come to it. */
  async *prove(): AsyncGenerator<void, void> {
    for (const table of PROVEN_TABLES) for await (const _ of this.#proven(table)) yield;
  }

  /** As {@link live}, proven. */
  async *provenLive(): AsyncGenerator<ArtifactRecord, void> {
    for await (const { value } of this.#proven(LIVE)) yield fromRow(value as RecordRow);
  }

  /** As {@link removed}, proven. */
  async *provenRemoved(): AsyncGenerator<ArtifactRecord, void> {
    for await (const { value } of this.#proven(REMOVED)) yield fromRow(value as RecordRow);
  }

  /** As {@link guarded}, proven. */
  async *provenGuarded(): AsyncGenerator<ArtifactRecord, void> {
    for await (const { key } of this.#proven(GUARDED)) {
      const record = this.#at(placeOf(key));
      if (record === undefined) throw new TablesDamaged(`${key} leads nowhere`);
      yield record;
    }
  }

  /** Objects that the ledger itself names: operation lists, payloads, policies, lists of paths; proven. */
  async *provenRoots(): AsyncGenerator<ObjectId, void> {
    for await (const { key } of this.#proven(ROOTS)) yield key.slice(ROOTS.length) as ObjectId;
  }

  /** Entries whose payload could not be read when they were folded, and may name more roots; proven. */
  async *provenUnread(): AsyncGenerator<number, void> {
    for await (const { key } of this.#proven(UNREAD)) yield Number(key.slice(UNREAD.length));
  }

  /** Names of the trash batches that were purged; proven. */
  async *provenPurged(): AsyncGenerator<string, void> {
    for await (const { key } of this.#proven(PURGED)) yield key.slice(PURGED.length);
  }

  /** The entry that applied a plan with this hash; looked for among all, proven. */
  async appliedAt(planHash: ObjectId): Promise<number | undefined> {
    let found: number | undefined;
    for await (const { key, value } of this.#proven(APPLIED)) {
      if (key === APPLIED + planHash) found = value as number;
    }
    return found;
  }

  /** System time of the newest entry that is not a refusal. */
  get lastAt(): Timestamp {
    return this.#meta.at;
  }

  /** Whether an entry after `seq` did more than add artifacts; a plan made at `seq` must then be made again. */
  changedSince(seq: number): boolean {
    return this.#meta.changed > seq;
  }

  /** Removed artifacts, the newest first by ledger position. */
  removed(): Iterable<ArtifactRecord> {
    return this.#all(REMOVED);
  }

  /** Those that `isGuarded`, live or removed: an export must not look at every artifact. */
  guarded(): Iterable<ArtifactRecord> {
    return this.#under(GUARDED);
  }

  /** At most `limit` ids, live ones first, that begin with `prefix` (dashes included). */
  withPrefix(prefix: string, limit: number): ArtifactRecord[] {
    const live: ArtifactRecord[] = [];
    const removed: ArtifactRecord[] = [];
    for (const { value } of this.#tables.range(idKey(prefix))) {
      const record = this.#at(value as string)!;
      if (record.removed === undefined) live.push(record);
      else if (removed.length < limit) removed.push(record);
      if (live.length >= limit) break;
    }
    return [...live, ...removed].slice(0, limit);
  }

  /** Live artifacts of that name, newest first by ledger position; with `after`, those behind it. */
  named(name: string, after?: Cursor): Iterable<ArtifactRecord> {
    return this.#under(nameKey(name), after);
  }

  /** Removed artifacts of that name, newest first by ledger position. */
  removedNamed(name: string): Iterable<ArtifactRecord> {
    return this.#under(removedNameKey(name));
  }

  /** Live artifacts of the series that one with these facts is of (D2), newest first by ledger position. */
  series(of: Parameters<typeof seriesRowKey>[0]): Iterable<ArtifactRecord> {
    return this.#under(seriesRowKey(of));
  }

  /** Artifacts that name this one as a source, live or removed, newest first by ledger position. */
  derivedFrom(id: ArtifactId): Iterable<ArtifactRecord> {
    return this.#under(derivedKey(id));
  }

  /** Live artifacts that have a pin, one that is over too; newest first by ledger position. */
  pinned(): Iterable<ArtifactRecord> {
    return this.#under(PINNED);
  }

  /** Live artifacts whose TTL is over at that time, in the order in which they end. */
  *endedBy(time: Timestamp): Iterable<ArtifactRecord> {
    const end = endingKey(timestampMs(time) + 1);
    for (const { key } of this.#tables.range(ENDING)) {
      if (key >= end) return;
      const record = this.#at(placeOf(key));
      if (record !== undefined) yield record;
    }
  }

  /** Live artifacts by a field: how many of each value there are, and the bytes of their payloads. */
  totals(field: TotalField): ReadonlyMap<string, Total> {
    const prefix = totalPrefix(field);
    const rows = [...this.#tables.range(prefix)];
    return new Map(rows.map(({ key, value }) => [key.slice(prefix.length), value as Total]));
  }
}
