import { HsError } from '../../errors/hs-error.js';
import { compact } from '../json/omit-undefined.js';
import type { LedgerEntry } from '../ledger/entry.js';
import type { ArtifactFacts, LedgerOp } from '../ledger/operation.js';
import { type ArtifactRecord, isGuarded, type Pin } from './artifact-record.js';
import {
  type CatalogMeta,
  guardedKey,
  type Head,
  liveKey,
  META_KEY,
  nameKey,
  removedKey,
} from './catalog.js';
import type { Tables } from './key-tables.js';

function contradiction(entry: LedgerEntry, message: string): HsError {
  return new HsError('LEDGER_BROKEN', `ledger entry ${entry.seq} contradicts those before it: ${message}`, {
    hint: 'hs ledger verify',
  });
}

class Fold {
  readonly #tables: Tables;
  readonly #entry: LedgerEntry;
  #live: number;
  #removed: number;
  #pins: number;
  #guarded: number;
  #policy: CatalogMeta['policy'] | undefined;

  constructor(tables: Tables, entry: LedgerEntry) {
    const meta = tables.get(META_KEY) as CatalogMeta | undefined;
    this.#tables = tables;
    this.#entry = entry;
    this.#live = meta?.live ?? 0;
    this.#removed = meta?.removed ?? 0;
    this.#pins = meta?.pins ?? 0;
    this.#guarded = meta?.guarded ?? 0;
    this.#policy = meta?.policy;
  }

  #liveRecord(id: string): ArtifactRecord {
    const record = this.#tables.get(liveKey(id)) as ArtifactRecord | undefined;
    if (record === undefined) throw contradiction(this.#entry, `artifact ${id} is not there`);
    return record;
  }

  #store(record: ArtifactRecord): void {
    this.#tables.put(liveKey(record.artifact_id), record);
    if (record.name !== undefined) this.#tables.put(nameKey(record.name, record), record.artifact_id);
    this.#guard(record);
  }

  /** What was removed stays guarded as it was: its bytes may be elsewhere. */
  #guard(record: ArtifactRecord): void {
    const key = guardedKey(record.artifact_id);
    const before = this.#tables.get(key) !== undefined;
    const after = isGuarded(record);
    if (before === after) return;
    if (after) this.#tables.put(key, record.artifact_id);
    else this.#tables.remove(key);
    this.#guarded += after ? 1 : -1;
  }

  #dropLive(record: ArtifactRecord): void {
    this.#tables.remove(liveKey(record.artifact_id));
    if (record.name !== undefined) this.#tables.remove(nameKey(record.name, record));
    this.#live -= 1;
    this.#pins -= record.pins.length;
  }

  #add(facts: ArtifactFacts, index: number): void {
    if (this.#tables.get(liveKey(facts.artifact_id)) ?? this.#tables.get(removedKey(facts.artifact_id))) {
      throw contradiction(this.#entry, `artifact ${facts.artifact_id} is there already`);
    }
    this.#store({
      ...facts,
      registered: { seq: this.#entry.seq, index, at: this.#entry.at },
      manifests: [{ manifest: facts.manifest, size_bytes: facts.manifest_size_bytes }],
      pins: [],
    });
    this.#live += 1;
  }

  #revise(facts: ArtifactFacts): void {
    const before = this.#liveRecord(facts.artifact_id);
    if (facts.revision !== before.revision + 1) {
      throw contradiction(
        this.#entry,
        `revision ${facts.revision} of ${facts.artifact_id} follows ${before.revision}`,
      );
    }
    if (before.name !== undefined) this.#tables.remove(nameKey(before.name, before));
    this.#store({
      ...facts,
      registered: before.registered,
      manifests: [...before.manifests, { manifest: facts.manifest, size_bytes: facts.manifest_size_bytes }],
      pins: before.pins,
    });
  }

  #setPins(record: ArtifactRecord, pins: readonly Pin[]): void {
    this.#pins += pins.length - record.pins.length;
    this.#store({ ...record, pins: [...pins].sort((a, b) => (a.name < b.name ? -1 : 1)) });
  }

  #remove(id: string, purge: boolean): void {
    const record = this.#liveRecord(id);
    this.#dropLive(record);
    const { seq, at } = this.#entry;
    this.#tables.put(removedKey(id), {
      ...record,
      pins: [],
      removed: { seq, at, purge },
    } satisfies ArtifactRecord);
    this.#removed += 1;
  }

  #restore(id: string): void {
    const record = this.#tables.get(removedKey(id)) as ArtifactRecord | undefined;
    if (record === undefined) throw contradiction(this.#entry, `artifact ${id} was not removed`);
    const { removed: _, ...live } = record;
    this.#tables.remove(removedKey(id));
    this.#store(live);
    this.#removed -= 1;
    this.#live += 1;
  }

  apply(op: LedgerOp, index: number): void {
    switch (op.op) {
      case 'add': {
        const { op: _, ...facts } = op;
        this.#add(facts, index);
        break;
      }
      case 'revise': {
        const { op: _, ...facts } = op;
        this.#revise(facts);
        break;
      }
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

  finish(head: Head): void {
    if (this.#policy === undefined) throw contradiction(this.#entry, 'no policy was ever set');
    const meta: CatalogMeta = {
      ...head,
      policy: this.#policy,
      live: this.#live,
      removed: this.#removed,
      pins: this.#pins,
      guarded: this.#guarded,
    };
    this.#tables.put(META_KEY, meta);
  }
}

/**
 * Applies one ledger entry to the state, an operation a step; `hash` is that of the entry's exact bytes. In
 * between the tables hold a part of the entry.
 */
export function* foldSteps(
  tables: Tables,
  entry: LedgerEntry,
  ops: readonly LedgerOp[],
  hash: Head['hash'],
): Generator<void, void> {
  const fold = new Fold(tables, entry);
  for (const [index, op] of ops.entries()) {
    fold.apply(op, index);
    yield;
  }
  fold.finish({ seq: entry.seq, hash });
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
