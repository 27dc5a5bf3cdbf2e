import { describe, expect, it } from 'vitest';
import { compileGlob } from '../../src/core/text/compile-glob.js';

describe('a glob', () => {
  it('matches whole names, including those with a leading dot', () => {
    const matches = compileGlob('*port');
    expect(['report', '.port', 'reports'].map(matches)).toEqual([true, true, false]);
  });

  it.each([
    ['', "the glob '' matches nothing"],
    ['a'.repeat(70_000), `the glob '${'a'.repeat(300)}…' is longer than 4096 characters`],
    ['?'.repeat(4097), 'is longer than 4096 characters'],
  ])('that cannot be matched is a usage error: %.8s', (glob, message) => {
    expect(() => compileGlob(glob)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(message) }),
    );
  });

  it('is matched or refused, never a bug, with any brackets', () => {
    for (const part of ['!(', '@(a|', '+(', '{a,', '[', '!(}[((*?/', '\\', '(?', '[[:alpha:]', '*/..']) {
      for (const glob of [
        part,
        part.repeat(40),
        part.repeat(400).slice(0, 4096),
        `!(${part}a|${part})${part}`,
      ]) {
        try {
          compileGlob(glob)('abc');
        } catch (e) {
          expect(e).toMatchObject({ code: 'USAGE' });
        }
      }
    }
  });
});
