import { HsError } from '../../errors/hs-error.js';
import { compact } from '../json/omit-undefined.js';
import type { LedgerEntry } from '../ledger/entry.js';
import type { EntryPayload } from '../ledger/entry-types.js';
import type { ArtifactFacts, LedgerOp } from '../ledger/operation.js';
import type { ArtifactRecord, Pin } from './artifact-record.js';
import type { CatalogCounts, CatalogMeta, Head } from './catalog.js';
import { idKey, keyText, LIVE, META_KEY, placeKey, REMOVED, ROOTS, recordKeys } from './catalog-keys.js';
import { JsonText, type Tables } from './key-tables.js';
import { ListBeginning, rowsOfEntry } from './ledger-rows.js';
import { fromRow, type RecordRow, type RecordState, rowText } from './record-row.js';
import { SummedTables } from './table-sums.js';
import { TotalChanges } from './totals.js';

/** The error of an entry that cannot follow from those before it. */
export function contradiction(entry: LedgerEntry, message: string): HsError {
  return new HsError('LEDGER_BROKEN', `ledger entry ${entry.seq} contradicts those before it: ${message}`, {
    hint: 'hs ledger verify',
  });
}

/** Applies one ledger entry to the state, one operation at a time; meanwhile the tables contain part of the entry. */
export class EntryFold {
  readonly #tables: SummedTables;
  readonly #entry: LedgerEntry;
  readonly #totals = new TotalChanges();
  readonly #counts: { -readonly [K in keyof CatalogCounts]: number };
  readonly #before: CatalogMeta | undefined;
  #policy: CatalogMeta['policy'] | undefined;
  readonly #list: ListBeginning | undefined;
  #onlyAdds = true;
  #applied = 0;

  constructor(tables: Tables, entry: LedgerEntry) {
    const meta = tables.get(META_KEY) as CatalogMeta | undefined;
    this.#tables = new SummedTables(tables, meta?.sums);
    this.#entry = entry;
    const { live = 0, removed = 0, pins = 0 } = meta ?? {};
    this.#counts = { live, removed, pins };
    this.#before = meta;
    this.#policy = meta?.policy;
    if (entry.ops_object !== undefined) this.#list = new ListBeginning();
  }

