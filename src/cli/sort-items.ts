import { labelOf } from '../core/manifest/label-of.js';
import type { PlanItem } from '../core/retention/prune-plan.js';
import { choice } from './options.js';

const KEYS = ['name', 'created', 'size', 'frees', 'rule'] as const;
const CHOICES = [...KEYS, ...KEYS.map((key) => `-${key}` as const)] as const;
export type ItemSort = (typeof CHOICES)[number];

/** `--sort` of commands that list a plan. */
export function itemSort() {
  return choice(CHOICES, 'KEY', 'sort what would go by KEY; -KEY in descending order');
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const BY: Readonly<Record<(typeof KEYS)[number], (item: PlanItem) => string | number>> = {
  name: labelOf,
  created: (item) => item.created_at,
  size: (item) => item.size_bytes,
  frees: (item) => item.freed_bytes,
  rule: (item) => item.rule,
};

/** By name and then by age by default, since ids are random. */
export function sortItems(items: readonly PlanItem[], sort: ItemSort = 'name'): PlanItem[] {
  const descending = sort.startsWith('-');
  const by = BY[sort.slice(descending ? 1 : 0) as (typeof KEYS)[number]];
  return [...items].sort(
    (a, b) =>
      compare(by(a), by(b)) * (descending ? -1 : 1) ||
      compare(labelOf(a), labelOf(b)) ||
      compare(a.created_at, b.created_at) ||
      compare(a.artifact_id, b.artifact_id),
  );
}
