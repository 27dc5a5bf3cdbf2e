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
    const all = [...rules, 'frozen', 'quota', 'damaged'] as const;
    const totals = Object.fromEntries(all.map((rule) => [rule, { artifacts: 1, size_bytes: 10 }]));
    expect(itemCounts({ scanned: 9, pruned: 1, freed_bytes: 7, rules: totals })).toEqual({
      items_scanned: 9,
      items_pruned: 1,
      items_spared_pinned: 2,
      items_spared_window: 3,
      total_bytes_freed: 7,
    });
  });
});
