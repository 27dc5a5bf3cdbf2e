import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Glob } from '../../src/core/text/glob.js';

const matches = (glob: string, text: string) => new Glob(glob).matches(text);

/** A piece of a glob, and a regular expression that says the same. */
interface Piece {
  readonly glob: string;
  readonly regex: string;
}
const pieces = fc.letrec<{ piece: Piece; all: Piece }>((tie) => ({
  piece: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(
      { glob: 'a', regex: 'a' },
      { glob: 'b', regex: 'b' },
      { glob: '.', regex: '\\.' },
      { glob: '/', regex: '/' },
      { glob: '\\*', regex: '\\*' },
      { glob: '\\\\', regex: '\\\\' },
      { glob: '*', regex: '[^/]*' },
      { glob: '?', regex: '[^/]' },
      { glob: '[ab]', regex: '[ab]' },
      { glob: '[!a]', regex: '[^/a]' },
      { glob: '[^a-b]', regex: '[^/a-b]' },
      { glob: '[]*]', regex: '[\\]*]' },
      { glob: '[[:digit:].]', regex: '[0-9.]' },
    ),
    fc
      .tuple(
        fc.constantFrom('{}', '@()', '?()', '*()', '+()'),
        fc.array(tie('all'), { minLength: 2, maxLength: 3 }),
      )
      .map(([kind, of]) => {
        const quantity = kind[0] === '{' || kind[0] === '@' ? '' : kind[0];
        return {
          glob: `${kind.slice(0, -1)}${of.map((p) => p.glob).join(kind[0] === '{' ? ',' : '|')}${kind.at(-1)}`,
          regex: `(?:${of.map((p) => p.regex).join('|')})${quantity}`,
        };
      }),
  ),
  all: fc.array(tie('piece'), { maxLength: 4 }).map((all) => ({
    glob: all.map((p) => p.glob).join(''),
    regex: all.map((p) => p.regex).join(''),
  })),
}));
/** Where a star meets another one, or a bracket, it would be read as something else. */
const isPlain = ({ glob }: Piece) =>
  !/\*\*|[*?+@!]\(\)|[*?](?=[({])|[*]\(/.test(glob.replace(/[@?*+]\(/g, '<'));
/** Of many repetitions within each other a regular expression tries every combination, and never ends. */
const isQuick = ({ regex }: Piece) => (regex.replace(/\[[^\]]*\]/g, 'x').match(/[*+]/g) ?? []).length <= 4;
const piece = pieces.all.filter((one) => isPlain(one) && isQuick(one));

describe('a glob', () => {
  it('matches like the equivalent regular expression', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '/', '*', '\\', ']', '7'), maxLength: 8 });
    fc.assert(
      fc.property(piece, fc.array(text, { minLength: 8, maxLength: 8 }), ({ glob, regex }, texts) => {
        const expected = new RegExp(`^(?:${regex})$`, 'su');
        for (const one of texts)
          expect([glob, one, matches(glob, one)]).toEqual([glob, one, expected.test(one)]);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['**', ['a', 'a/b', '.x/y'], []],
    ['**/x', ['x', 'a/x', 'a/b/x'], ['ax', 'a/bx', 'x/a']],
    ['a/**', ['a', 'a/b', 'a/b/c'], ['ab', 'b/a']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b'], ['ab', 'a/xb', 'b']],
    ['a**b', ['ab', 'axb'], ['a/b']],
    ['{src,lib}/**/*.ts', ['src/a.ts', 'lib/x/y/a.ts'], ['src/a.js', 'test/a.ts']],
    ['{**/x,y}', ['x', 'a/x', 'y'], ['a/y']],
    ['{a/**,b}', ['a', 'a/c', 'b'], ['b/c']],
    ['@(**/x|y)', ['x', 'a/x', 'y'], ['a/y']],
    ['{a**,b}', ['a', 'ax', 'b'], ['a/x']],
    ['.*', ['.a', '.'], ['a']],
    ['*', ['.a', 'a'], ['a/b']],
    ['[é-ü]?', ['ö😀'], ['oo']],
    ['{a}', ['{a}'], ['a']],
    ['{a', ['{a'], ['a']],
    ['[a', ['[a'], ['a']],
    ['+(a', ['+(a'], ['aa']],
    ['a)b}c]d,e|f', ['a)b}c]d,e|f'], []],
    ['[!/]', ['a'], ['/']],
    ['\\!x', ['!x'], ['x']],
    ['x\\', ['x\\'], ['x']],
    ['{a\\,b,c}', ['a,b', 'c'], ['a', 'b']],
  ])('%s', (glob, does, doesNot) => {
    expect(does.filter((text) => !matches(glob, text))).toEqual([]);
    expect(doesNot.filter((text) => matches(glob, text))).toEqual([]);
  });

  it.each(['!x', '!(a)', 'a!(b|c)', '{1..9}', '[[:word:]]', `${'{a,'.repeat(40)}b${'}'.repeat(40)}`])(
    'that would be read in more ways than one is refused: %s',
    (glob) => {
      expect(() => new Glob(glob)).toThrow();
    },
  );

  it.each([
    ['\\'.repeat(4096), '\\'.repeat(4096)],
    ['+(a|a?)[b]', 'a'.repeat(4000)],
    ['*a*a*a*a*a*b', 'a'.repeat(4000)],
    [`${'*a'.repeat(1000)}b`, 'a'.repeat(4000)],
    ['+(+(+(+(a))))b', 'a'.repeat(4000)],
    [`${'?(a)'.repeat(1000)}${'a'.repeat(96)}`, 'a'.repeat(500)],
    [`${'**/'.repeat(1000)}x`, 'a/'.repeat(2000)],
    [`*${'[ab]'.repeat(1000)}c`, 'ab'.repeat(2000)],
    ['['.repeat(4096), '['.repeat(4096)],
    ['{'.repeat(4096), '{'.repeat(4096)],
  ])('takes time linear in the text (%#)', (glob, text) => {
    const compiled = new Glob(glob);
    // The classic matchers do not come back from these within the age of the universe.
    for (let i = 0; i < 3; i++) compiled.matches(text);
    expect(compiled.matches('')).toBe(false);
  });
});
