import * as z from 'zod/mini';
import { natural } from '../json/schema.js';
import type { KeepRule, PlanHeader, PlanItem } from './prune-plan.js';

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

const BY_PIN: ReadonlySet<string> = new Set<KeepRule>(['pinned', 'held']);
const BY_WINDOW: ReadonlySet<string> = new Set<KeepRule>(['within_ttl', 'ephemeral_live', 'within_window']);

export function itemCounts(
  header: Pick<PlanHeader, 'scanned' | 'pruned' | 'freed_bytes'>,
  items: readonly Pick<PlanItem, 'rule'>[],
): ItemCounts {
  const kept = (by: ReadonlySet<string>) => items.reduce((n, { rule }) => (by.has(rule) ? n + 1 : n), 0);
  return {
    items_scanned: header.scanned,
    items_pruned: header.pruned,
    items_spared_pinned: kept(BY_PIN),
    items_spared_window: kept(BY_WINDOW),
    total_bytes_freed: header.freed_bytes,
  };
}
