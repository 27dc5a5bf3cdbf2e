import { timestampMs } from '../core/ids.js';
import { KEEP_RULES, type PlanItem, PRUNE_RULES, type PrunePlan, type Rule } from '../core/prune-plan.js';
import { KINDS, RETENTION_CLASSES } from '../core/vocabulary.js';
import { ranks, risingOrder } from './order.js';
import { RULE_WORDS } from './reason.js';

export const SORT_KEYS = ['name', 'reason', 'age', 'size', 'kind', 'class'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

/** A plan with what sorting and filtering need, computed once for each plan. */
export interface Table {
  readonly plan: PrunePlan;
  readonly items: readonly PlanItem[];
  /** What each item is called, as it was given: never shown without `shown`. */
  readonly labels: readonly string[];
  /** Lower case, what a filter searches. */
  readonly haystacks: readonly string[];
  /** Places of the items in rising order of a key; computed when first asked for. */
  order(key: SortKey): Uint32Array;
}

/** What a person would call the artifact. */
export function labelOf(item: PlanItem): string {
  return item.name ?? item.filename_hint ?? item.artifact_id.slice(0, 8);
}

function haystackOf(item: PlanItem): string {
  const { name = '', filename_hint = '', pins = [] } = item;
  return [
    name,
    filename_hint,
    item.artifact_id,
    item.rule,
    RULE_WORDS[item.rule],
    item.kind,
    item.retention_class,
    item.layer,
    item.classification,
    ...pins,
  ]
    .join('\n')
    .toLowerCase();
}

function sameWords(a: PlanItem, b: PlanItem): boolean {
  return (
    a.artifact_id === b.artifact_id &&
    a.revision === b.revision &&
    a.rule === b.rule &&
    a.pins?.join('\n') === b.pins?.join('\n')
  );
}

const RULES: readonly Rule[] = [...PRUNE_RULES, ...KEEP_RULES];
/** Above every time in milliseconds that a timestamp can hold, so that the rule decides first. */
const TIME_SPAN = 2 ** 48;

function sortKeys(key: SortKey, items: readonly PlanItem[]): Float64Array {
  switch (key) {
    case 'name':
      return ranks(items.map((item) => labelOf(item).toLowerCase()));
    case 'reason':
      return Float64Array.from(
        items,
        (item) =>
          RULES.indexOf(item.rule) * TIME_SPAN +
          Math.max(0, item.until === undefined ? 0 : timestampMs(item.until)),
      );
    case 'age':
      return Float64Array.from(items, (item) => TIME_SPAN - Math.max(0, timestampMs(item.created_at)));
    case 'size':
      return Float64Array.from(items, (item) => item.size_bytes);
    case 'kind':
      return Float64Array.from(items, (item) => KINDS.indexOf(item.kind));
    case 'class':
      return Float64Array.from(items, (item) => RETENTION_CLASSES.indexOf(item.retention_class));
  }
}

/** `before`, a table of the same store, lends what has not changed since. */
export function tableOf(plan: PrunePlan, before?: Table): Table {
  const { items } = plan;
  const haystacks = items.map((item, i) => {
    const old = before?.items[i];
    return old !== undefined && sameWords(old, item) ? before!.haystacks[i]! : haystackOf(item);
  });
  const labels = items.map(labelOf);
  const same = before?.labels.length === labels.length && labels.every((l, i) => l === before.labels[i]);
  const orders = new Map<SortKey, Uint32Array>();
  if (same) orders.set('name', before.order('name'));
  const order = (key: SortKey): Uint32Array => {
    const known = orders.get(key) ?? risingOrder(sortKeys(key, items));
    orders.set(key, known);
    return known;
  };
  // Names are compared as text, which takes longer than a key press may: now, not then.
  order('name');
  return { plan, items, labels, haystacks, order };
}
