import type { ArtifactRecord } from '../catalog/artifact-record.js';
import type { Timestamp } from '../objects/ids.js';
import { compileGlob } from '../text/compile-glob.js';
import { type Condition, demandField, type Operator } from './condition.js';
import type { Field } from './fields.js';

export type Test = (r: ArtifactRecord) => boolean;

const COMPARE: Readonly<Record<Exclude<Operator, 'has' | 'lacks'>, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function has(field: Field, now: Timestamp): Test {
  switch (field.type) {
    case 'flag':
      return (r) => field.of(r, now);
    case 'word':
      return (r) => field.of(r, now).length > 0;
    default:
      return (r) => field.of(r) !== undefined;
  }
}

/** A word is one that equals the value, or that the value matches as a glob. */
export function wordTest(value: string): (word: string) => boolean {
  const matches = compileGlob(value);
  return (word) => word === value || matches(word);
}

/** Whether the condition asks for what only the manifest says in stores without the feature `facts-2`. */
export function needsManifest({ key }: Pick<Condition, 'key'>): boolean {
  return demandField(key).inManifest === true;
}

/** The test of one condition. An artifact without a value is unequal to any, and neither less nor greater. */
export function testOf({ key, operator, value }: Condition, now: Timestamp): Test {
  const field = demandField(key);
  if (operator === 'has') return has(field, now);
  if (operator === 'lacks') {
    const test = has(field, now);
    return (r) => !test(r);
  }
  if (field.type === 'word') {
    const matches = field.values === undefined ? wordTest(value as string) : (word: string) => word === value;
    const test: Test = (r) => field.of(r, now).some(matches);
    return operator === '!=' ? (r) => !test(r) : test;
  }
  if (field.type === 'flag') return has(field, now);
  const compare = COMPARE[operator];
  return (r) => {
    const own = field.of(r);
    return own === undefined ? operator === '!=' : compare(own, value as number);
  };
}
