import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { portabilityProblems } from '../../src/core/paths/portability.js';
import {
  checkFilenameHint,
  checkName,
  checkPath,
  checkTree,
  comparePaths,
  MAX_COMPONENT_BYTES,
  MAX_PATH_BYTES,
  type SafePath,
  toName,
  toSafePath,
} from '../../src/core/paths/safe-path.js';
import { escapeText } from '../../src/core/text/escape-control.js';
import { HsError } from '../../src/errors/hs-error.js';

const rule = (path: string) => checkPath(path).problem?.rule;
const safe = (...paths: string[]) => paths.map(toSafePath);
const anyString = fc.string({ unit: 'binary' });
const hostile = fc.string({
  unit: fc.constantFrom('a', 'é', '/', '.', '\0', '\n', '\u0085', '\\', '\ud83d', '\ude00', '😀', ' '),
});

describe('checkPath', () => {
  it.each([
    ['', 'empty'],
    ['/', 'absolute'],
    ['/etc/passwd', 'absolute'],
    ['..', 'dot-component'],
    ['a/../b', 'dot-component'],
    ['a/..', 'dot-component'],
    ['.', 'dot-component'],
    ['./a', 'dot-component'],
    ['a/./b', 'dot-component'],
    ['a//b', 'empty-component'],
    ['a/', 'empty-component'],
    ['a\0b', 'control-character'],
    ['a\nb', 'control-character'],
    ['a\u007fb', 'control-character'],
    ['a\u009bb', 'control-character'],
    ['a\ud800', 'not-well-formed'],
    ['\udc00/b', 'not-well-formed'],
    ['x'.repeat(MAX_COMPONENT_BYTES + 1), 'component-too-long'],
    ['é'.repeat(128), 'component-too-long'],
    [`${'ab/'.repeat(1365)}ab`, 'too-long'],
  ])('refuses %j: %s', (path, expected) => {
    expect(rule(path)).toBe(expected);
  });

  it.each([
    'a',
    'a/b.txt',
    '...',
    '.git',
    'a..b',
    ' ',
    'a\\b',
    'CON',
    'é',
    'e\u0301',
    '😀/x',
    'x'.repeat(255),
    'é'.repeat(127),
  ])('takes %j as it is', (path) => {
    expect(checkPath(path).path).toBe(path);
  });

  it(`accepts a path of ${MAX_PATH_BYTES} bytes`, () => {
    const path = `${'ab/'.repeat(1365)}a`;
    expect(Buffer.byteLength(path)).toBe(MAX_PATH_BYTES);
    expect(rule(path)).toBeUndefined();
  });

  it('accepts only paths below the root, with well-formed components', () => {
    fc.assert(
      fc.property(fc.oneof(anyString, hostile), (path) => {
        if (checkPath(path).problem !== undefined) return;
        expect(path.isWellFormed()).toBe(true);
        expect(path).not.toMatch(/\p{Cc}/u);
        for (const part of path.split('/')) expect(['', '.', '..']).not.toContain(part);
        expect(posix.join('/root', path)).toBe(`/root/${path}`);
      }),
    );
  });

  it('gives the same result for ASCII paths on the fast path', () => {
    const ascii = fc.string({ unit: fc.constantFrom('a', '.', '/', '~', ' ', '\n', '\x7f'), maxLength: 8 });
    fc.assert(
      fc.property(ascii, (path) => {
        expect(rule(path) === undefined).toBe(rule(`é${path === '' ? '/' : ''}/${path}`) === undefined);
      }),
    );
  });
});

describe('toSafePath', () => {
  it('names the refused path with every control and bidi character escaped', () => {
    const attempt = () => toSafePath('../\x1b[31m\u202e\\');
    expect(attempt).toThrow(HsError);
    expect(attempt).toThrow("path '../\\x1b[31m\\u{202e}\\\\' is refused: it contains a control character");
    try {
      attempt();
    } catch (e) {
      expect(e).toMatchObject({ code: 'UNSAFE_PATH', exitStatus: 7, details: { rule: 'control-character' } });
      expect((e as HsError).hint).toBeTruthy();
    }
  });
});

