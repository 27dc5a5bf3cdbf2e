import { describe, expect, it } from 'vitest';
import { canonicalBytes, parseCanonical } from '../../src/core/json/canonical.js';
import { parseCanonicalLines } from '../../src/core/json/canonical-lines.js';
import { isHsError } from '../../src/errors/hs-error.js';

const MIB = 1024 * 1024;
const invalid = expect.toSatisfy((e: unknown) => isHsError(e, 'INVALID_RECORD'));

/** A text of `bytes` that is `unit` over and over, in a list or an object. */
const many = (unit: string, bytes: number, [open, close] = ['[', ']']) =>
  Buffer.from(`${open}${`${unit},`.repeat(bytes / (unit.length + 1)).slice(0, -1)}${close}`);

/** Bytes that are taken while `work` runs, at most. */
function heapOf(work: () => void): number {
  const before = process.memoryUsage().heapUsed;
  work();
  return process.memoryUsage().heapUsed - before;
}

describe('untrusted JSON', () => {
  it.each([
    ['lists', many('[]', 32 * MIB)],
    ['objects', many('{}', 32 * MIB)],
    ['lists in lists', many('[[[[]]]]', 32 * MIB)],
    ['numbers', many('0', 32 * MIB)],
    ['short texts', many('""', 32 * MIB)],
    ['objects of one member', many('{"a":0}', 32 * MIB)],
    [
      'members of one object',
      Buffer.from(`{${Array.from({ length: 200_000 }, (_, i) => `"${1_000_000 + i}":0`).join(',')}}`),
    ],
  ])('is refused before it is built: %s without number', (_, bytes) => {
    const taken = heapOf(() => expect(() => parseCanonical(bytes, 64 * MIB)).toThrow(invalid));
    // The text itself, and not what it stands for, which is thirty times as much.
    expect(taken).toBeLessThan(3 * bytes.length + 16 * MIB);
  });

  it('is refused with its line number', () => {
    const lines = Buffer.concat([many('[]', 32 * MIB), Buffer.from('\n')]);
    expect(() => [...parseCanonicalLines(lines, 64 * MIB)]).toThrow(invalid);
  });

  it.each([
    ['an index', { content_hash: 'a'.repeat(64), path: 'p', size_bytes: 0 }, 'records'],
    ['what was left out of a bundle', { artifact_id: 'a'.repeat(36), reason: 'x' }, 'records'],
    ['a list of paths', 'd/1234', 'paths'],
  ] as const)('is read where it is dense and honest: %s, 200,000 of them', (_, one, density) => {
    const value = Array.from({ length: 200_000 }, () => one);
    expect(parseCanonical(canonicalBytes(value), 512 * MIB, density)).toHaveLength(200_000);
  });
});
