import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalBytes,
  canonicalText,
  decodeUtf8,
  type Json,
  parseCanonical,
  parseLoose,
} from '../../src/core/json/canonical.js';
import { canonicalLines, parseCanonicalLines } from '../../src/core/json/canonical-lines.js';
import { isHsError } from '../../src/errors/hs-error.js';

const LIMIT = 1 << 20;
const bytes = (text: string) => Buffer.from(text, 'utf8');
const invalid = expect.toSatisfy((e: unknown) => isHsError(e, 'INVALID_RECORD'));

const text = fc
  .string({ unit: 'grapheme' })
  .map((s) => s.normalize('NFC'))
  .filter((s) => s.isWellFormed());
const key = text.filter((k) => k !== '__proto__');
const { json } = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().map((n) => (Object.is(n, -0) ? 0 : n)),
    text,
    fc.array(tie('json')),
    fc.dictionary(key, tie('json')),
  ),
}));

/** The same value with the keys of every object in another order. */
function shuffled(value: Json, seed: number): Json {
  if (Array.isArray(value)) return value.map((v) => shuffled(v, seed + 1));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([k, v]) => [k, shuffled(v as Json, seed)] as const);
  return Object.fromEntries(
    seed % 2 === 0 ? entries.reverse() : entries.sort(([a], [b]) => (a < b ? 1 : -1)),
  );
}

/** Equality that knows nothing of JSON. */
function same(a: Json, b: Json): boolean {
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return Object.is(a, b);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [x, y] = [Object.entries(a), new Map(Object.entries(b))];
  return x.length === y.size && x.every(([k, v]) => y.has(k) && same(v as Json, y.get(k) as Json));
}

