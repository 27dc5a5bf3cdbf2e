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
  nameKey,
  PINNED,
  placeKey,
  placeOf,
  REMOVED,
  removedNameKey,
  seriesRowKey,
} from './catalog-keys.js';
import { type TableReader, TablesDamaged } from './key-tables.js';
import { RecordList } from './record-list.js';
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

/** The state of the ledger at one position: a view of tables filled by a fold. Lists are in ledger order, newest first. */
export class Catalog {
  readonly #tables: TableReader;
  readonly #meta: CatalogMeta;

  /** `meta` is the row at META_KEY. */
  constructor(tables: TableReader, meta: CatalogMeta) {
    this.#tables = tables;
    this.#meta = meta;
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

  async #at(place: string): Promise<ArtifactRecord | undefined> {
    const row = (await this.#tables.get(LIVE + place)) ?? (await this.#tables.get(REMOVED + place));
    return row === undefined ? undefined : fromRow(row as RecordRow);
  }

  /** Live, or removed (then `removed` is set); undefined when the ledger never had it. */
  async get(id: ArtifactId): Promise<ArtifactRecord | undefined> {
    const place = (await this.#tables.get(idKey(id))) as string | undefined;
    return place === undefined ? undefined : this.#at(place);
  }

  /** The records that keys with this prefix lead to, up to the key `end`. */
  #under(
    prefix: string,
    { after, end }: { readonly after?: Cursor; readonly end?: string } = {},
  ): RecordList {
    const tables = this.#tables;
    const at = (place: string) => this.#at(place);
    return new RecordList(async function* () {
      for await (const rows of tables.range(prefix, after && prefix + placeKey(after))) {
        const records: ArtifactRecord[] = [];
        for (const { key } of rows) {
          if (end !== undefined && key >= end) break;
          const record = await at(placeOf(key));
          if (record !== undefined) records.push(record);
        }
        yield records;
        if (end !== undefined && rows.at(-1)!.key >= end) return;
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

  /**
   * All live artifacts, counted and added up at the end: throws TablesDamaged after the last one if one was missing or
   * occurred twice. For callers that act on what is absent.
   */
  provenLive(): RecordList {
    const meta = this.#meta;
    const all = this.live();
    return new RecordList(async function* () {
      let [live, pins, bytes, places] = [0, 0, 0, 0];
      for await (const block of all.blocks()) {
        for (const record of block) {
          live += 1;
          pins += record.pins.length;
          bytes += record.size_bytes;
          places += record.registered.seq + record.registered.index;
        }
        yield block;
      }
      if (live !== meta.live || pins !== meta.pins || bytes !== meta.bytes || places !== meta.places) {
        throw new TablesDamaged('its rows do not add up');
      }
    });
  }

  removed(): RecordList {
    return this.#all(REMOVED);
  }

  /** Those that `isGuarded`, live or removed: an export must not look at every artifact. */
  guarded(): RecordList {
    return this.#under(GUARDED);
  }

  /** At most `limit` artifacts, live ones first, whose ids begin with `prefix` (dashes included). */
  async withPrefix(prefix: string, limit: number): Promise<ArtifactRecord[]> {
    const live: ArtifactRecord[] = [];
    const removed: ArtifactRecord[] = [];
    for await (const rows of this.#tables.range(idKey(prefix))) {
      for (const { value } of rows) {
        const record = (await this.#at(value as string))!;
        if (record.removed === undefined) live.push(record);
        else if (removed.length < limit) removed.push(record);
        if (live.length >= limit) return live;
      }
    }
    return [...live, ...removed].slice(0, limit);
  }

  /** Live artifacts of that name; with `after`, those behind it. */
  named(name: string, after?: Cursor): RecordList {
    return this.#under(nameKey(name), { ...(after && { after }) });
  }

  removedNamed(name: string): RecordList {
    return this.#under(removedNameKey(name));
  }

  /** Live artifacts of the series that an artifact with these facts belongs to (D2). */
  series(of: Parameters<typeof seriesRowKey>[0]): RecordList {
    return this.#under(seriesRowKey(of));
  }

  /** Artifacts that name this one as a source, live or removed. */
  derivedFrom(id: ArtifactId): RecordList {
    return this.#under(derivedKey(id));
  }

  /** Live artifacts with a pin, even an expired one. */
  pinned(): RecordList {
    return this.#under(PINNED);
  }

  /** Live artifacts whose TTL has ended by that time, in the order in which they end. */
  endedBy(time: Timestamp): RecordList {
    return this.#under(ENDING, { end: endingKey(timestampMs(time) + 1) });
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
