import type { Table } from './item-table.js';
import { RULES } from './list-item.js';
import { risingOrder } from './radix-sort.js';
import { RULE_WORDS } from './rule-words.js';

export const GROUPINGS = ['none', 'rule', 'class', 'name'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/**
 * Items grouped by a common value, as plain arrays: grouping by name may give as many groups as there are items, and
 * 100,000 objects would take longer than a key press may.
 */
export interface Groups {
  readonly count: number;
  /** Indexes of all items, group after group; those of group g are from starts[g] to starts[g + 1]. */
  readonly members: Uint32Array;
  readonly starts: Uint32Array;
  readonly bytes: Float64Array;
  readonly freed: Float64Array;
}

/** One group, created on demand. */
export interface Group {
  readonly key: string;
  /** Unescaped: show only through `shown`. */
  readonly label: string;
  readonly members: Uint32Array;
  readonly bytes: number;
  readonly freed: number;
}

export const NO_GROUPS: Groups = {
  count: 0,
  members: new Uint32Array(),
  starts: new Uint32Array(1),
  bytes: new Float64Array(),
  freed: new Float64Array(),
};

function numbers(table: Table, by: Exclude<Grouping, 'none'>): Uint8Array | Float64Array {
  if (by === 'name') return table.names;
  return by === 'rule' ? table.columns.rules : table.columns.classes;
}

/** Groups in the order of their first members, each with its members in the original order. */
export function gather(table: Table, places: Uint32Array, by: Exclude<Grouping, 'none'>): Groups {
  const numberOf = numbers(table, by);
  const { columns } = table;
  const groupOf = new Int32Array(Math.max(table.items.length, RULES.length)).fill(-1);
  const own = new Uint32Array(places.length);
  const sizes = new Uint32Array(places.length + 1);
  const bytes = new Float64Array(places.length);
  const freed = new Float64Array(places.length);
  let count = 0;
  for (let i = 0; i < places.length; i++) {
    const place = places[i]!;
    const number = numberOf[place]!;
    if (groupOf[number] === -1) groupOf[number] = count++;
    const g = groupOf[number]!;
    own[i] = g;
    sizes[g + 1]!++;
    bytes[g]! += columns.bytes[place]!;
    freed[g]! += columns.freed[place]!;
  }
  const starts = sizes.slice(0, count + 1);
  for (let g = 1; g <= count; g++) starts[g]! += starts[g - 1]!;
  const next = starts.slice();
  const members = new Uint32Array(places.length);
  for (let i = 0; i < places.length; i++) members[next[own[i]!]!++] = places[i]!;
  return { count, members, starts, bytes: bytes.slice(0, count), freed: freed.slice(0, count) };
}

/** The groups, sorted by a total. */
export function byTotal(totals: Float64Array, descending: boolean): Uint32Array {
  const order = risingOrder(totals);
  return descending ? order.reverse() : order;
}

/** Identifies the group across plans. */
export function groupKey(table: Table, groups: Groups, by: Grouping, g: number): string {
  const first = groups.members[groups.starts[g]!]!;
  if (by === 'name') return table.labels[first]!;
  const { rule, retention_class } = table.items[first]!;
  return by === 'rule' ? rule : retention_class;
}

export function groupAt(table: Table, groups: Groups, by: Grouping, g: number): Group {
  const members = groups.members.subarray(groups.starts[g], groups.starts[g + 1]);
  const key = groupKey(table, groups, by, g);
  const label = by === 'rule' ? RULE_WORDS[table.items[members[0]!]!.rule] : key;
  return { key, label, members, bytes: groups.bytes[g]!, freed: groups.freed[g]! };
}
