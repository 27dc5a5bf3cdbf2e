import {
  byTotal,
  type Group,
  type Grouping,
  type Groups,
  gather,
  groupAt,
  groupKey,
  NO_GROUPS,
} from './group-items.js';
import { placeOf, type SortKey, searchText, type Table, VIEWS, type View } from './item-table.js';
import type { ListItem } from './list-item.js';

/** The settings that determine the rows and their order. */
export interface Choice {
  readonly view: View;
  readonly sort: SortKey;
  readonly descending: boolean;
  readonly filter: string;
  readonly group: Grouping;
  /** Keys of the expanded groups. */
  readonly open: ReadonlySet<string>;
}

export interface Selection {
  readonly table: Table;
  readonly choice: Choice;
  /** 1 for each item of the table, in either view, that matches the filter. */
  readonly matches: Uint8Array;
  readonly groups: Groups;
  /** One entry per row: the index of an item, or -1 - the index of a group. */
  readonly rows: Int32Array;
  /** Indexes of the shown items, including those inside collapsed groups. */
  readonly places: Uint32Array;
}

function matching(table: Table, filter: string, before: Selection | undefined): Uint8Array {
  const known = before?.table === table ? before : undefined;
  if (known !== undefined && known.choice.filter === filter) return known.matches;
  const searched = searchText(filter);
  const terms = searched.split(' ').filter((term) => term !== '');
  // Normalized as a whole: an accent that is typed after its letter changes that letter.
  const narrower = known !== undefined && searched.startsWith(searchText(known.choice.filter));
  const matches = new Uint8Array(table.items.length);
  if (terms.length === 0) return matches.fill(1);
  for (let i = 0; i < matches.length; i++) {
    if (narrower && known.matches[i] === 0) continue;
    const haystack = table.haystacks[i]!;
    let t = 0;
    while (t < terms.length && haystack.includes(terms[t]!)) t += 1;
    matches[i] = t === terms.length ? 1 : 0;
  }
  return matches;
}

function chosen(table: Table, matches: Uint8Array, { sort, descending, view }: Choice): Uint32Array {
  const order = table.order(sort);
  const number = VIEWS.indexOf(view);
  const places = new Uint32Array(order.length);
  let n = 0;
  for (let i = 0; i < order.length; i++) {
    const place = order[descending ? order.length - 1 - i : i]!;
    if (matches[place] === 1 && table.columns.views[place] === number) places[n++] = place;
  }
  return places.subarray(0, n);
}

function groupRows(table: Table, groups: Groups, { group, sort, descending, open }: Choice): Int32Array {
  const rows = new Int32Array(groups.members.length + groups.count);
  // Sorted by the total if sorting by bytes, else by the position of the first member.
  const totals = sort === 'size' ? groups.bytes : sort === 'frees' ? groups.freed : undefined;
  const order = totals && byTotal(totals, descending);
  let n = 0;
  for (let i = 0; i < groups.count; i++) {
    const g = order?.[i] ?? i;
    rows[n++] = -1 - g;
    if (open.size === 0) continue;
    if (!open.has(groupKey(table, groups, group, g))) continue;
    for (const place of groupAt(table, groups, group, g).members) rows[n++] = place;
  }
  return rows.subarray(0, n);
}

/** Whether only the expanded groups have changed: members and order of all groups stay the same. */
function sameButOpen(a: Choice, b: Choice): boolean {
  return (
    b.group !== 'none' &&
    a.group === b.group &&
    a.view === b.view &&
    a.sort === b.sort &&
    a.descending === b.descending &&
    a.filter === b.filter
  );
}

/** The rows for `choice`; reuses what has not changed from the previous selection `before`. */
export function select(table: Table, choice: Choice, before?: Selection): Selection {
  if (before?.table === table && sameButOpen(before.choice, choice)) {
    return { ...before, choice, rows: groupRows(table, before.groups, choice) };
  }
  const matches = matching(table, choice.filter, before);
  const places = chosen(table, matches, choice);
  if (choice.group === 'none') {
    return { table, choice, matches, groups: NO_GROUPS, rows: new Int32Array(places), places };
  }
  const groups = gather(table, places, choice.group);
  return { table, choice, matches, groups, rows: groupRows(table, groups, choice), places };
}

export type Row = { readonly group: Group } | { readonly item: ListItem; readonly place: number };

/** The group or the item in a row. */
export function rowAt({ table, choice, groups, rows }: Selection, row: number): Row | undefined {
  const ref = rows[row];
  if (ref === undefined) return undefined;
  return ref < 0
    ? { group: groupAt(table, groups, choice.group, -1 - ref) }
    : { item: table.items[ref]!, place: ref };
}

/** The row that shows the same item or group as `row` of `before`, if any. */
export function sameRow(selection: Selection, before: Selection, row: number): number | undefined {
  const old = rowAt(before, row);
  if (old === undefined) return undefined;
  if ('item' in old) {
    const place =
      selection.table === before.table ? old.place : placeOf(selection.table, old.item.artifact_id);
    const found = place === undefined ? -1 : selection.rows.indexOf(place);
    return found < 0 ? undefined : found;
  }
  if (selection.choice.group !== before.choice.group) return undefined;
  if (selection.groups === before.groups) {
    const found = selection.rows.indexOf(before.rows[row]!);
    return found < 0 ? undefined : found;
  }
  for (let i = 0; i < selection.rows.length; i++) {
    if (selection.rows[i]! >= 0) continue;
    const { table, groups, choice } = selection;
    if (groupKey(table, groups, choice.group, -1 - selection.rows[i]!) === old.group.key) return i;
  }
  return undefined;
}
