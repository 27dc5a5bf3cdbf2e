import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalText } from '../../../src/core/json/canonical.js';
import { itemText } from '../../../src/core/retention/item-text.js';
import { filed, type PlanItem } from '../../../src/core/retention/prune-plan.js';
import { planPrune } from './over-columns.js';
import { artifact, input } from './store.js';

const [plain] = planPrune(input([artifact(1)])).items as [PlanItem];
const text = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('é', 'a"b\\', '\x7f', '\u2028', '😀'));
const more: fc.Arbitrary<Partial<PlanItem>> = fc.record(
  {
    name: text,
    filename_hint: fc.oneof(text, fc.constantFrom('e\u0301', '')),
    pins: fc.array(fc.constantFrom('keep', 'a/b@1'), { maxLength: 3 }),
    until: fc.constant(plain.created_at),
    size_bytes: fc.maxSafeNat(),
    freed_bytes: fc.maxSafeNat(),
    freed_at_once_bytes: fc.nat(),
    irreversible: fc.constant(true as const),
  },
  { requiredKeys: [] },
);

it('spells an item as canonical JSON does', () => {
  fc.assert(
    fc.property(more, fc.boolean(), (fields, purge) => {
      const item: PlanItem = { ...plain, ...fields };
      expect(itemText(item, purge)).toBe(
        canonicalText({ ...filed(item), ...(purge ? { purge: true } : {}) }),
      );
    }),
  );
});

it('refuses what canonical JSON refuses', () => {
  for (const wrong of [
    { name: 'e\u0301' },
    { filename_hint: '\ud800' },
    { freed_bytes: 0.5 },
    { revision: -0 },
  ]) {
    const item: PlanItem = { ...plain, ...wrong };
    expect(() => canonicalText(item)).toThrow();
    expect(() => itemText(item)).toThrow();
  }
});
