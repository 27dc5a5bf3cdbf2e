import { sha256 } from '../objects/hash.js';
import type { ArtifactId, ObjectId } from '../objects/ids.js';
import type { ArtifactRecord } from './artifact-record.js';
import type { ReadTables } from './key-tables.js';

/** The ledger position that a state stands at: number and hash of the entry last folded. */
export interface Head {
  readonly seq: number;
  readonly hash: ObjectId;
}

export interface CatalogCounts {
  readonly live: number;
  readonly removed: number;
  readonly pins: number;
}

/** The one row that stamps the state with its place in the chain. */
export interface CatalogMeta extends CatalogCounts, Head {
  readonly policy: ObjectId;
  /** How many are guarded, live or removed. */
  readonly guarded: number;
}

export const META_KEY = 'm';
export const liveKey = (id: string) => `a/${id}`;
export const removedKey = (id: string) => `x/${id}`;
export const guardedKey = (id: string) => `g/${id}`;
export const NAME_KEYS = 'n/';
/** Hashed, since a name may be longer than a key can be; newest first within a name. */
const namePrefix = (name: string) => `${NAME_KEYS}${sha256(Buffer.from(name, 'utf8'))}/`;
const descending = (n: number) => (Number.MAX_SAFE_INTEGER - n).toString(16).padStart(14, '0');
export const nameKey = (name: string, r: ArtifactRecord) =>
  `${namePrefix(name)}${descending(r.registered.seq)}${descending(r.registered.index)}/${r.artifact_id}`;

/** What the ledger says at one position. A view over tables that a fold has filled. */
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

  /** Live, or removed (then `removed` is set); undefined when the ledger never had it. */
  get(id: ArtifactId): ArtifactRecord | undefined {
    return (this.#tables.get(liveKey(id)) ?? this.#tables.get(removedKey(id))) as ArtifactRecord | undefined;
  }

  /** Live artifacts in order of id. */
  *live(): Iterable<ArtifactRecord> {
    for (const { value } of this.#tables.range(liveKey(''))) yield value as ArtifactRecord;
  }

  /** Removed artifacts in order of id. */
  *removed(): Iterable<ArtifactRecord> {
    for (const { value } of this.#tables.range(removedKey(''))) yield value as ArtifactRecord;
  }

  /** Those that `isGuarded`, live or removed, in order of id: an export must not look at every artifact. */
  *guarded(): Iterable<ArtifactRecord> {
    for (const { value } of this.#tables.range(guardedKey(''))) {
      const record = this.get(value as ArtifactId);
      if (record !== undefined) yield record;
    }
  }

  /** At most `limit` ids, live ones first, that begin with `prefix` (dashes included). */
  withPrefix(prefix: string, limit: number): ArtifactRecord[] {
    const found: ArtifactRecord[] = [];
    for (const key of [liveKey(prefix), removedKey(prefix)]) {
      for (const { value } of this.#tables.range(key)) {
        if (found.length >= limit) return found;
        found.push(value as ArtifactRecord);
      }
    }
    return found;
  }

  /** Live artifacts of that name, newest first by ledger position. */
  *named(name: string): Iterable<ArtifactRecord> {
    for (const { value } of this.#tables.range(namePrefix(name))) {
      const record = this.get(value as ArtifactId);
      if (record !== undefined) yield record;
    }
  }
}
