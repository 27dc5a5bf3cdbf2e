import type { ArtifactId } from '../core/ids.js';
import type { Rule } from '../core/prune-plan.js';
import { isSensitive } from '../core/vocabulary.js';
import type { Table } from './table.js';

export interface Sum {
  items: number;
  /** Logical bytes. */
  bytes: number;
  freed: number;
}

/** What the plan prunes, without what is spared from this run. */
export interface Going {
  readonly all: Readonly<Sum>;
  /** Sensitive: without a trash window, so that nothing brings it back (D7). */
  readonly sensitive: Readonly<Sum>;
  readonly byRule: ReadonlyMap<Rule, Readonly<Sum>>;
}

function nothing(): Sum {
  return { items: 0, bytes: 0, freed: 0 };
}

export function goingOf(table: Table, spared: ReadonlySet<ArtifactId>): Going {
  const all = nothing();
  const sensitive = nothing();
  const byRule = new Map<Rule, Sum>();
  for (const item of table.items) {
    if (item.verdict !== 'prune' || (spared.size > 0 && spared.has(item.artifact_id))) continue;
    let rule = byRule.get(item.rule);
    if (rule === undefined) {
      rule = nothing();
      byRule.set(item.rule, rule);
    }
    for (const sum of isSensitive(item) ? [all, rule, sensitive] : [all, rule]) {
      sum.items += 1;
      sum.bytes += item.size_bytes;
      sum.freed += item.freed_bytes;
    }
  }
  return { all, sensitive, byRule };
}
