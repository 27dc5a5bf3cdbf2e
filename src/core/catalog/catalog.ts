import type { ArtifactId, ObjectId, Timestamp } from '../objects/ids.js';
import type { ArtifactRecord, Registration } from './artifact-record.js';
import {
  APPLIED,
  derivedKey,
  GUARDED,
  idKey,
  LIVE,
  nameKey,
  PINNED,
  type PinnedRow,
  PURGED,
  placeKey,
  placeOf,
  REMOVED,
  ROOTS,
  removedNameKey,
  seriesRowKey,
  UNREAD,
} from './catalog-keys.js';
import { type TableReader, TablesDamaged } from './key-tables.js';
import { wordsOf } from './key-words.js';
import { type DecodedBeginning, decodeListBeginning } from './ledger-rows.js';
import { ProvenRows } from './proven-rows.js';
import { RecordList } from './record-list.js';
import { fromRow, type RecordRow } from './record-row.js';
import { PROVEN_TABLES, type TableSums } from './table-sums.js';
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

/** The ledger position of the state, and the sums that its rows must add up to. */
export interface CatalogMeta extends CatalogCounts, Head {
  readonly policy: ObjectId;
  /** System time of the newest entry that is not a refusal. */
  readonly at: Timestamp;
  /** The last entry that did more than add artifacts; -1 for none. */
  readonly changed: number;
  readonly sums: TableSums;
}

/** A list continues after the artifact of this registration. */
export type Cursor = Pick<Registration, 'seq' | 'index'>;

/** The state of the ledger at one position: a view of tables filled by a fold. Lists are in ledger order, newest first. */
export class Catalog {
  readonly #tables: TableReader;
  readonly #meta: CatalogMeta;
  readonly #proven: ProvenRows;

  /** `meta` is the row at META_KEY. */
  constructor(tables: TableReader, meta: CatalogMeta) {
    this.#tables = tables;
    this.#meta = meta;
    this.#proven = new ProvenRows(tables, meta.sums);
  }

