import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/core/objects/hash.js';
import { decodePlan, encodePlan, planHash } from '../../../src/core/retention/plan-file.js';
import { filed, LONG_PLAN_SCHEMA } from '../../../src/core/retention/prune-plan.js';
import { planPrune } from './over-columns.js';
import { randomStore } from './random-store.js';
import { artifact, DAY, input, NOW, pin } from './store.js';

const plan = planPrune(
  input([
    artifact(1, { registered: NOW - 40 * DAY, name: 'é' }),
    artifact(2, { pins: [pin()] }),
    artifact(3),
  ]),
);
const lines = encodePlan(plan).toString().split('\n').slice(0, -1);
const join = (some: readonly string[]) => Buffer.from(some.map((l) => `${l}\n`).join(''));
/** The file with its last line made to fit, as a forger would. */
function reseal(body: readonly string[]): Buffer {
  const hash = sha256(join(body));
  return join([...body, `{"plan_hash":"${hash}","schema":"hs.prune-plan-end/1"}`]);
}
const reading = (bytes: Uint8Array) => () => decodePlan(bytes);

it('reads back what it wrote, and hashes the lines before the last', () => {
  fc.assert(
    fc.property(randomStore, (store) => {
      const made = planPrune(store);
      const bytes = encodePlan(made);
      const body = bytes.subarray(0, bytes.lastIndexOf('\n', bytes.length - 2) + 1);
      expect(decodePlan(bytes)).toEqual({
        plan: { header: filed(made.header), items: made.items.map(filed) },
        hash: planHash(made),
      });
      expect(sha256(body)).toBe(planHash(made));
    }),
    { numRuns: 50 },
  );
});

/** As it is made: without what is kept. */
const short = { header: plan.header, items: plan.items.filter((i) => i.verdict === 'prune') };

describe('a plan as long as what it removes', () => {
  it('is read as it was written', () => {
    expect(short.items).toHaveLength(1);
    expect(decodePlan(encodePlan(short)).plan).toEqual({
      header: filed(short.header),
      items: short.items.map(filed),
    });
  });

  it('binds what is kept by a hash that the long list comes to', () => {
    const kept = plan.items.filter((i) => i.verdict === 'keep').map((i) => `${i.artifact_id} ${i.rule}\n`);
    expect(plan.header.kept_hash).toBe(sha256(Buffer.from(kept.join(''))));
    const another = encodePlan({ ...plan, header: { ...plan.header, kept_hash: sha256(Buffer.from('x')) } });
    expect(reading(another)).toThrow('the list of what is kept is not the one of its header');
  });

  it('is refused where its items are not those that its header counts by rule', () => {
    const { window_expired, ...rest } = plan.header.rules!;
    const header = { ...plan.header, rules: { ...rest, ttl_expired: window_expired! } };
    expect(reading(encodePlan({ header, items: short.items }))).toThrow('do not add up');
  });

  it('of before, which lists every artifact and has neither, is read too', () => {
    const { rules: _, kept_hash: __, ...header } = plan.header;
    const long = { header: { ...header, schema: LONG_PLAN_SCHEMA }, items: plan.items } as const;
    expect(decodePlan(encodePlan(long)).plan.header).toEqual(filed(long.header));
    expect(reading(encodePlan({ ...long, items: short.items }))).toThrow(
      'scanned 3, but its items add up to 1',
    );
  });
});

describe('refuses a plan file and says what is wrong with it', () => {
  it('that is empty, cut at a line or cut within one', () => {
    expect(reading(Buffer.alloc(0))).toThrow('no schema');
    for (let n = 1; n < lines.length; n++)
      expect(reading(join(lines.slice(0, n)))).toThrow('it is truncated');
    expect(reading(join(lines).subarray(0, -1))).toThrow('line 5: the last line is cut off');
  });

  it('at any cut at all', () => {
    const whole = join(lines);
    for (let n = 0; n < whole.length; n++) expect(reading(whole.subarray(0, n))).toThrow('not a valid plan');
  });

  it('that is of another schema, or is not a plan at all', () => {
    const other = [lines[0]!.replace('hs.prune-plan/2', 'hs.prune-plan/3'), ...lines.slice(1)];
    expect(reading(join(other))).toThrow("its schema is 'hs.prune-plan/3'");
    expect(reading(Buffer.from('hello\n'))).toThrow('line 1: not JSON');
    expect(reading(Buffer.from('[]\n'))).toThrow('no schema');
  });

  it('that was edited, dropped from or added to', () => {
    const changed = 'it was modified';
    expect(reading(join(lines.map((l) => l.replace('"keep"', '"prune"'))))).toThrow(changed);
    expect(reading(join(lines.toSpliced(2, 1)))).toThrow(changed);
    expect(reading(join(lines.toSpliced(2, 0, lines[2]!)))).toThrow(changed);
    expect(reading(join(lines.map((l, i) => (i === 1 ? l.replace(',', ', ') : l))))).toThrow(changed);
  });

  it('that was edited and sealed again, where it contradicts itself', () => {
    const body = lines.slice(0, -1);
    expect(decodePlan(reseal(body)).plan).toEqual(plan);
    expect(reading(reseal(body.map((l, i) => (i === 1 ? l.replace(',', ', ') : l))))).toThrow(
      'line 2: not in canonical',
    );
    expect(reading(reseal(body.toSpliced(2, 1)))).toThrow(
      'its header says scanned 3, but its items add up to 2',
    );
    expect(reading(reseal([body[0]!, body[2]!, body[1]!, body[3]!]))).toThrow('not in order of artifact id');
    expect(reading(reseal(body.map((l) => l.replace('"keep"', '"prune"'))))).toThrow('rule');
    expect(reading(reseal(body.map((l) => l.replace('{', '{"aa":1,'))))).toThrow('aa');
    expect(reading(reseal(body.map((l) => l.replace('"pinned"', '"because"'))))).toThrow('rule');
  });
});
