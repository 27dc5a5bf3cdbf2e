import { labelOf } from '../core/manifest/label-of.js';
import { KINDS, RETENTION_CLASSES } from '../core/manifest/vocabulary.js';
import type { ArtifactId, Timestamp } from '../core/objects/ids.js';
import type { PlanItem, PrunePlan } from '../core/retention/prune-plan.js';
import { normalText } from '../core/text/normal-form.js';
import { type ListItem, RULES } from './list-item.js';
import type { TrashedArtifact } from './preview-data.js';
import { ranks, risingOrder } from './radix-sort.js';
import { RULE_WORDS } from './rule-words.js';

export const SORT_KEYS = ['name', 'reason', 'age', 'size', 'frees', 'kind', 'class'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

/** The views, in the order in which their key cycles through them. */
export const VIEWS = ['prune', 'keep', 'trashed'] as const;
export type View = (typeof VIEWS)[number];

/**
 * Per-item values as arrays by index: iterating over 100,000 objects takes ten times as long as over an array of
 * numbers.
 */
export interface Columns {
  /** 1 for items that the plan prunes. */
  readonly prunes: Uint8Array;
  /** Index of the view in `VIEWS`. */
  readonly views: Uint8Array;
  /** 1 for items that cannot be brought back once removed (D7). */
  readonly irreversible: Uint8Array;
  /** Index of the rule in `RULES`, and of the class in `RETENTION_CLASSES`. */
  readonly rules: Uint8Array;
  readonly classes: Uint8Array;
  readonly bytes: Float64Array;
  readonly freed: Float64Array;
  /** Of these, the bytes without a trash window. */
  readonly atOnce: Float64Array;
}

/** A plan with the data for sorting, grouping and filtering, computed once per plan. */
export interface Table {
  readonly plan: PrunePlan;
  /** Sorted by id. */
  readonly items: readonly ListItem[];
  /** The label of each item, unescaped: show only through `shown`. */
  readonly labels: readonly string[];
  /** Equal for equal labels, and in the same order. */
  readonly names: Float64Array;
  /** The text that a filter searches, by {@link searchText}. */
  readonly haystacks: readonly string[];
  readonly columns: Columns;
  /** How many kept items are listed, where there are more: the largest. */
  readonly largestKept: number | undefined;
  /** Indexes of the items in ascending order of a key; computed on first use. */
  order(key: SortKey): Uint32Array;
}

function haystackOf(item: ListItem): string {
  const { name = '', filename_hint = '', pins = [], rule, layer = '', classification = '' } = item;
  const words = `${item.artifact_id}\n${rule}\n${RULE_WORDS[rule]}\n${item.kind}\n${item.retention_class}\n${layer}\n${classification}`;
  return searchText(`${words}\n${name}\n${filename_hint}\n${pins.join('\n')}`);
}

/** Text normalized for filters: independent of case and of how accents were typed. */
export function searchText(text: string): string {
  return normalText(text).toLowerCase();
}

function sameWords(a: ListItem, b: ListItem): boolean {
  return (
    a.artifact_id === b.artifact_id &&
    a.revision === b.revision &&
    a.rule === b.rule &&
    a.pins?.join('\n') === b.pins?.join('\n')
  );
}

/** Above every value of `timeKey`, so that the rule decides first; the 17th, `trashed`, has no time. */
const TIME_SPAN = 2 ** 49;

/** A number that increases with the time. Parsing 100,000 dates takes longer than a key press may. */
function timeKey(t: Timestamp): number {
  const two = (i: number) => (t.charCodeAt(i) - 48) * 10 + t.charCodeAt(i + 1) - 48;
  const month = (two(0) * 100 + two(2)) * 12 + two(5);
  const minute = ((month * 32 + two(8)) * 24 + two(11)) * 60 + two(14);
  return (minute * 60 + two(17)) * 1000 + two(20) * 10 + t.charCodeAt(22) - 48;
}

const KEYS: Readonly<Record<Exclude<SortKey, 'name'>, (item: ListItem) => number>> = {
  reason: ({ rule, until }) => RULES.indexOf(rule) * TIME_SPAN + (until === undefined ? 0 : timeKey(until)),
  age: (item) => TIME_SPAN - timeKey(item.created_at),
  size: (item) => item.size_bytes,
  frees: (item) => item.freed_bytes,
  kind: (item) => KINDS.indexOf(item.kind),
  class: (item) => RETENTION_CLASSES.indexOf(item.retention_class),
};

/** A plain loop: `Float64Array.from` calls an iterator for each item, which takes five times as long. */
function sortKeys(key: Exclude<SortKey, 'name'>, items: readonly ListItem[]): Float64Array {
  const keyOf = KEYS[key];
  const keys = new Float64Array(items.length);
  for (let i = 0; i < keys.length; i++) keys[i] = keyOf(items[i]!);
  return keys;
}

function columnsOf(items: readonly ListItem[]): Columns {
  const n = items.length;
  const columns = {
    prunes: new Uint8Array(n),
    views: new Uint8Array(n),
    irreversible: new Uint8Array(n),
    rules: new Uint8Array(n),
    classes: new Uint8Array(n),
    bytes: new Float64Array(n),
    freed: new Float64Array(n),
    atOnce: new Float64Array(n),
  };
  items.forEach((item, i) => {
    columns.prunes[i] = item.verdict === 'prune' ? 1 : 0;
    columns.views[i] = VIEWS.indexOf(item.verdict);
    columns.irreversible[i] = item.irreversible === true ? 1 : 0;
    columns.rules[i] = RULES.indexOf(item.rule);
    columns.classes[i] = RETENTION_CLASSES.indexOf(item.retention_class);
    columns.bytes[i] = item.size_bytes;
    columns.freed[i] = item.freed_bytes;
    columns.atOnce[i] = item.freed_at_once_bytes ?? 0;
  });
  return columns;
}

/** Sorted by id, like the items of the plan. */
function withTrashed(items: readonly PlanItem[], trashed: readonly TrashedArtifact[]): readonly ListItem[] {
  if (trashed.length === 0) return items;
  const more = trashed.map((t): ListItem => ({ verdict: 'trashed', rule: 'trashed', freed_bytes: 0, ...t }));
  return [...items, ...more].sort((a, b) => (a.artifact_id < b.artifact_id ? -1 : 1));
}

function largestKept({ header }: PrunePlan, { views }: Columns): number | undefined {
  const number = VIEWS.indexOf('keep');
  let listed = 0;
  for (let i = 0; i < views.length; i++) if (views[i] === number) listed++;
  return listed < header.scanned - header.pruned ? listed : undefined;
}

/** `before`, a table of the same store, provides values that have not changed since. */
export function tableOf(plan: PrunePlan, trashed: readonly TrashedArtifact[] = [], before?: Table): Table {
  const items = withTrashed(plan.items, trashed);
  const haystacks = items.map((item, i) => {
    const old = before?.items[i];
    return old !== undefined && sameWords(old, item) ? before!.haystacks[i]! : haystackOf(item);
  });
  const labels = items.map(labelOf);
  const sameLabels =
    before?.labels.length === labels.length && labels.every((label, i) => label === before.labels[i]);
  // Comparing names as text takes longer than a key press may, so it is done in advance.
  const names = sameLabels ? before.names : ranks(labels);
  const orders = new Map<SortKey, Uint32Array>();
  const order = (key: SortKey): Uint32Array => {
    const known = orders.get(key) ?? risingOrder(key === 'name' ? names : sortKeys(key, items));
    orders.set(key, known);
    return known;
  };
  // Computes the most expensive orders before the first screen; the others then run warm code.
  for (const key of ['name', 'reason', 'size'] as const) order(key);
  const columns = columnsOf(items);
  return { plan, items, labels, names, haystacks, columns, largestKept: largestKept(plan, columns), order };
}

/** The item of an artifact; undefined: the plan does not list it. */
export function itemOf(table: Table, id: ArtifactId): ListItem | undefined {
  const place = placeOf(table, id);
  return place === undefined ? undefined : table.items[place];
}

/** Index of an artifact in the table, whose items are sorted by id. */
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