  get head(): Head {
    return { seq: this.#meta.seq, hash: this.#meta.hash };
  }

  /** The object with the current policy. */
  get policyId(): ObjectId {
    return this.#meta.policy;
  }

  get counts(): CatalogCounts {
    return { live: this.#meta.live, removed: this.#meta.removed, pins: this.#meta.pins };
  }

  /** Objects that the ledger itself or a guarded artifact names, at the most. */
  get mostRoots(): number {
    const { sums } = this.#meta;
    return (sums[ROOTS]?.rows ?? 0) + (sums[GUARDED]?.rows ?? 0);
  }

  /** The artifact registered at that place, live or removed. */
  async at(place: string): Promise<ArtifactRecord | undefined> {
    const row = (await this.#tables.get(LIVE + place)) ?? (await this.#tables.get(REMOVED + place));
    return row === undefined ? undefined : fromRow(row as RecordRow);
  }

  /** The first `most` places that the keys with these prefixes lead to, up to the key `end`, in their order. */
  async places(prefixes: readonly string[], end: string | undefined, most: number): Promise<string[]> {
    const places: string[] = [];
    for (const prefix of prefixes) {
      for await (const rows of this.#tables.range(prefix)) {
        for (const { key } of rows) {
          if (places.length === most || (end !== undefined && key >= end)) return places;
          places.push(placeOf(key));
        }
      }
    }
    return places;
  }

  /** See {@link wordsOf}. */
  words(table: string, prefix: string, delimiter: ' /' | '/', most: number): Promise<string[]> {
    return wordsOf(this.#tables, table, prefix, delimiter, most);
  }

  /** Live or removed; undefined if it was never registered. */
  async get(id: ArtifactId): Promise<ArtifactRecord | undefined> {
    const place = (await this.#tables.get(idKey(id))) as string | undefined;
    return place === undefined ? undefined : this.at(place);
  }

  /** The artifacts that keys with this prefix lead to, live or removed; with `after`, those behind it. */
  under(prefix: string, after?: Cursor): RecordList {
    const tables = this.#tables;
    const at = (place: string) => this.at(place);
    return new RecordList(async function* () {
      for await (const rows of tables.range(prefix, after && prefix + placeKey(after))) {
        const records: ArtifactRecord[] = [];
        for (const { key } of rows) {
          const record = await at(placeOf(key));
          if (record !== undefined) records.push(record);
        }
        yield records;
      }
    });
  }

  #all(table: typeof LIVE | typeof REMOVED, after?: Cursor): RecordList {
    const tables = this.#tables;
    return new RecordList(async function* () {
      for await (const rows of tables.range(table, after && table + placeKey(after))) {
        yield rows.map(({ value }) => fromRow(value as RecordRow));
      }
    });
  }

  /** Live artifacts; with `after`, those behind it. */
  live(after?: Cursor): RecordList {
    return this.#all(LIVE, after);
  }

  #provenRecords(table: typeof LIVE | typeof REMOVED): RecordList {
    const proven = () => this.#proven.rows(table);
    return new RecordList(async function* () {
      for await (const rows of proven()) yield rows.map(({ value }) => fromRow(value as RecordRow));
    });
  }

  /** Reads every table that has a sum: TablesDamaged if one does not match it. */
  async prove(): Promise<void> {
    for (const table of PROVEN_TABLES) for await (const _ of this.#proven.lines(table));
  }

  /** As {@link live}, proven. */
  provenLive(): RecordList {
    return this.#provenRecords(LIVE);
  }

  /** As {@link live}, proven: as the lines of their rows, for {@link RecordLines}. */
  provenLiveLines(): AsyncGenerator<Buffer, void> {
    return this.#proven.lines(LIVE);
  }

  /** The lines of all rows, in order of key. */
  lines(): AsyncIterable<Buffer> {
    return this.#tables.lines('');
  }

  /** As {@link removed}, proven. */
  provenRemoved(): RecordList {
    return this.#provenRecords(REMOVED);
  }

  /** As {@link guarded}, proven. */
  async *provenGuarded(): AsyncGenerator<ArtifactRecord, void> {
    for await (const place of this.#proven.keys(GUARDED)) {
      const record = await this.at(place);
      if (record === undefined) throw new TablesDamaged(`${GUARDED}${place} leads nowhere`);
      yield record;
    }
  }

  /** Objects that the ledger itself names: operation lists, payloads, policies, lists of paths; proven. */
  provenRoots(): AsyncGenerator<ObjectId, void> {
    return this.#proven.keys(ROOTS) as AsyncGenerator<ObjectId, void>;
  }

  /** Entries whose payload could not be read when they were folded, and may name more roots; proven. */
  async *provenUnread(): AsyncGenerator<number, void> {
    for await (const seq of this.#proven.keys(UNREAD)) yield Number(seq);
  }

  /** Names of the trash batches that were purged; proven. */
  provenPurged(): AsyncGenerator<string, void> {
    return this.#proven.keys(PURGED);
  }

  /** Whether an entry records the purge of this trash batch. */
  async isPurged(batch: string): Promise<boolean> {
    return (await this.#tables.get(PURGED + batch)) !== undefined;
  }

  /** The entry that applied a plan with this hash; all are read, and proven. */
  async appliedAt(planHash: ObjectId): Promise<number | undefined> {
    let found: number | undefined;
    for await (const rows of this.#proven.rows(APPLIED)) {
      for (const { key, value } of rows) if (key === APPLIED + planHash) found = value as number;
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

  removed(): RecordList {
    return this.#all(REMOVED);
  }

  /** Artifacts that are `isGuarded`, live or removed; an export need not read all others. */
  guarded(): RecordList {
    return this.under(GUARDED);
  }

  /** At most `limit` artifacts, live ones first, whose ids begin with `prefix` (dashes included). */
  async withPrefix(prefix: string, limit: number): Promise<ArtifactRecord[]> {
    const live: ArtifactRecord[] = [];
    const removed: ArtifactRecord[] = [];
    for await (const rows of this.#tables.range(idKey(prefix))) {
      for (const { value } of rows) {
        const record = (await this.at(value as string))!;
        if (record.removed === undefined) live.push(record);
        else if (removed.length < limit) removed.push(record);
        if (live.length >= limit) return live;
      }
    }
    return [...live, ...removed].slice(0, limit);
  }

  /** Live artifacts of that name; with `after`, those behind it. */
  named(name: string, after?: Cursor): RecordList {
    return this.under(nameKey(name), after);
  }

  removedNamed(name: string): RecordList {
    return this.under(removedNameKey(name));
  }

  /** Live artifacts of the series that an artifact with these facts belongs to (D2). */
  series(of: Parameters<typeof seriesRowKey>[0]): RecordList {
    return this.under(seriesRowKey(of));
  }

  /** Artifacts that name this one as a source, live or removed. */
  derivedFrom(id: ArtifactId): RecordList {
    return this.under(derivedKey(id));
  }

  /** Live artifacts with a pin, even an expired one. */
  async *pinned(): AsyncGenerator<PinnedRow, void> {
    for await (const rows of this.#tables.range(PINNED)) {
      for (const { value } of rows) yield value as PinnedRow;
    }
  }

  /** What proves the beginning of a list of operations; undefined for one that no folded entry names. */
  async listBeginning(id: ObjectId): Promise<DecodedBeginning | undefined> {
    const text = await this.#tables.get(ROOTS + id);
    return typeof text === 'string' ? decodeListBeginning(text) : undefined;
  }

  /** Live artifacts by a field: how many there are of each value, and the bytes of their payloads. */
  async totals(field: TotalField): Promise<ReadonlyMap<string, Total>> {
    const prefix = totalPrefix(field);
    const totals = new Map<string, Total>();
    for await (const rows of this.#tables.range(prefix)) {
      for (const { key, value } of rows) totals.set(key.slice(prefix.length), value as Total);
    }
    return totals;
  }
}