describe('canonical JSON', () => {
  it('round-trips', () => {
    fc.assert(
      fc.property(json, (value) => {
        const read = parseCanonical(canonicalBytes(value), LIMIT);
        expect(same(read, value)).toBe(true);
        expect(canonicalText(read)).toBe(canonicalText(value));
      }),
    );
  });

  it('has one encoding per value, for any order of keys', () => {
    fc.assert(
      fc.property(json, fc.nat(9), (value, seed) => {
        expect(canonicalText(shuffled(value, seed))).toBe(canonicalText(value));
      }),
    );
  });

  it('never has one encoding for two different values', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(canonicalText(a) === canonicalText(b)).toBe(same(a, b));
      }),
      { numRuns: 500 },
    );
  });

  it('distinguishes values that look alike', () => {
    const alike = [
      '1',
      1,
      [1],
      { 1: 1 },
      null,
      'null',
      '',
      [],
      {},
      [[]],
      [null],
      'é',
      'é ',
      '\u0000',
      '\\u0000',
      false,
      'false',
    ];
    expect(new Set(alike.map((v) => canonicalText(v))).size).toBe(alike.length);
  });

  it('sorts keys by UTF-16 code units, as RFC 8785 does', () => {
    expect(canonicalText({ '\uFF21': 1, '\u{1F600}': 2, a: 3, Z: 4, '': 5 })).toBe(
      '{"":5,"Z":4,"a":3,"\u{1F600}":2,"\uFF21":1}',
    );
  });

  it.each([
    ['a fraction', 1.5],
    ['2^53', 2 ** 53],
    ['-0', -0],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['undefined', undefined],
    ['an undefined member', { a: undefined }],
    ['an undefined element', [undefined]],
    ['a hole', new Array(1)],
    ['a big integer', 1n],
    ['a function', () => 1],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['a lone surrogate', '\ud800'],
    ['a lone surrogate in a key', { '\udc00': 1 }],
    ['what is not NFC', 'e\u0301'],
    ['a key that is not NFC', { 'e\u0301': 1 }],
    ['a key __proto__', JSON.parse('{"__proto__":1}')],
    ['a key __proto__ deep inside', { a: [JSON.parse('{"__proto__":{}}')] }],
    ['nesting of 65', Array.from({ length: 66 }).reduce<unknown>((v) => [v], 1)],
  ])('has no form for %s', (_, value) => {
    expect(() => canonicalText(value)).toThrow(invalid);
  });

  it('keeps file paths and hints in their normal form', () => {
    const value = { path: 'e\u0301', filename_hint: 'e\u0301', paths: ['e\u0301'] };
    expect(parseCanonical(canonicalBytes(value), LIMIT)).toEqual(value);
    expect(() => canonicalText({ name: 'e\u0301' })).toThrow(invalid);
  });

  it.each([
    ['space', '{"a": 1}'],
    ['a newline at the end', '{"a":1}\n'],
    ['keys out of order', '{"b":1,"a":2}'],
    ['a duplicate key', '{"a":1,"a":1}'],
    ['an escape that is not needed', '"\\u0061"'],
    ['a slash escaped', '"\\/"'],
    ['upper-case hex', '"\\u001F"'],
    ['1.0', '1.0'],
    ['1e3', '1e3'],
    ['-0', '-0'],
    ['2^53', '9007199254740992'],
    ['1e400', '1e400'],
    ['a byte order mark', '\uFEFF{}'],
    ['a lone surrogate', '"\\ud800"'],
    ['what is not NFC', '"e\u0301"'],
    ['__proto__', '{"__proto__":1}'],
    ['nothing', ''],
    ['two values', '1 2'],
    ['half an object', '{"a":'],
    ['a comment', '{}//'],
  ])('does not read %s', (_, spelled) => {
    expect(() => parseCanonical(bytes(spelled), LIMIT)).toThrow(invalid);
  });

  it('refuses invalid UTF-8, instead of decoding it to U+FFFD', () => {
    expect(() => parseCanonical(Buffer.from([0x22, 0xff, 0x22]), LIMIT)).toThrow(invalid);
    expect(() => decodeUtf8(Buffer.from([0xc0, 0x80]))).toThrow(invalid);
  });

  it('refuses too large or too deep input before parsing', () => {
    expect(() => parseCanonical(bytes('"aaaa"'), 5)).toThrow(invalid);
    const deep = bytes('['.repeat(100_000) + ']'.repeat(100_000));
    for (const read of [parseCanonical, parseLoose]) expect(() => read(deep, LIMIT)).toThrow(/nested deeper/);
    // Brackets within strings are no nesting.
    expect(parseCanonical(bytes(`"${'['.repeat(1000)}"`), LIMIT)).toHaveLength(1000);
  });

  it('reads JSON as people write it, but no duplicate key in any spelling, and no __proto__', () => {
    expect(parseLoose(bytes(' { "b" : 1.0e0, "a" : "\\u0061:{" } '), LIMIT)).toEqual({ a: 'a:{', b: 1 });
    for (const spelled of [
      '{"a":1,"a":2}',
      '{"a":1,"\\u0061":2}',
      '[{"x":{"a":1,"a":1}}]',
      '{"__proto__":{}}',
      '[{"__proto__":1}]',
    ]) {
      expect(() => parseLoose(bytes(spelled), LIMIT)).toThrow(invalid);
    }
  });

  it('round-trips lines, and refuses truncated, empty or respelled ones', () => {
    fc.assert(
      fc.property(fc.array(json, { maxLength: 5 }), (values) => {
        const lines = canonicalLines(values);
        expect([...parseCanonicalLines(lines, LIMIT)].map((v) => canonicalText(v))).toEqual(
          values.map((v) => canonicalText(v)),
        );
      }),
    );
    for (const broken of ['1', '1\n2', '\n', '1\n\n', '1\r\n', ' 1\n']) {
      expect(() => [...parseCanonicalLines(bytes(broken), LIMIT)]).toThrow(invalid);
    }
  });

  it('does not quote unreadable input: it may be a payload', () => {
    expect(() => parseCanonical(bytes('secret'), LIMIT)).toThrow(/^(?!.*secret).*not JSON/s);
  });
});
