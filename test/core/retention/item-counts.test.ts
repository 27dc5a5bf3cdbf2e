import { describe, expect, it } from 'vitest';
import { itemCounts } from '../../../src/core/retention/item-counts.js';

describe('the counts of a removal', () => {
  it('tells what a pin kept from what its time kept, and counts neither twice', () => {
    const rules = [
      'pinned',
      'held',
      'within_ttl',
      'within_window',
      'ephemeral_live',
      'min_versions',
    ] as const;
    const items = [...rules, 'frozen', 'quota', 'damaged'].map((rule) => ({ rule: rule as 'pinned' }));
    expect(itemCounts({ scanned: 9, pruned: 1, freed_bytes: 7 }, items)).toEqual({
      items_scanned: 9,
      items_pruned: 1,
      items_spared_pinned: 2,
      items_spared_window: 3,
      total_bytes_freed: 7,
    });
  });
});
