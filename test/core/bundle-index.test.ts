import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../src/core/json/canonical.js';
import {
  type BundleIndex,
  decodeBundleIndex,
  encodeBundleIndex,
  type IndexEntry,
  indexSize,
  toBundleIndex,
} from '../../src/core/objects/bundle-index.js';
import { sha256 } from '../../src/core/objects/hash.js';
import { checkPath, type SafePath } from '../../src/core/paths/safe-path.js';
import { isHsError } from '../../src/errors/hs-error.js';

const hello = sha256(Buffer.from('hello'));
const entry = (path: string, more: Partial<IndexEntry> = {}): IndexEntry => ({
  path: path as SafePath,
  content_hash: hello,
  size_bytes: 5,
  ...more,
});

const component = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 });
const path = fc
  .array(component, { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('/'))
  .filter((p) => checkPath(p).problem === undefined);
const isTree = (paths: readonly string[]) =>
  new Set(paths).size === paths.length && !paths.some((p) => paths.some((q) => q.startsWith(`${p}/`)));
const tree = fc.uniqueArray(path, { maxLength: 8 }).filter(isTree);

describe('a bundle index', () => {
  it('hashes to the values in the format', () => {
    expect(sha256(encodeBundleIndex(toBundleIndex([entry('a.txt')])))).toBe(
      '8a1247a7cd533754624ad10d6cc3b918be359f9c082b7a838d15b788ee327141',
    );
    expect(sha256(encodeBundleIndex(toBundleIndex([])))).toBe(
      '4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945',
    );
  });

  it('has one hash for any order of files', () => {
    fc.assert(
      fc.property(
        tree.chain((paths) =>
          fc.tuple(fc.constant(paths), fc.shuffledSubarray(paths, { minLength: paths.length })),
        ),
        ([a, b]) => {
          const bytes = (paths: readonly string[]) =>
            encodeBundleIndex(toBundleIndex(paths.map((p) => entry(p))));
          expect(bytes(b).equals(bytes(a))).toBe(true);
        },
      ),
    );
  });

  it('is sorted by the UTF-8 bytes of its paths, and round-trips', () => {
    fc.assert(
      fc.property(tree, (paths) => {
        const index = toBundleIndex(paths.map((p) => entry(p, p.length % 2 ? { executable: true } : {})));
        const sorted = paths.map((p) => Buffer.from(p)).sort(Buffer.compare);
        expect(index.map((e) => e.path)).toEqual(sorted.map(String));
        expect(decodeBundleIndex(encodeBundleIndex(index))).toEqual(index);
      }),
    );
  });

  it('sorts by bytes where UTF-16 units would sort otherwise', () => {
    const index = toBundleIndex([entry('\u{10000}'), entry('\uFFEE'), entry('a')]);
    expect(index.map((e) => e.path)).toEqual(['a', '\uFFEE', '\u{10000}']);
  });

  it('changes its hash with a path, a byte, a size or the executable bit', () => {
    const variants: BundleIndex[] = [
      [entry('a')],
      [entry('b')],
      [entry('a', { size_bytes: 6 })],
      [entry('a', { content_hash: sha256(Buffer.from('x')) })],
      [entry('a', { executable: true })],
      [entry('a'), entry('b')],
    ];
    expect(new Set(variants.map((v) => sha256(encodeBundleIndex(v)))).size).toBe(variants.length);
  });

  it('refuses a duplicate path, and a file that is also a directory', () => {
    for (const paths of [
      ['a', 'a'],
      ['a', 'a/b'],
      ['x/y/z', 'x/y'],
      ['a', 'a!b', 'a/b'],
    ]) {
      expect(() => toBundleIndex(paths.map((p) => entry(p)))).toThrow(
        expect.toSatisfy((e: unknown) => isHsError(e, 'UNSAFE_PATH')),
      );
    }
  });

  it.each([
    ['out of order', [entry('b'), entry('a')]],
    ['a path twice', [entry('a'), entry('a')]],
    ['executable: false', [{ ...entry('a'), executable: false }]],
    ['an unknown field', [{ ...entry('a'), mode: 420 }]],
    ['a negative size', [entry('a', { size_bytes: -1 })]],
    ['a hash in capitals', [{ ...entry('a'), content_hash: hello.toUpperCase() }]],
    ['no hash', [{ path: 'a', size_bytes: 5 }]],
    ['an object', { entries: [] }],
    ['..', [entry('../a')]],
    ['an absolute path', [entry('/a')]],
    ['an empty component', [entry('a//b')]],
    ['a control character', [entry('a\nb')]],
    ['a file in a file', [entry('a'), entry('a/b')]],
  ])('does not read %s', (_, value) => {
    expect(() => decodeBundleIndex(canonicalBytes(value))).toThrow(
      expect.toSatisfy((e: unknown) => isHsError(e, 'INVALID_RECORD', 'UNSAFE_PATH')),
    );
  });

  it('has the total size of its files', () => {
    expect(indexSize([entry('a', { size_bytes: 3 }), entry('b', { size_bytes: 4 })])).toBe(7);
    expect(indexSize([])).toBe(0);
  });
});