describe('escapeText', () => {
  it('leaves no control sequences, and stays distinct for different texts', () => {
    fc.assert(
      fc.property(fc.oneof(anyString, hostile), hostile, (a, b) => {
        expect(escapeText(a)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        if (a !== b) expect(escapeText(a)).not.toBe(escapeText(b));
      }),
    );
  });
});

describe('checkName', () => {
  it.each([
    ['0b9e1d3c-52f1-4a3e-9d53-1f0c7f4b2a10', 'looks-like-id'],
    ['0B9E1D3C-52F1-4A3E-9D53-1F0C7F4B2A10', 'looks-like-id'],
    ['a'.repeat(64), 'looks-like-id'],
    ['report@{1}', 'version-syntax'],
    ['cafe\u0301', 'not-nfc'],
    ['../report', 'dot-component'],
    ['', 'empty'],
  ])('refuses %j: %s', (name, expected) => {
    expect(checkName(name).problem?.rule).toBe(expected);
  });

  it.each(['report', 'weekly/report.md', 'a'.repeat(63), 'me@example', 'café'])('takes %j', (name) => {
    expect(checkName(name).path).toBe(name);
  });
});

describe('toName', () => {
  it.each([' ', ' a', 'a ', 'a/b\u00a0', '\u3000'])(
    'refuses white space around a new name, which checkName takes (%j)',
    (name) => {
      expect(checkName(name).path).toBe(name);
      expect(() => toName(name)).toThrow(/begins or ends with white space/);
    },
  );

  it('takes it inside', () => expect(toName('a b/c d')).toBe('a b/c d'));
});

describe('checkFilenameHint', () => {
  it('accepts one component in any normal form, and refuses a path', () => {
    expect(checkFilenameHint('cafe\u0301.txt').path).toBe('cafe\u0301.txt');
    expect(checkFilenameHint('a/b').problem?.rule).toBe('separator');
    expect(checkFilenameHint('..').problem?.rule).toBe('dot-component');
  });
});

describe('comparePaths', () => {
  it('orders by UTF-8 bytes', () => {
    const unit = fc.constantFrom('a', 'b', '/', '-', 'é', '\ud7ff', '\ue000', '\uffff', '😀', '\u{10ffff}');
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit }));
    fc.assert(
      fc.property(text, text, (a, b) => {
        fc.pre(a.isWellFormed() && b.isWellFormed());
        expect(Math.sign(comparePaths(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 500 },
    );
    expect(comparePaths('\uffff', '😀')).toBeLessThan(0);
  });
});

describe('checkTree', () => {
  it.each([
    [['a', 'a']],
    [['a', 'a/b']],
    [['a/b', 'a']],
    [['a', 'a-b', 'a/b/c']],
    [['x/a/b/c', 'x/a/b/d', 'x/a']],
  ])('refuses %j in any order', (paths) => {
    expect(() => checkTree(safe(...paths))).toThrow(HsError);
    expect(() => checkTree(safe(...paths.reverse()))).toThrow(/is refused: it (is|occurs)/);
  });

  it('accepts a tree', () => {
    expect(() => checkTree(safe('a/b', 'a/c', 'a-b', 'ab', 'x/a/b'))).not.toThrow();
  });

  it('refuses exactly the lists that no directory can hold', () => {
    const part = fc.constantFrom('a', 'b', 'c');
    const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((p) => p.join('/'));
    fc.assert(
      fc.property(fc.array(path, { maxLength: 6 }), (paths) => {
        const clash = paths.some((p, i) => paths.some((q, j) => i !== j && `${q}/`.startsWith(`${p}/`)));
        const attempt = () => checkTree(paths as SafePath[]);
        if (clash) expect(attempt).toThrow(HsError);
        else expect(attempt).not.toThrow();
      }),
    );
  });
});

describe('portabilityProblems', () => {
  const kinds = (...paths: string[]) => [...portabilityProblems(safe(...paths))].map((p) => p.kind);

  it.each([
    ['a\\b', 'backslash'],
    ['con', 'reserved-name'],
    ['d/NUL.txt', 'reserved-name'],
    ['com¹', 'reserved-name'],
    ['lpt9.tar.gz', 'reserved-name'],
    ['aux/x', 'reserved-name'],
    ['a:b', 'reserved-character'],
    ['what?', 'reserved-character'],
    ['a.', 'trailing-dot-or-space'],
    ['a /b', 'trailing-dot-or-space'],
    ['a\u202eb', 'format-character'],
    ['a\u200bb', 'format-character'],
    ['a\u2028b', 'format-character'],
  ])('reports %j: %s', (path, kind) => {
    expect(kinds(path)).toEqual([kind]);
  });

  it('reports names that a case-insensitive or normalizing destination would merge', () => {
    expect([...portabilityProblems(safe('README', 'Readme'))]).toEqual([
      { kind: 'case-collision', path: 'Readme', other: 'README' },
    ]);
    expect(kinds('é', 'e\u0301')).toEqual(['normal-form-collision']);
    expect(kinds('É', 'e\u0301')).toEqual(['case-collision']);
    expect(kinds('straße', 'STRASSE')).toEqual(['case-collision']);
    expect(kinds('\u212a', 'k')).toEqual(['case-collision']);
  });

  it('reports a directory that collides once, not for each file in it', () => {
    expect([...portabilityProblems(safe('A/x', 'A/y', 'a/x', 'a/y'))]).toEqual([
      { kind: 'case-collision', path: 'a', other: 'A' },
    ]);
  });

  it('reports nothing for an ordinary tree', () => {
    expect(
      kinds('src/index.ts', 'README.md', 'naïve/日本語.txt', 'a.b/c-d_e', 'console.log', '.gitignore'),
    ).toEqual([]);
  });
});
