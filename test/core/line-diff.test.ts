import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { diffTexts } from '../../src/core/text/unified-diff.js';
import { tmp } from '../helpers/tmp.js';

const hasDiff = spawnSync('diff', ['--version']).error === undefined;
const line = fc.constantFrom('', 'a', 'b', 'c', 'é', '\\', '+x', '-y', '@@');
const text = fc.tuple(fc.array(line, { maxLength: 30 }), fc.boolean()).map(([lines, ended]) => {
  return lines.join('\n') + (ended && lines.length > 0 ? '\n' : '');
});

it.skipIf(!hasDiff)(
  'makes no more edits than diff -u, and hunks that patch applies (needs diffutils)',
  async () => {
    const dir = await tmp();
    const hasPatch = spawnSync('patch', ['--version']).error === undefined;
    fc.assert(
      fc.property(text, text, (before, after) => {
        const { hunks, added, removed } = diffTexts(Buffer.from(before), Buffer.from(after));
        expect(hunks === '').toBe(before === after);
        writeFileSync(`${dir}/a`, before);
        writeFileSync(`${dir}/b`, after);
        const { stdout } = spawnSync('diff', ['-d', '-u', `${dir}/a`, `${dir}/b`], { encoding: 'latin1' });
        const edits = stdout
          .split('\n')
          .slice(2)
          .filter((l) => /^[+-]/.test(l)).length;
        expect(added + removed).toBeLessThanOrEqual(edits);
        if (hunks === '' || !hasPatch) return;
        const patch = Buffer.from(`--- a\n+++ a\n${hunks}`, 'latin1');
        const { status } = spawnSync('patch', ['-s', '--posix', '-p0', '-o', `${dir}/c`, `${dir}/a`], {
          input: patch,
        });
        expect(status).toBe(0);
        expect(spawnSync('cmp', [`${dir}/b`, `${dir}/c`]).status).toBe(0);
      }),
      { numRuns: 150 },
    );
  },
);

it('is bounded for texts that have nothing in common', () => {
  const lines = (word: string) =>
    Buffer.from(Array.from({ length: 20_000 }, (_, i) => `${word}${i % 7}${i}`).join('\n'));
  const { added, removed } = diffTexts(lines('a'), lines('b'));
  expect([added, removed]).toEqual([20_000, 20_000]);
});
