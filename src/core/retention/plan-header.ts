import { compact } from '../json/omit-undefined.js';
import { createSha256 } from '../objects/hash.js';
import type { ArtifactId, ObjectId } from '../objects/ids.js';
import { type Judgements, RULES } from './judgements.js';
import {
  PLAN_SCHEMA,
  type PlanHeader,
  type PlanItem,
  PRUNE_RULES,
  type Rule,
  type RuleTotal,
} from './prune-plan.js';

/** The contribution of one item to the totals. */
interface Counted extends Pick<PlanItem, 'rule' | 'size_bytes' | 'freed_bytes'> {
  readonly freed_at_once_bytes?: number | undefined;
  readonly irreversible?: boolean | undefined;
}

const LINES = 4096;

/** The hash of the list of kept artifacts, given in order of id. */
export class KeptHash {
  readonly #hash = createSha256();
  #lines: string[] = [];

  add(id: ArtifactId, rule: Rule): void {
    this.#lines.push(`${id} ${rule}\n`);
    if (this.#lines.length === LINES) this.#flush();
  }

  #flush(): void {
    this.#hash.update(Buffer.from(this.#lines.join(''), 'utf8'));
    this.#lines = [];
  }

  digest(): ObjectId {
    this.#flush();
    return this.#hash.digest();
  }
}

const isPrune = (rule: Rule) => (PRUNE_RULES as readonly Rule[]).includes(rule);

/** The totals of the header. */
export function planTotals(items: Iterable<Counted>) {
  const totals = { scanned: 0, pruned: 0, spared: 0, failed: 0, pruned_bytes: 0, freed_bytes: 0 };
  const byRule = new Map<Rule, { artifacts: number; size_bytes: number }>();
  let [atOnce, irreversible] = [0, 0];
  for (const item of items) {
    totals.scanned++;
    const of = byRule.get(item.rule) ?? { artifacts: 0, size_bytes: 0 };
    byRule.set(item.rule, of);
    of.artifacts++;
    of.size_bytes += item.size_bytes;
    if (isPrune(item.rule)) {
      totals.pruned++;
      totals.pruned_bytes += item.size_bytes;
      totals.freed_bytes += item.freed_bytes;
      atOnce += item.freed_at_once_bytes ?? 0;
      if (item.irreversible === true) irreversible++;
    } else if (item.rule === 'damaged') totals.failed++;
    else totals.spared++;
  }
  const rules: Partial<Record<Rule, RuleTotal>> = {};
  for (const rule of RULES) {
    const of = byRule.get(rule);
    if (of !== undefined) rules[rule] = of;
  }
  return {
    totals: {
      ...totals,
      ...(atOnce === 0 ? undefined : { freed_at_once_bytes: atOnce }),
      ...(irreversible === 0 ? undefined : { irreversible }),
    },
    rules,
  };
}

function* counted(all: Judgements): Generator<Counted> {
  const { bytes } = all.input.artifacts;
  for (const row of all.rows) {
    yield {
      rule: all.ruleOf(row),
      size_bytes: bytes[row]!,
      freed_bytes: all.freed[row]!,
      freed_at_once_bytes: all.atOnce[row]!,
      irreversible: all.irreversible[row] === 1,
    };
  }
}

/** The header of the plan with these judgements. */
export function planHeader(all: Judgements): PlanHeader {
  const { input, quota, stored } = all;
  const { totals, rules } = planTotals(counted(all));
  const unmet = quota === undefined ? 0 : Math.max(0, stored - totals.freed_bytes - quota);
  const kept = new KeptHash();
  for (const row of all.rows) if (!all.prunes(row)) kept.add(input.artifacts.ids.at(row), all.ruleOf(row));
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
