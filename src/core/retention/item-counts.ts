import * as z from 'zod/mini';
import { natural } from '../json/schema.js';
import type { KeepRule, PlanHeader } from './prune-plan.js';

/** The counts that a summary and a report give of a removal, under the names that other tools look for. */
export interface ItemCounts {
  readonly items_scanned: number;
  readonly items_pruned: number;
  /** Kept by a pin: pinned, or held as the source of what is. */
  readonly items_spared_pinned: number;
  /** Kept since their time is not over: a TTL, the hours of L4, or the window of their class. */
  readonly items_spared_window: number;
  /** Bytes that the removal frees, at once or when the trash is emptied. */
  readonly total_bytes_freed: number;
}

/** Optional: stores without the feature `records-2`, and entries of before, have none of them. */
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
