import type { ArtifactId } from '../core/ids.js';
import type { PlanItem } from '../core/prune-plan.js';
import { RULE_WORDS } from './reason.js';
import type { SortKey, Table } from './table.js';

export const GROUPINGS = ['none', 'rule', 'class', 'name'] as const;
export type Grouping = (typeof GROUPINGS)[number];
export type View = 'prune' | 'keep';

/** What decides which rows there are, and in which order. */
export interface Choice {
  readonly view: View;
  readonly sort: SortKey;
  readonly descending: boolean;
  readonly filter: string;
  readonly group: Grouping;
  /** Keys of the groups that show their members. */
  readonly open: ReadonlySet<string>;
}

export interface Group {
  readonly key: string;
  /** As it was given: never shown without `shown`. */
  readonly label: string;
  /** Places of the items in the table. */
  readonly members: number[];
  bytes: number;
  freed: number;
}

export interface Selection {
  readonly table: Table;
  readonly choice: Choice;
  /** 1 for each item of the table, of either view, that the filter lets through. */
  readonly matches: Uint8Array;
  readonly groups: readonly Group[];
  /** One a row: an item's place in the table, or -1 - the place of a group. */
  readonly rows: Int32Array;
  /** Items that are shown, those inside closed groups included. */
  readonly shown: number;
}

function matching(table: Table, filter: string, before: Selection | undefined): Uint8Array {
  const known = before?.table === table ? before : undefined;
  if (known !== undefined && known.choice.filter === filter) return known.matches;
  const terms = filter
    .toLowerCase()
    .split(' ')
    .filter((term) => term !== '');
  const narrower = known !== undefined && filter.startsWith(known.choice.filter);
  const matches = new Uint8Array(table.items.length);
  for (let i = 0; i < matches.length; i++) {
    if (narrower && known.matches[i] === 0) continue;
    const haystack = table.haystacks[i]!;
    matches[i] = terms.every((term) => haystack.includes(term)) ? 1 : 0;
  }
  return matches;
}

function groupKey(group: Grouping, item: PlanItem, label: string): string {
  if (group === 'rule') return item.rule;
  return group === 'class' ? item.retention_class : label;
}

function grouped(table: Table, places: Uint32Array, { group, sort, descending }: Choice): Group[] {
  const groups = new Map<string, Group>();
  for (const place of places) {
    const item = table.items[place]!;
    const label = table.labels[place]!;
    const key = groupKey(group, item, label);
    let known = groups.get(key);
    if (known === undefined) {
      known = { key, label: group === 'rule' ? RULE_WORDS[item.rule] : key, members: [], bytes: 0, freed: 0 };
      groups.set(key, known);
    }
    known.members.push(place);
    known.bytes += item.size_bytes;
    known.freed += item.freed_bytes;
  }
  const list = [...groups.values()];
  // By the total where size is what counts, else where their first member would stand.
  if (sort === 'size') list.sort((a, b) => (descending ? b.bytes - a.bytes : a.bytes - b.bytes));
  return list;
}

/** The rows for `choice`; `before`, the selection that was shown, saves what has not changed. */
export function select(table: Table, choice: Choice, before?: Selection): Selection {
  const matches = matching(table, choice.filter, before);
  const order = table.order(choice.sort);
  const places = new Uint32Array(order.length);
  let n = 0;
  for (let i = 0; i < order.length; i++) {
    const place = order[choice.descending ? order.length - 1 - i : i]!;
    if (matches[place] === 1 && table.items[place]!.verdict === choice.view) places[n++] = place;
  }
  const chosen = places.subarray(0, n);
  if (choice.group === 'none') {
    return { table, choice, matches, groups: [], rows: Int32Array.from(chosen), shown: n };
  }
  const groups = grouped(table, chosen, choice);
  const rows = new Int32Array(n + groups.length);
  let length = 0;
  groups.forEach((group, g) => {
    rows[length++] = -1 - g;
    if (choice.open.has(group.key)) for (const place of group.members) rows[length++] = place;
  });
  return { table, choice, matches, groups, rows: rows.subarray(0, length), shown: n };
}

/** The group or the item in a row. */
export function rowAt(
  selection: Selection,
  row: number,
): { group: Group } | { item: PlanItem; place: number } | undefined {
  const ref = selection.rows[row];
  if (ref === undefined) return undefined;
  return ref < 0 ? { group: selection.groups[-1 - ref]! } : { item: selection.table.items[ref]!, place: ref };
}

/** The row that shows the same thing as `row` of `before` does, if one does. */
export function sameRow(selection: Selection, before: Selection, row: number): number | undefined {
  const old = rowAt(before, row);
  if (old === undefined) return undefined;
  let ref: number;
  if ('group' in old) {
    const g = selection.groups.findIndex((group) => group.key === old.group.key);
    if (g < 0) return undefined;
    ref = -1 - g;
  } else {
    const place =
      selection.table === before.table ? old.place : placeOf(selection.table, old.item.artifact_id);
    if (place === undefined) return undefined;
    ref = place;
  }
  const found = selection.rows.indexOf(ref);
  return found < 0 ? undefined : found;
}

/** Where an artifact stands in the table, whose items are in order of id. */
export function placeOf(table: Table, id: ArtifactId): number | undefined {
  let low = 0;
  let high = table.items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (table.items[middle]!.artifact_id < id) low = middle + 1;
    else high = middle;
  }
  return table.items[low]?.artifact_id === id ? low : undefined;
}
