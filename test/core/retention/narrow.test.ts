import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArtifactRecord } from '../../../src/core/catalog/artifact-record.js';
import { toTimestamp } from '../../../src/core/objects/ids.js';
import { conditionText, toCondition } from '../../../src/core/query/condition.js';
import { testOf } from '../../../src/core/query/matcher.js';
import { decodePlan, encodePlan } from '../../../src/core/retention/plan-file.js';
import type { PrunePlan } from '../../../src/core/retention/prune-plan.js';
import { freedBy } from './model.js';
import { narrowPlan, planPrune } from './over-columns.js';
import { randomStore } from './random-store.js';
import { artifact, DAY, idOf, input, NOW, policyWith, type RecordInput } from './store.js';

/** Filters, and what they ask as one would write it by hand. */
const FILTERS: readonly (readonly [string, (a: ArtifactRecord) => boolean])[] = [
  ['name=a', (a) => a.name === 'a'],
  ['!name', (a) => a.name === undefined],
  ['class!=log', (a) => a.retention_class !== 'log'],
  ['layer=L3', (a) => a.layer === 'L3'],
  ['size>=100', (a) => a.size_bytes >= 100],
  ['source', (a) => (a.sources ?? []).length > 0],
  ['!source', (a) => (a.sources ?? []).length === 0],
  ['created>-30d', (a) => Date.parse(a.created_at) > NOW - 30 * DAY],
  ['kind!=nothing*', () => true],
];
const chosen = fc.subarray(FILTERS.slice(0, -1) as (typeof FILTERS)[number][], {
  minLength: 1,
  maxLength: 2,
});

const goes = ({ items }: PrunePlan) =>
  new Map(items.filter((i) => i.verdict === 'prune').map((i) => [i.artifact_id as string, i.rule]));

/** What the filters leave of what the plan would take, by the definition: less all ancestors of what they alone keep. */
function slowly(store: RecordInput, plan: PrunePlan, matches: (a: ArtifactRecord) => boolean): Set<string> {
  const all = goes(plan);
  const byId = new Map(store.artifacts.map((a) => [a.artifact_id as string, a]));
  const ancestors = new Set<string>();
  const follow = (a: ArtifactRecord | undefined): void => {
    for (const s of a?.sources ?? []) {
      if (!byId.has(s) || ancestors.has(s)) continue;
      ancestors.add(s);
      follow(byId.get(s));
    }
  };
  for (const a of store.artifacts) if (all.has(a.artifact_id) && !matches(a)) follow(a);
  const isKept = (id: string) => ancestors.has(id) && all.get(id) !== 'sensitive_ttl';
  const matching = store.artifacts.filter((a) => all.has(a.artifact_id) && matches(a));
  return new Set(matching.map((a) => a.artifact_id as string).filter((id) => !isKept(id)));
}

