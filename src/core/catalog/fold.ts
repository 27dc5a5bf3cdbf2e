import { HsError } from '../../errors/hs-error.js';
import { compact } from '../json/omit-undefined.js';
import type { LedgerEntry } from '../ledger/entry.js';
import type { ArtifactFacts, LedgerOp } from '../ledger/operation.js';
import type { ArtifactRecord, Pin } from './artifact-record.js';
import type { CatalogMeta, Head } from './catalog.js';
import { idKey, keysOf, LIVE, META_KEY, placeKey, REMOVED } from './catalog-keys.js';
import type { Tables } from './key-tables.js';
import { fromRow, type RecordRow, toRow } from './record-row.js';
import { TotalChanges } from './totals.js';

function contradiction(entry: LedgerEntry, message: string): HsError {
  return new HsError('LEDGER_BROKEN', `ledger entry ${entry.seq} contradicts those before it: ${message}`, {
    hint: 'hs ledger verify',
  });
}

/** Applies one ledger entry to the state, an operation at a time; in between the tables hold a part of the entry. */
export class EntryFold {
  readonly #tables: Tables;
  readonly #entry: LedgerEntry;
  readonly #totals = new TotalChanges();
  readonly #meta: { -readonly [K in Exclude<keyof CatalogMeta, keyof Head | 'policy'>]: number };
  #policy: CatalogMeta['policy'] | undefined;
  #applied = 0;

  constructor(tables: Tables, entry: LedgerEntry) {
    const meta = tables.get(META_KEY) as CatalogMeta | undefined;
    this.#tables = tables;
    this.#entry = entry;
    const { live = 0, removed = 0, pins = 0, bytes = 0, places = 0 } = meta ?? {};
    this.#meta = { live, removed, pins, bytes, places };
    this.#policy = meta?.policy;
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
  #put(before: ArtifactRecord | undefined, after: ArtifactRecord): void {
    const [own, ...others] = keysOf(after);
    this.#tables.put(own!, toRow(after));
    this.#count(after, 1);
    if (before === undefined) {
      for (const key of others) this.#tables.put(key, 1);
      return;
    }
    this.#count(before, -1);
    const gone = new Set(keysOf(before));
    gone.delete(own!);
    for (const key of others) if (!gone.delete(key)) this.#tables.put(key, 1);
    for (const key of gone) this.#tables.remove(key);
  }

  #count(record: ArtifactRecord, sign: 1 | -1): void {
    const meta = this.#meta;
    if (record.removed !== undefined) {
      meta.removed += sign;
      return;
    }
    meta.live += sign;
    meta.pins += sign * record.pins.length;
    meta.bytes += sign * record.size_bytes;
    meta.places += sign * (record.registered.seq + record.registered.index);
    this.#totals.note(record, sign);
  }

  #add(facts: ArtifactFacts, index: number): void {
    const id = facts.artifact_id;
    if (this.#tables.get(idKey(id)) !== undefined) {
      throw contradiction(this.#entry, `artifact ${id} exists already`);
    }
    const registered = { seq: this.#entry.seq, index, at: this.#entry.at };
    const manifests = [{ manifest: facts.manifest, size_bytes: facts.manifest_size_bytes }];
    this.#tables.put(idKey(id), placeKey(registered));
    this.#put(undefined, { ...facts, registered, manifests, pins: [] });
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
      ...facts,
      registered: before.registered,
      manifests: [...before.manifests, { manifest: facts.manifest, size_bytes: facts.manifest_size_bytes }],
      pins: before.pins,
    });
  }

  #setPins(record: ArtifactRecord, pins: readonly Pin[]): void {
    this.#put(record, { ...record, pins: [...pins].sort((a, b) => (a.name < b.name ? -1 : 1)) });
  }

  #remove(id: string, purge: boolean): void {
    const record = this.#liveRecord(id);
    const { seq, at } = this.#entry;
    this.#put(record, { ...record, pins: [], removed: { seq, at, purge } });
  }

  #restore(id: string): void {
    const record = this.#find(id, REMOVED);
    if (record === undefined) throw contradiction(this.#entry, `artifact ${id} was not removed`);
    const { removed: _, ...live } = record;
    this.#put(record, live);
  }

  /** The next operation of the entry. LEDGER_BROKEN when it contradicts those before it. */
  apply(op: LedgerOp): void {
    const index = this.#applied++;
    switch (op.op) {
      case 'add':
        this.#add(op, index);
        break;
      case 'revise':
        this.#revise(op);
        break;
      case 'pin': {
        const record = this.#liveRecord(op.artifact_id);
        const { actor, actor_id, at } = this.#entry;
        const pin: Pin = compact({
          name: op.name,
          reason: op.reason,
          until: op.until,
          actor: `${actor}:${actor_id}`,
          at,
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
    }
  }

  /** Once all are applied; `hash` is that of the entry's exact bytes. */
  finish(hash: Head['hash']): void {
    const head: Head = { seq: this.#entry.seq, hash };
    if (this.#policy === undefined) throw contradiction(this.#entry, 'no policy was ever set');
    this.#totals.writeTo(this.#tables);
    const meta: CatalogMeta = { ...head, policy: this.#policy, ...this.#meta };
    this.#tables.put(META_KEY, meta);
  }
}

/** Applies one ledger entry to the state, an operation a step; `hash` is that of the entry's exact bytes. */
export function* foldSteps(
  tables: Tables,
  entry: LedgerEntry,
  ops: readonly LedgerOp[],
  hash: Head['hash'],
): Generator<void, void> {
  const fold = new EntryFold(tables, entry);
  for (const op of ops) {
    fold.apply(op);
    yield;
  }
  fold.finish(hash);
}

/** The same in one step. */
export function foldEntry(
  tables: Tables,
  entry: LedgerEntry,
  ops: readonly LedgerOp[],
  hash: Head['hash'],
): void {
  for (const _ of foldSteps(tables, entry, ops, hash));
}
