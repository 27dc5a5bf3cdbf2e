import type { ArtifactFacts } from '../ledger/operation.js';
import { TOTALS } from './catalog-keys.js';
import type { SummedTables } from './table-sums.js';

/** The keys by which live artifacts are totalled. */
export const TOTAL_FIELDS = ['kind', 'class', 'layer'] as const;
export type TotalField = (typeof TOTAL_FIELDS)[number];

export interface Total {
  readonly artifacts: number;
  /** Sum of the payload sizes. */
  readonly bytes: number;
}

const FIELD: Readonly<Record<TotalField, (r: ArtifactFacts) => string>> = {
  kind: (r) => r.kind,
  class: (r) => r.retention_class,
  layer: (r) => r.layer,
};

export const totalPrefix = (field: TotalField) => `${TOTALS}${field}/`;

/** Changes of the totals by one entry, written once at its end. */
export class TotalChanges {
  readonly #changes = new Map<string, { artifacts: number; bytes: number }>();

  /** `sign` is 1 for an artifact that becomes live, -1 for one that is removed. */
  note(record: ArtifactFacts, sign: 1 | -1): void {
    for (const field of TOTAL_FIELDS) {
      const key = totalPrefix(field) + FIELD[field](record);
      const change = this.#changes.get(key) ?? { artifacts: 0, bytes: 0 };
      change.artifacts += sign;
      change.bytes += sign * record.size_bytes;
      this.#changes.set(key, change);
    }
  }

  writeTo(tables: SummedTables): void {
    for (const [key, { artifacts, bytes }] of this.#changes) {
      if (artifacts === 0 && bytes === 0) continue;
      const before = (tables.get(key) ?? { artifacts: 0, bytes: 0 }) as Total;
      const after: Total = { artifacts: before.artifacts + artifacts, bytes: before.bytes + bytes };
      if (after.artifacts === 0) tables.remove(key, before);
      else tables.put(key, after);
    }
  }
}
