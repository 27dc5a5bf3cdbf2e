import type { ArtifactRecord } from '../catalog/artifact-record.js';
import type { PlanInput } from './plan-input.js';
import { toPlanItem } from './plan-items.js';
import { KEEP_RULES, type PlanItem, PRUNE_RULES, type Rule } from './prune-plan.js';
import type { Freed, RemovalAccount } from './removal-account.js';
import type { Verdict } from './rule.js';

/** Rules by number; those that prune come first. */
export const RULES: readonly Rule[] = [...PRUNE_RULES, ...KEEP_RULES];
const NUMBERS = Object.fromEntries(RULES.map((rule, number) => [rule, number])) as Record<Rule, number>;
export const numberOf = (rule: Rule) => NUMBERS[rule];

/** The verdicts of a plan, in columns. */
export class Judgements {
  readonly input: PlanInput;
  /** The rows that were judged, in order of id. */
  readonly rows: Uint32Array;
  /** By row: index in `RULES`. */
  readonly rules: Uint8Array;
  /** By row: `until` in ms; NaN or `ENDLESS` for none. */
  readonly ends: Float64Array;
  readonly freed: Float64Array;
  readonly atOnce: Float64Array;
  readonly irreversible: Uint8Array;
  /** Bytes of all distinct objects that live artifacts refer to and that are there, before the removal. */
  readonly stored: number;
  /** The quota in force, if any. */
  readonly quota: number | undefined;

  constructor(input: PlanInput, rows: Uint32Array, quota?: number) {
    const { size, objects } = input.artifacts;
    this.input = input;
    this.rows = rows;
    this.rules = new Uint8Array(size);
    this.ends = new Float64Array(size);
    this.freed = new Float64Array(size);
    this.atOnce = new Float64Array(size);
    this.irreversible = new Uint8Array(size);
    this.stored = objects.stored;
    this.quota = quota;
  }

  set(row: number, { rule, end }: Verdict): void {
    this.rules[row] = numberOf(rule);
    this.ends[row] = end;
  }

  ruleOf(row: number): Rule {
    return RULES[this.rules[row]!]!;
  }

  prunes(row: number): boolean {
    return this.rules[row]! < PRUNE_RULES.length;
  }

  /** The rows to remove, in order of id. */
  get pruned(): Uint32Array {
    return this.rows.filter((row) => this.prunes(row));
  }

  /**
   * The rows to remove and, of those that are kept, the `most` largest, and those `besides`, in order of id. `most` is at
   * least 1.
   */
  withLargestKept(most: number, besides: ReadonlySet<number> = new Set()): Uint32Array {
    const { bytes } = this.input.artifacts;
    if (this.rows.length <= most) return this.rows;
    // Without a copy of all sizes, of which there may be millions.
    const largest = new Float64Array(2 * most);
    let least = -1;
    let n = 0;
    for (const row of this.rows) {
      if (bytes[row]! <= least || this.prunes(row)) continue;
      largest[n++] = bytes[row]!;
      if (n < largest.length) continue;
      largest.sort().copyWithin(0, most);
      least = largest[0]!;
      n = most;
    }
    const sorted = largest.subarray(0, n).sort();
    least = sorted[Math.max(0, n - most)] ?? 0;
    let asLarge = most - (n - 1 - sorted.lastIndexOf(least));
    return this.rows.filter((row) => {
      if (this.prunes(row) || bytes[row]! > least) return true;
      return (bytes[row] === least && asLarge-- > 0) || besides.has(row);
    });
  }

  free(row: number, { bytes, atOnce }: Freed): void {
    this.freed[row] = bytes;
    this.atOnce[row] = atOnce;
  }

  /** Counts the bytes freed by removing the rows, all of them announced first, and marks what cannot be restored. */
  freeAll(rows: Uint32Array, account: RemovalAccount): void {
    for (const row of rows) account.announce(row);
    for (const row of rows) this.free(row, account.release(row));
  }

  /** Marks what cannot be restored, once the account knows all removals. */
  markIrreversible(account: RemovalAccount): void {
    for (const row of this.rows) {
      if (this.prunes(row) && account.isIrreversible(row)) this.irreversible[row] = 1;
    }
  }

  /** `record` is the record of the row. */
  itemOf(row: number, record: ArtifactRecord): PlanItem {
    const rule = this.ruleOf(row);
    const verdict = this.prunes(row) ? 'prune' : 'keep';
    const freed = { bytes: this.freed[row]!, atOnce: this.atOnce[row]! };
    const item = toPlanItem(record, { verdict, rule, end: this.ends[row]! }, freed, this.input.clock);
    return this.irreversible[row] === 1 ? { ...item, irreversible: true } : item;
  }
}