describe('a plan with filters', () => {
  it('is the plan without, of what a slow filter leaves, less what the rest was made from', () => {
    let [some, held] = [0, 0];
    fc.assert(
      fc.property(randomStore, chosen, (store, filters) => {
        const now = toTimestamp(NOW);
        const texts = filters.map(([f]) => conditionText(toCondition(f, now)));
        const tests = texts.map((t) => testOf(toCondition(t, now), now));
        const matches = (a: ArtifactRecord) => filters.every(([, by]) => by(a));
        const whole = planPrune(store);
        const plan = narrowPlan(store, texts, (a) => tests.every((t) => t(a)));
        const going = goes(plan);
        const expected = slowly(store, whole, matches);
        expect(new Set(going.keys())).toEqual(expected);
        for (const [id, rule] of going) expect(goes(whole).get(id)).toBe(rule);
        for (const item of plan.items) {
          const before = whole.items.find((i) => i.artifact_id === item.artifact_id)!;
          if (before.verdict === 'keep') expect(item).toEqual(before);
          else if (item.verdict === 'keep') expect(item.rule).toBe('unlisted');
        }
        expect(plan.header).toMatchObject({
          filters: texts,
          scanned: whole.header.scanned,
          pruned: going.size,
        });
        expect(plan.header.freed_bytes).toBe(freedBy(store, (id) => !going.has(id)));
        some += going.size;
        held +=
          store.artifacts.filter((a) => goes(whole).has(a.artifact_id) && matches(a)).length - going.size;
      }),
      { numRuns: 500 },
    );
    expect(some).toBeGreaterThan(100);
    expect(held).toBeGreaterThan(10);
  });

  it('leaves nothing pinned or live without a source that it had by the plan without', () => {
    fc.assert(
      fc.property(randomStore, chosen, (store, filters) => {
        const whole = goes(planPrune(store));
        const plan = narrowPlan(store, ['name'], (a) => filters.every(([, by]) => by(a)));
        const going = goes(plan);
        for (const a of store.artifacts) {
          if (going.has(a.artifact_id)) continue;
          for (const s of a.sources ?? []) {
            const lost = going.get(s);
            // By the rules themselves: of what stays without the filter too, and of what must not be kept.
            if (lost !== undefined && lost !== 'sensitive_ttl') expect(whole.has(a.artifact_id)).toBe(false);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('takes no more for a quota since the filter leaves something', () => {
    const artifacts = Array.from({ length: 4 }, (_, n) => artifact(n, { name: `n${n}` }));
    const store = input(artifacts, { policy: policyWith({ quota_bytes: 200 }) });
    const whole = goes(planPrune(store));
    const plan = narrowPlan(store, ['name!=n0'], (a) => a.name !== 'n0');
    expect([...goes(plan).keys()]).toEqual([...whole.keys()].filter((id) => id !== idOf(0)));
    expect(plan.header.quota_unmet_bytes).toBeGreaterThan(0);
  });
});

describe('the age of artifacts', () => {
  const old = artifact(1, { registered: NOW - 31 * DAY });
  const young = artifact(2, { registered: NOW - 29 * DAY });
  const matching = (filter: string) =>
    [old, young].filter(testOf(toCondition(filter, toTimestamp(NOW)), toTimestamp(NOW)));

  it('counts from when they were stored: greater is older', () => {
    for (const filter of ['age>30d', 'age>=31d', 'age>4w2d']) {
      expect(matching(filter), filter).toEqual([old]);
    }
    for (const filter of ['age<30d', 'age<=29d']) expect(matching(filter), filter).toEqual([young]);
  });

  it('is kept in plans as the time that it comes to, which earlier versions read', () => {
    const text = conditionText(toCondition('age>30d', toTimestamp(NOW)));
    expect(text).toBe(`stored<${toTimestamp(NOW - 30 * DAY)}`);
  });

  it.each(['stored', 'created'])(
    'is named where %s is compared with a duration, by which either could be meant',
    (key) => {
      for (const operator of ['<', '<=', '>', '>=', '=', '!=']) {
        expect(() => toCondition(`${key}${operator}1d12h`, toTimestamp(NOW))).toThrow(
          expect.objectContaining({
            code: 'USAGE',
            hint: expect.stringContaining('older than 1d12h: age>1d12h; younger: age<1d12h'),
          }),
        );
      }
      for (const time of ['2026-01-01', '-30d', '@0', 'now']) toCondition(`${key}<${time}`, toTimestamp(NOW));
    },
  );

  it.each(['age=30d', 'age!=30d', 'age>2026-01-01', 'age>-30d', 'age<x', 'age>', 'age>9999999w'])(
    'is compared with durations, as what it is, and nothing else (%s)',
    (filter) => {
      expect(() => toCondition(filter, toTimestamp(NOW))).toThrow(expect.objectContaining({ code: 'USAGE' }));
    },
  );
});

describe('the filters of a plan', () => {
  it('say the same at any later time', () => {
    const later = toTimestamp(NOW + 99 * DAY);
    const made = toTimestamp(NOW);
    for (const typed of [
      'created>-7d',
      'age>30d',
      'expires<=3d',
      'stored>=-2w',
      'size<10MiB',
      'label.a=b=c',
      '!pinned',
      'job',
    ]) {
      const condition = toCondition(typed, made);
      expect(toCondition(conditionText(condition), later), typed).toEqual(condition);
    }
  });

  it('are in its file, which is refused with a filter that nobody knows', () => {
    const store = input([artifact(1, { registered: NOW - 90 * DAY, name: 'a' })]);
    const plan = narrowPlan(store, ['name=a'], () => true);
    expect(decodePlan(encodePlan(plan)).plan.header.filters).toEqual(['name=a']);
    const strange = { ...plan, header: { ...plan.header, filters: ['colour=red'] } };
    expect(() => decodePlan(encodePlan(strange))).toThrow(
      expect.objectContaining({
        code: 'INVALID_RECORD',
        message: expect.stringContaining("no field 'colour'"),
      }),
    );
  });
});
