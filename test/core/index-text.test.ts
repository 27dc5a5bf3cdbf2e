import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bundleIndexEntries,
  decodeBundleIndex,
  encodeBundleIndex,
  type IndexEntry,
} from '../../src/core/objects/bundle-index.js';
import {
  type ListedEntry,
  parseIndex,
  scanEntries,
  scanIndex,
} from '../../src/core/objects/bundle-index-text.js';
import { sha256 } from '../../src/core/objects/hash.js';
import { checkSortedTree, checkTree, comparePaths, type SafePath } from '../../src/core/paths/safe-path.js';
import { HsError } from '../../src/errors/hs-error.js';

const hash = fc.nat(9).map((n) => sha256(Buffer.from([n])));
const size = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 10, Number.MAX_SAFE_INTEGER));
const path = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '!', '0') }),
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom('"', '\\', '\n', '\x7f', '\x85', '\u2028', '\uFEFF', '\u{10000}', ',', '}'),
  }),
);
const entry = fc
  .record({ content_hash: hash, path, size_bytes: size, executable: fc.boolean() })
  .map(({ executable, ...e }) => (executable ? { ...e, executable: true } : e) as IndexEntry);
const index = fc.array(entry, { maxLength: 4 });

/** Spellings that are nearly right: what stands somewhere is taken out, put in or put in the place of something. */
const piece = fc.constantFrom(
  ...[
    '[',
    ']',
    '{',
    '}',
    ',',
    ':',
    '"',
    '\\',
    ' ',
    '\n',
    '0',
    '00',
    '-',
    '-0',
    '1e3',
    '.5',
    'A',
    'g',
    '\u0001',
  ],
  ...['9007199254740992', 'true', 'false', 'null', '[]', '{}', '\uFEFF', 'é', 'e\u0301', '"path":"x",'],
  ...['"executable":true,', '"executable":false,', '"__proto__":1,', '"content_hash":"', ',"z":1', '\\u0061'],
);
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.nat(3),
  put: fc.option(piece),
});
const damaged = fc.tuple(index, fc.array(edit, { minLength: 1, maxLength: 2 })).map(([entries, edits]) => {
  let text = encodeBundleIndex(entries).toString();
  for (const { at, cut, put } of edits) {
    const start = Math.round(at * text.length);
    text = text.slice(0, start) + (put ?? '') + text.slice(start + cut);
  }
  return Buffer.from(text);
});

function parsed(bytes: Uint8Array): ListedEntry[] | undefined {
  try {
    return parseIndex(bytes);
  } catch (e) {
    if (e instanceof HsError) return undefined;
    throw e;
  }
}

/** What the scan that goes entry by entry reads, as the other one gives it. */
function scannedOneByOne(bytes: Buffer): ListedEntry[] | undefined {
  const entries: ListedEntry[] = [];
  const scan = scanEntries(bytes);
  for (let next = scan.next(); ; next = scan.next()) {
    if (next.done === true) return next.value ? entries : undefined;
    entries.push(next.value);
  }
}

function orRefusal<T>(read: () => T): T | string {
  try {
    return read();
  } catch (e) {
    if (e instanceof HsError) return e.message;
    throw e;
  }
}

/** What the scan of a whole text says, to which bytes that are not UTF-8 are an error. */
const scannedWhole = (bytes: Buffer) => orRefusal(() => scanIndex(bytes));

describe('an index that is read entry by entry', () => {
  const sorted = index.map((entries) => entries.toSorted((a, b) => comparePaths(a.path, b.path)));
  const bytes = fc.oneof(
    index.map((entries) => encodeBundleIndex(entries)),
    sorted.map((entries) => encodeBundleIndex(entries)),
    damaged,
    fc.json().map((text) => Buffer.from(text)),
    fc.uint8Array().map((b) => Buffer.from(b)),
  );

  it('is scanned like a whole index', () => {
    const property = fc.property(bytes, (b) => {
      const whole = scannedWhole(b);
      expect(scannedOneByOne(b)).toEqual(typeof whole === 'string' ? undefined : whole);
    });
    fc.assert(property, { numRuns: 3000 });
  });

  it('has the same entries and errors as a whole index', () => {
    const property = fc.property(bytes, (b) => {
      const whole = orRefusal(() => decodeBundleIndex(b));
      const one = orRefusal(() => [...bundleIndexEntries(b)]);
      // With two faults, either may be the one that is named.
      if (typeof whole === 'string') expect(one).toEqual(expect.any(String));
      else expect(one).toEqual(whole);
    });
    fc.assert(property, { numRuns: 3000 });
  });
});

