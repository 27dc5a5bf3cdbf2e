import type { ArtifactId } from '../core/objects/ids.js';
import { placeOf, type Table } from './item-table.js';
import { type ListRule, RULES } from './list-item.js';

export interface Sum {
  items: number;
  /** Logical bytes. */
  bytes: number;
  freed: number;
  /** The freed bytes without a trash window. */
  atOnce: number;
}

/** Everything the plan prunes, except items spared from this run. */
export interface RemovalTotals {
  readonly all: Readonly<Sum>;
  /** Of these, the ones that cannot be brought back (D7). */
  readonly irreversible: Readonly<Sum>;
  readonly byRule: ReadonlyMap<ListRule, Readonly<Sum>>;
}

function nothing(): Sum {
  return { items: 0, bytes: 0, freed: 0, atOnce: 0 };
}

/** `spared` has a 1 at the index of each spared item. */
export function removalTotals(table: Table, spared: Uint8Array): RemovalTotals {
  const { prunes, irreversible, rules } = table.columns;
  const all = nothing();
  const lost = nothing();
  const byRule = RULES.map(nothing);
  for (let place = 0; place < spared.length; place++) {
    if (prunes[place] === 0 || spared[place] === 1) continue;
    add(byRule[rules[place]!]!, table, place);
    if (irreversible[place] === 1) add(lost, table, place);
  }
  for (const sum of byRule) {
    all.items += sum.items;
    all.bytes += sum.bytes;
    all.freed += sum.freed;
    all.atOnce += sum.atOnce;
  }
  return { all, irreversible: lost, byRule: new Map(RULES.map((rule, i) => [rule, byRule[i]!])) };
}

function add(sum: Sum, { columns }: Table, place: number): void {
  sum.items += 1;
  sum.bytes += columns.bytes[place]!;
  sum.freed += columns.freed[place]!;
  sum.atOnce += columns.atOnce[place]!;
}

/** The ids of the spared items. */
export function sparedIds(table: Table, spared: Uint8Array): Set<ArtifactId> {
  return new Set(table.items.filter((_, place) => spared[place] === 1).map((item) => item.artifact_id));
}

/** The items that stay spared in a new plan: those that it would prune too. */
export function carriedOver(spared: Uint8Array, from: Table, to: Table): Uint8Array {
  const carried = new Uint8Array(to.items.length);
  for (let place = 0; place < spared.length; place++) {
    if (spared[place] === 0) continue;
    const now = placeOf(to, from.items[place]!.artifact_id);
    if (now !== undefined && to.columns.prunes[now] === 1) carried[now] = 1;
  }
  return carried;
}
