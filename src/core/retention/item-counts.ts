import * as z from 'zod/mini';
import { natural } from '../json/schema.js';
import type { KeepRule, PlanHeader } from './prune-plan.js';

/** Counts of a removal in its summary and report, under the field names that other tools read. */
export interface ItemCounts {
  readonly items_scanned: number;
  readonly items_pruned: number;
  /** Pinned, or a source of something pinned. */
  readonly items_spared_pinned: number;
  /** Kept because a time has not run out yet: a TTL, the hours of L4, or the window of the class. */
  readonly items_spared_window: number;
  /** Bytes freed by the removal, at once or when the trash is emptied. */
  readonly total_bytes_freed: number;
}

/** Optional, since entries of stores without the feature `records-2` have none of them. */
export const itemCountFields = {
  items_scanned: z.optional(natural),
  items_pruned: z.optional(natural),
  items_spared_pinned: z.optional(natural),
  items_spared_window: z.optional(natural),
  total_bytes_freed: z.optional(natural),
};

const BY_PIN: readonly KeepRule[] = ['pinned', 'held'];
const BY_WINDOW: readonly KeepRule[] = ['within_ttl', 'ephemeral_live', 'within_window'];

export function itemCounts({
  scanned,
  pruned,
  freed_bytes,
  rules = {},
}: Pick<PlanHeader, 'scanned' | 'pruned' | 'freed_bytes' | 'rules'>): ItemCounts {
  const kept = (by: readonly KeepRule[]) => by.reduce((n, rule) => n + (rules[rule]?.artifacts ?? 0), 0);
  return {
    items_scanned: scanned,
    items_pruned: pruned,
    items_spared_pinned: kept(BY_PIN),
    items_spared_window: kept(BY_WINDOW),
    total_bytes_freed: freed_bytes,
  };
}
