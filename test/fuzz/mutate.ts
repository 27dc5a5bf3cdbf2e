import type { Rng } from '../sim/rng.js';

/** Longer inputs say nothing new, and take longer. */
const MOST_BYTES = 16 * 1024;
const WINDOW = 256;

/** The parts of JSON, XML, headers, globs and filters. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[\w.+-]+|\s+|[^\w\s]/gs;

/** What readers trip over: edges of numbers, times, paths, text and nesting. */
const WORDS = [
  ...['0', '-1', '-0', '1.5', '1e400', '9007199254740991', '9007199254740992', '4294967296', '00'],
  ...['null', 'true', 'false', '[]', '{}', '[[]]', '{"a":{}}', '[null]', '""', '"a"', ',', ':', '"', '\\'],
  ...['"__proto__"', '"constructor"', '"toString"', '"\\u0000"', '"\\ud800"', '"e\u0301"', '"\u00e9"'],
  ...['".."', '"/"', '"a/../b"', '"a//b"', '"."', '"C:\\\\"', '"CON"', '"a\\nb"', '"\u202e"', '"\u001b[2J"'],
  ...['"2026-02-30T00:00:00.000Z"', '"9999-12-31T23:59:59.999Z"', '"2026-01-31T12:00:00Z"'],
  `"${'0'.repeat(64)}"`,
  `"${'f'.repeat(64)}"`,
  '"00000008-0000-4000-8000-000000000000"',
  '[[[['.repeat(20),
  '{"a":'.repeat(70),
  `"${'x'.repeat(300)}"`,
  ...[
    '*',
    '**',
    '?',
    '[!a]',
    '[a-',
    '{a,b}',
    '!',
    '<',
    '>=',
    '&lt;',
    '&#x110000;',
    '&#0;',
    '</Key>',
    '%',
    '%(',
  ],
  ...['\n', '\n\n', '\r\n', '\t', ' ', '\0', '\u00ff', '\ufeff', '='],
].map((word) => Buffer.from(word));

/** Numbers at the edges of what 1, 4 and 8 bytes hold. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

function splice(data: Buffer, from: number, to: number, insert: Uint8Array): Buffer {
  return Buffer.concat([data.subarray(0, from), insert, data.subarray(to)]);
}

/** The tokens of a part that is long enough for a record and short enough to be read each time. */
function someTokens(data: Buffer, rng: Rng): { at: number; token: string }[] {
  const from = rng.below(Math.max(1, data.length - WINDOW + 1));
  const text = data.toString('latin1', from, from + WINDOW);
  return [...text.matchAll(TOKEN)].map((m) => ({ at: from + m.index, token: m[0] }));
}

/** One token for another: of the list, of another input, or of this one. */
function changeToken(data: Buffer, other: Buffer, rng: Rng): Buffer {
  const tokens = someTokens(data, rng);
  if (tokens.length === 0) return data;
  const { at, token } = rng.pick(tokens);
  const rest = splice.bind(undefined, data, at);
  switch (rng.below(6)) {
    case 0:
      return rest(at + token.length, new Uint8Array());
    case 1:
      return rest(at, data.subarray(at, at + token.length));
    case 2: {
      const there = someTokens(other, rng);
      return there.length === 0
        ? data
        : rest(at + token.length, Buffer.from(rng.pick(there).token, 'latin1'));
    }
    case 3: {
      const end = rng.pick(tokens);
      return end.at < at
        ? rest(at, data.subarray(end.at, at))
        : rest(end.at + end.token.length, new Uint8Array());
    }
    default:
      return rest(at + token.length, rng.pick(WORDS));
  }
}

function changeBytes(data: Buffer, other: Buffer, rng: Rng): Buffer {
  const at = rng.below(data.length + 1);
  const length = 1 + rng.below(rng.chance(0.8) ? 8 : 512);
  switch (rng.below(8)) {
    case 0:
      return splice(data, at, at + 1, Buffer.of(rng.below(256)));
    case 1: {
      const flipped = Buffer.from(data);
      if (at < flipped.length) flipped[at] = flipped[at]! ^ (1 << rng.below(8));
      return flipped;
    }
    case 2:
      return data.subarray(0, at);
    case 3:
      return splice(data, at, at + length, new Uint8Array());
    case 4:
      return splice(data, at, at, data.subarray(at, at + length));
    case 5: {
      const from = rng.below(other.length + 1);
      return splice(data, at, rng.chance(0.5) ? at : at + length, other.subarray(from, from + length));
    }
    case 6: {
      const edge = Buffer.alloc(4);
      edge.writeUInt32BE((rng.pick(EDGES) + rng.below(3) - 1) >>> 0);
      return splice(data, at, at + 4, edge);
    }
    default:
      return splice(data, at, rng.chance(0.5) ? at : at + 1, rng.pick(WORDS));
  }
}

/** An input a few changes away from `data`; parts of `other` may be in it. */
export function mutate(data: Buffer, other: Buffer, rng: Rng): Buffer {
  let changed = data;
  for (let n = 1 + rng.below(rng.chance(0.7) ? 2 : 6); n > 0; n--)
    changed = (rng.chance(0.6) ? changeToken : changeBytes)(changed, other, rng);
  return changed.length > MOST_BYTES ? changed.subarray(0, MOST_BYTES) : changed;
}
