import type { Catalog } from '../../src/core/catalog/catalog.js';
import { MemoryTables } from '../../src/core/catalog/key-tables.js';
import { LedgerDigest } from '../../src/core/catalog/ledger-digest.js';
import { ENTRY_SCHEMA, type LedgerEntry } from '../../src/core/ledger/entry.js';
import type { ArtifactFacts, LedgerOp } from '../../src/core/ledger/operation.js';
import { sha256 } from '../../src/core/objects/hash.js';
import { type ArtifactId, toTimestamp } from '../../src/core/objects/ids.js';
import { catalogOf } from '../../src/store/catalog/table-view.js';
import { foldEntry } from '../helpers/fold-entry.js';

export const policy = sha256(Buffer.from('policy'));
export const idOf = (n: number) => `${String(n).padStart(8, '0')}-0000-4000-8000-000000000000` as ArtifactId;

export const facts = (n: number, more: Partial<ArtifactFacts> = {}): ArtifactFacts => ({
  artifact_id: idOf(n),
  revision: 1,
  manifest: sha256(Buffer.from(`m${n}`)),
  manifest_size_bytes: 100,
  content_hash: sha256(Buffer.from(`c${n}`)),
  payload_type: 'file',
  kind: 'file',
  retention_class: 'result',
  layer: 'L3',
  classification: 'low',
  exportable: true,
  size_bytes: 10,
  created_at: toTimestamp(0),
  ...more,
});
export const add = (n: number, more?: Partial<ArtifactFacts>): LedgerOp => ({ op: 'add', ...facts(n, more) });
export const pin = (n: number, name: string): LedgerOp => ({ op: 'pin', artifact_id: idOf(n), name });
export const unpin = (n: number, name: string): LedgerOp => ({ op: 'unpin', artifact_id: idOf(n), name });
export const remove = (n: number): LedgerOp => ({ op: 'remove', artifact_id: idOf(n) });
export const restore = (n: number): LedgerOp => ({ op: 'restore', artifact_id: idOf(n) });

/** Entries of a ledger, folded as they come, a second apart. */
export class Chain {
  readonly tables = new MemoryTables();
  /** The same ledger in short. */
  readonly digest = new LedgerDigest();
  #seq = 0;
  constructor() {
    this.commit({ op: 'set_policy', policy });
  }
  commit(...ops: LedgerOp[]): this {
    return this.#fold({ type: 'note', payload: { text: 'x' } }, ops);
  }
  /** An entry of a type and payload; without one, it lies in an object that cannot be read. */
  record({ type, payload }: { readonly type: LedgerEntry['type']; readonly payload?: object }): this {
    const lies = payload === undefined ? { payload_object: policy } : { payload: payload as never };
    return this.#fold({ type, ...lies }, []);
  }
  #fold(what: Pick<LedgerEntry, 'type' | 'payload' | 'payload_object'>, ops: readonly LedgerOp[]): this {
    const seq = this.#seq++;
    const entry: LedgerEntry = {
      schema: ENTRY_SCHEMA,
      seq,
      prev: policy,
      event_id: idOf(seq),
      trace_id: idOf(seq),
      at: toTimestamp(seq * 1000),
      actor: 'human',
      actor_id: 'ada',
      ...what,
    };
    const hash = sha256(Buffer.from(`e${seq}`));
    foldEntry(this.tables, entry, ops, hash);
    for (const [i, op] of ops.entries()) this.digest.apply(entry, op, i);
    this.digest.finish(entry, hash, entry.payload);
    return this;
  }
  get catalog(): Catalog {
    return catalogOf(this.tables);
  }
}
