import type { ArtifactId, ObjectId, Timestamp } from '../objects/ids.js';
import { timestampMs } from '../objects/ids.js';
import type { ArtifactRecord, Registration } from './artifact-record.js';
import {
  derivedKey,
  ENDING,
  endingKey,
  GUARDED,
  idKey,
  LIVE,
  META_KEY,
  nameKey,
  PINNED,
  placeKey,
  placeOf,
  REMOVED,
  removedNameKey,
  seriesRowKey,
} from './catalog-keys.js';
import { type ReadTables, TablesDamaged } from './key-tables.js';
import { fromRow, type RecordRow } from './record-row.js';
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
  /** Sums over the live ones: of payload sizes, and of the numbers of their places. */
  readonly bytes: number;
  readonly places: number;
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
   * The same from the newest to the first, and then counted and added up: TablesDamaged, after the last one, where
   * one was missing or there twice. For who acts on what is not there.
   */
  *provenLive(): Iterable<ArtifactRecord> {
    let [live, pins, bytes, places] = [0, 0, 0, 0];
    for (const record of this.live()) {
      live += 1;
      pins += record.pins.length;
      bytes += record.size_bytes;
      places += record.registered.seq + record.registered.index;
      yield record;
    }
    const meta = this.#meta;
    if (live !== meta.live || pins !== meta.pins || bytes !== meta.bytes || places !== meta.places) {
      throw new TablesDamaged('its rows do not add up');
    }
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