  /** `type:id`. */
  get #actor(): string {
    return `${this.#entry.actor}:${this.#entry.actor_id}`;
  }

  #find(id: string, table: typeof LIVE | typeof REMOVED): ArtifactRecord | undefined {
    const place = this.#tables.get(idKey(id)) as string | undefined;
    const row = place && (this.#tables.get(table + place) as RecordRow | undefined);
    return row ? fromRow(row) : undefined;
  }

  #liveRecord(id: string): ArtifactRecord {
    const record = this.#find(id, LIVE);
    if (record === undefined) throw contradiction(this.#entry, `artifact ${id} is not there`);
    return record;
  }

  /** Replaces a record and its keys. */
  #put(before: ArtifactRecord, after: ArtifactRecord): void {
    const place = placeKey(after.registered);
    const [own, ...others] = recordKeys(after, place);
    const [ownBefore, ...othersBefore] = recordKeys(before, place);
    this.#count(after, after, 1);
    this.#count(before, before, -1);
    this.#tables.remove(ownBefore!, new JsonText(rowText(before, before)));
    this.#tables.put(own!, new JsonText(rowText(after, after)));
    const [keys, keysBefore] = [new Set(others), new Set(othersBefore)];
    const stays = (key: string, among: ReadonlySet<string>) =>
      among.has(key) && keyText(key, before) === keyText(key, after);
    for (const key of keysBefore) {
      if (!stays(key, keys)) this.#tables.remove(key, new JsonText(keyText(key, before)));
    }
    for (const key of keys) {
      if (!stays(key, keysBefore)) this.#tables.put(key, new JsonText(keyText(key, after)));
    }
  }

  #count(facts: ArtifactFacts, { pins, removed }: RecordState, sign: 1 | -1): void {
    const counts = this.#counts;
    if (removed !== undefined) {
      counts.removed += sign;
      return;
    }
    counts.live += sign;
    counts.pins += sign * (pins?.length ?? 0);
    this.#totals.note(facts, sign);
  }

  #add(facts: ArtifactFacts, index: number): void {
    const id = facts.artifact_id;
    if (this.#tables.get(idKey(id)) !== undefined) {
      throw contradiction(this.#entry, `artifact ${id} exists already`);
    }
    const { seq, at } = this.#entry;
    const registered = { seq, index, at, actor: this.#actor };
    const place = placeKey(registered);
    const [own, ...others] = recordKeys(facts, place);
    this.#tables.put(idKey(id), place);
    this.#tables.put(own!, new JsonText(rowText(facts, { registered })));
    for (const key of others) this.#tables.put(key, 1);
    this.#count(facts, { registered }, 1);
  }

  #revise(facts: ArtifactFacts): void {
    const before = this.#liveRecord(facts.artifact_id);
    if (facts.revision !== before.revision + 1) {
      throw contradiction(
        this.#entry,
        `revision ${facts.revision} of ${facts.artifact_id} follows ${before.revision}`,
      );
    }
    this.#put(before, {
      registered: before.registered,
      manifests: [...before.manifests, { manifest: facts.manifest, size_bytes: facts.manifest_size_bytes }],
      pins: before.pins,
      ...facts,
    });
  }

  #setPins(record: ArtifactRecord, pins: readonly Pin[]): void {
    this.#put(record, { ...record, pins: [...pins].sort((a, b) => (a.name < b.name ? -1 : 1)) });
  }

  #remove(id: string, purge: boolean): void {
    const record = this.#liveRecord(id);
    const { seq, at } = this.#entry;
    this.#put(record, Object.assign({}, record, { pins: [], removed: { seq, at, purge } }));
  }

  #restore(id: string): void {
    const record = this.#find(id, REMOVED);
    if (record === undefined) throw contradiction(this.#entry, `artifact ${id} was not removed`);
    const { removed: _, ...live } = record;
    this.#put(record, live);
  }

  /** Applies the next operation. LEDGER_BROKEN if it contradicts earlier ones. */
  apply(op: LedgerOp): void {
    const index = this.#applied++;
    this.#list?.add(op);
    if (op.op !== 'add') this.#onlyAdds = false;
    switch (op.op) {
      case 'add':
        this.#add(op, index);
        break;
      case 'revise':
        this.#revise(op);
        break;
      case 'pin': {
        const record = this.#liveRecord(op.artifact_id);
        const pin: Pin = compact({
          name: op.name,
          reason: op.reason,
          until: op.until,
          actor: this.#actor,
          at: this.#entry.at,
        });
        this.#setPins(record, [...record.pins.filter((p) => p.name !== op.name), pin]);
        break;
      }
      case 'unpin': {
        const record = this.#liveRecord(op.artifact_id);
        this.#setPins(
          record,
          record.pins.filter((p) => p.name !== op.name),
        );
        break;
      }
      case 'remove':
        this.#remove(op.artifact_id, op.purge === true);
        break;
      case 'restore':
        this.#restore(op.artifact_id);
        break;
      case 'set_policy':
        this.#policy = op.policy;
        this.#tables.include(ROOTS + op.policy, 1);
    }
  }

  /**
   * Called after the last operation. `hash` is that of the entry's exact bytes; `payload` is required if it is in an
   * object and `needsPayload`, and undefined if unreadable.
   */
  finish(hash: Head['hash'], payload: EntryPayload | undefined = this.#entry.payload): void {
    const { seq, at, decision } = this.#entry;
    const before = this.#before;
    if (this.#policy === undefined) throw contradiction(this.#entry, 'no policy was ever set');
    for (const { key, value } of rowsOfEntry(this.#entry, payload, this.#list)) {
      this.#tables.include(key, value);
    }
    this.#totals.writeTo(this.#tables);
    const meta: CatalogMeta = {
      seq,
      hash,
      policy: this.#policy,
      ...this.#counts,
      // A refusal changes no state. Counting it would let the next collection pass after one was refused for a slow
      // clock.
      at: decision === 'deny' && before !== undefined ? before.at : at,
      changed: this.#onlyAdds ? (before?.changed ?? -1) : seq,
      sums: this.#tables.sums,
    };
    this.#tables.put(META_KEY, meta);
  }
}

/** Applies one ledger entry to the state, one operation per step; `hash` is that of the entry's exact bytes. */
export function* foldSteps(
  tables: Tables,
  entry: LedgerEntry,
  ops: readonly LedgerOp[],
  hash: Head['hash'],
  payload?: EntryPayload,
): Generator<void, void> {
  const fold = new EntryFold(tables, entry);
  for (const op of ops) {
    fold.apply(op);
    yield;
  }
  fold.finish(hash, payload);
}
