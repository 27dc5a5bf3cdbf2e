import { compact } from '../json/omit-undefined.js';
import { createSha256 } from '../objects/hash.js';
import type { ArtifactId, ObjectId } from '../objects/ids.js';
import type { UuidTable } from '../objects/uuid-table.js';
import { type Judgements, numberOf, RULES } from './judgements.js';
import {
  PLAN_SCHEMA,
  type PlanHeader,
  type PlanItem,
  PRUNE_RULES,
  type Rule,
  type RuleTotal,
} from './prune-plan.js';

const FLUSH_BYTES = 64 * 1024;
const MOST_LINE_BYTES = 64;
const SUFFIXES = RULES.map((rule) => Buffer.from(` ${rule}\n`, 'latin1'));

/** The hash of the list of kept artifacts, given in order of id. */
export class KeptHash {
  readonly #hash = createSha256();
  readonly #lines = Buffer.alloc(FLUSH_BYTES);
  #length = 0;

  #room(): number {
    if (this.#length > FLUSH_BYTES - MOST_LINE_BYTES) this.#flush();
    return this.#length;
  }

  add(id: ArtifactId, rule: Rule): void {
    const at = this.#room();
    this.#end(at + this.#lines.write(id, at, 'latin1'), numberOf(rule));
  }

  /** As `add`, of an id in a table; the rule is an index in `RULES`. */
  addRow(ids: UuidTable, row: number, rule: number): void {
    const at = this.#room();
    this.#end(ids.write(row, this.#lines, at), rule);
  }

  #end(at: number, rule: number): void {
    const suffix = SUFFIXES[rule]!;
    for (let i = 0; i < suffix.length; i++) this.#lines[at + i] = suffix[i]!;
    this.#length = at + suffix.length;
  }

  #flush(): void {
    this.#hash.update(this.#lines.subarray(0, this.#length));
    this.#length = 0;
  }

  digest(): ObjectId {
    this.#flush();
    return this.#hash.digest();
  }
}

const DAMAGED = numberOf('damaged');

/** Adds up the totals of the header. */
export class PlanTotals {
  readonly #artifacts = new Float64Array(RULES.length);
  readonly #sizes = new Float64Array(RULES.length);
  #freed = 0;
  #atOnce = 0;
  #irreversible = 0;

  /** Adds one item; `rule` is an index in `RULES`. */
  add(rule: number, size: number, freed: number, atOnce: number, irreversible: boolean): void {
    this.#artifacts[rule]! += 1;
    this.#sizes[rule]! += size;
    if (rule >= PRUNE_RULES.length) return;
    this.#freed += freed;
    this.#atOnce += atOnce;
    if (irreversible) this.#irreversible++;
  }

  get all() {
    const sum = (of: Float64Array) => of.reduce((all, n) => all + n, 0);
    const scanned = sum(this.#artifacts);
    const pruned = sum(this.#artifacts.subarray(0, PRUNE_RULES.length));
    const failed = this.#artifacts[DAMAGED]!;
    const rules: Partial<Record<Rule, RuleTotal>> = {};
    for (const [number, rule] of RULES.entries()) {
      const artifacts = this.#artifacts[number]!;
      if (artifacts > 0) rules[rule] = { artifacts, size_bytes: this.#sizes[number]! };
    }
    const totals = {
      scanned,
      pruned,
      spared: scanned - pruned - failed,
      failed,
      pruned_bytes: sum(this.#sizes.subarray(0, PRUNE_RULES.length)),
      freed_bytes: this.#freed,
      ...(this.#atOnce === 0 ? undefined : { freed_at_once_bytes: this.#atOnce }),
      ...(this.#irreversible === 0 ? undefined : { irreversible: this.#irreversible }),
    };
    return { totals, rules };
  }
}

/** The totals of these items. */
export function planTotals(items: Iterable<PlanItem>) {
  const totals = new PlanTotals();
  for (const item of items) {
    const { rule, size_bytes, freed_bytes, freed_at_once_bytes = 0, irreversible = false } = item;
    totals.add(numberOf(rule), size_bytes, freed_bytes, freed_at_once_bytes, irreversible);
  }
  return totals.all;
}

/** The header of the plan with these judgements. */
export function planHeader(all: Judgements): PlanHeader {
  const { input, quota, stored } = all;
  const { ids, bytes } = input.artifacts;
  const sum = new PlanTotals();
  const kept = new KeptHash();
  const { rules: verdicts, freed, atOnce, irreversible } = all;
  const isAll = all.rows.length === ids.size;
  for (let n = 0; n < all.rows.length; n++) {
    // In the order in which they are in memory, which takes half as long.
    const row = isAll ? n : all.rows[n]!;
    sum.add(verdicts[row]!, bytes[row]!, freed[row]!, atOnce[row]!, irreversible[row] === 1);
  }
  for (const row of all.rows) {
    if (!all.prunes(row)) kept.addRow(ids, row, verdicts[row]!);
  }
  const { totals, rules } = sum.all;
  const unmet = quota === undefined ? 0 : Math.max(0, stored - totals.freed_bytes - quota);
  return {
    schema: PLAN_SCHEMA,
    store_id: input.storeId,
    head_seq: input.head.seq,
    head_hash: input.head.hash,
    policy_hash: input.policyId,
    clock: input.clock,
    ...totals,
    stored_bytes: stored,
    rules,
    kept_hash: kept.digest(),
    ...compact({
      quota_bytes: quota,
      quota_unmet_bytes: unmet === 0 ? undefined : unmet,
      filters: input.filters,
    }),
  };
}
