import { describe, expect, it } from 'vitest';
import { displayWidth, wrap } from '../../src/cli/text/width.js';
import { span } from '../../src/ui/cell-text.js';
import { fitted, shown } from '../../src/ui/column-text.js';
import { pressedKeys } from '../../src/ui/key-bindings.js';
import { risingOrder } from '../../src/ui/radix-sort.js';
import { reason } from '../../src/ui/rule-words.js';
import { at, HOSTILE_NAMES, NOW, sampleItem } from './harness/sample.js';

const STEERS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/u;

describe('untrusted text', () => {
  it.each(HOSTILE_NAMES)('of %j is one harmless line of exactly the columns it is given', (name) => {
    for (const unicode of [true, false]) {
      const safe = shown(name, unicode);
      expect(safe).not.toMatch(STEERS);
      for (const columns of [1, 5, 13, 21, 60])
        expect(displayWidth(fitted(safe, columns, unicode))).toBe(columns);
    }
  });

  it('is ASCII where the terminal has no more', () => {
    for (const name of HOSTILE_NAMES) expect(fitted(shown(name, false), 20, false)).toMatch(/^[\x20-\x7e]*$/);
  });

  it('loses its middle where it is too long, since names of a series differ at both ends', () => {
    expect(fitted('train-run-2026/checkpoint-0042.bin', 20, true)).toBe('train-run-202…42.bin');
  });

  it('is broken into lines that fit', () => {
    const lines = wrap(`a few words and ${'x'.repeat(50)} more 日本語のファイル名`, 20);
    expect(lines.every((l) => displayWidth(l) <= 20)).toBe(true);
    expect(lines.join('').replaceAll(' ', '')).toBe(`afewwordsand${'x'.repeat(50)}more日本語のファイル名`);
  });
});

it('distinguishes time left from time since', () => {
  const item = sampleItem(1, { verdict: 'prune', rule: 'ttl_expired', until: at(43) });
  expect(reason(item, NOW, true)).toBe('TTL over 43d ago');
  const kept = { ...item, verdict: 'keep', rule: 'within_ttl', until: at(-43) } as const;
  expect(reason(kept, NOW, true)).toBe('TTL, 43d left');
});

describe('keys', () => {
  it('that were read at once are taken one by one', () => {
    expect(pressedKeys('jjG', {})).toEqual(['j', 'j', 'G']);
    expect(pressedKeys('yes\r', {})).toEqual(['y', 'e', 's', 'enter']);
    expect(pressedKeys('j\x03', {})).toEqual(['j', 'ctrl-c']);
    expect(pressedKeys('\u009b日', {})).toEqual(['日']);
  });

  it('have names where they type nothing', () => {
    expect(pressedKeys('', { upArrow: true })).toEqual(['up']);
    expect(pressedKeys('d', { ctrl: true })).toEqual(['ctrl-d']);
    expect(pressedKeys('', { escape: true, meta: true })).toEqual(['escape']);
    expect(pressedKeys('x', { meta: true })).toEqual(['escape', 'x']);
  });
});

it('orders whole numbers up to 2^53, equal ones as they were', () => {
  const keys = Float64Array.from([3, 2 ** 53 - 1, 0, 2 ** 40, 3, 65_536, 2 ** 52]);
  expect([...risingOrder(keys)]).toEqual([2, 0, 4, 5, 3, 6, 1]);
  expect([...risingOrder(new Float64Array())]).toEqual([]);
});

it('shows spans in at most four columns', () => {
  const days = 86_400_000;
  expect([0, 59_999, 3_540_000, 47 * 3_600_000, 999 * days, 4000 * days].map(span)).toEqual([
    '0s',
    '59s',
    '59m',
    '47h',
    '999d',
    '10y',
  ]);
});
