import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { natural, parseSchema } from '../../src/core/json/schema.js';
import { manifestSchema } from '../../src/core/manifest/manifest.js';

const problems = (schema: z.ZodMiniType, value: unknown) => {
  const result = parseSchema(schema, value);
  return 'problems' in result ? result.problems : [];
};

describe('the problem with a value', () => {
  it.each([
    [natural, -1, 'is less than 0'],
    [z.int().check(z.maximum(9)), 10, 'is more than 9'],
    [z.string().check(z.maxLength(2)), 'abc', 'its length is more than 2'],
    [z.array(z.string()).check(z.maxLength(1)), ['a', 'b'], 'the number of entries is more than 1'],
    [z.enum(['a', 'b']), 'c', 'not one of a, b'],
    [
      z.union([z.string(), z.int()]),
      true,
      'not of type string, or missing, and not of type number, or missing',
    ],
    [
      z.discriminatedUnion('op', [z.object({ op: z.literal('x') }), z.object({ op: z.literal('y') })]),
      { op: 'z' },
      'op: not one of x, y',
    ],
  ])('says what is allowed: %#', (schema, value, problem) => {
    expect(problems(schema, value)).toEqual([problem]);
  });

  it('states the rules for label names', () => {
    expect(problems(manifestSchema.shape.labels, { 'Not One': 'x' })).toEqual([
      "Not One: not a label key: 1 to 64 of a-z, 0-9, '.', '_' and '-'",
    ]);
  });
});