describe('the scan of an index', () => {
  it('reads the same as the parser', () => {
    const bytes = index.map((entries) => encodeBundleIndex(entries));
    fc.assert(
      fc.property(bytes, (b) => {
        const scanned = scanIndex(b);
        if (scanned !== undefined) expect(scanned).toEqual(parseIndex(b));
      }),
    );
  });

  it('accepts nothing that the parser refuses', () => {
    const property = fc.property(fc.oneof(damaged, fc.json().map(Buffer.from)), (b) => {
      const scanned = scanIndex(b);
      if (scanned !== undefined) expect(parsed(b)).toEqual(scanned);
    });
    fc.assert(property, { numRuns: 3000 });
  });

  it.each(['', '[', '[]', '[]]', '[{]', '[{}]', '{}', ' []', '[] '])(
    'says of %j what the parser says',
    (text) => {
      const bytes = Buffer.from(text);
      expect(scanIndex(bytes)).toEqual(parsed(bytes));
    },
  );

  it.each([
    ['"size_bytes":5', '"size_bytes":05'],
    ['"size_bytes":5', '"size_bytes":-5'],
    ['"size_bytes":5', '"size_bytes":9007199254740992'],
    ['"size_bytes":5', '"size_bytes":"5"'],
    ['"executable":true,', '"executable":false,'],
    ['"executable":true', '"executable":true,"executable":true'],
    ['"path":"a"', '"path":"\\u0061"'],
    ['"path":"a"', '"path":"a\n"'],
    ['{"', '{ "'],
    ['}]', '},]'],
    ['}]', '}]]'],
    ['}]', '}'],
    [']', ']\n'],
    ['[', '\uFEFF['],
    ['"content_hash":"2', '"content_hash":"'],
    ['"content_hash":"2', '"content_hash":"G'],
  ])('does not take %j spelled as %j', (right, wrong) => {
    const entry = { path: 'a', content_hash: sha256(Buffer.from('hello')), size_bytes: 5, executable: true };
    const text = encodeBundleIndex([entry as IndexEntry]).toString();
    expect(text).toContain(right);
    const bytes = Buffer.from(text.replace(right, wrong));
    expect(scanIndex(bytes)).toBeUndefined();
    expect(parsed(bytes)).toBeUndefined();
  });

  it('leaves only paths with an escape to the parser', () => {
    fc.assert(
      fc.property(index, (entries) => {
        const needsEscape = entries.some((e) => JSON.stringify(e.path) !== `"${e.path}"`);
        expect(scanIndex(encodeBundleIndex(entries)) === undefined).toBe(needsEscape);
      }),
    );
  });
});

describe('checkSortedTree', () => {
  it('agrees with checkTree on a sorted list', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '!', '0'), minLength: 1, maxLength: 2 });
    const paths = fc.array(
      fc.array(name, { minLength: 1, maxLength: 3 }).map((c) => c.join('/') as SafePath),
    );
    const said = (check: () => void) => {
      try {
        check();
        return 'fine';
      } catch (e) {
        return (e as Error).message;
      }
    };
    const property = fc.property(paths, (list) => {
      const sorted = list.sort(comparePaths);
      expect(said(() => checkSortedTree(sorted.map((p) => ({ path: p }))))).toBe(
        said(() => checkTree(sorted)),
      );
    });
    fc.assert(property, { numRuns: 2000 });
  });
});
