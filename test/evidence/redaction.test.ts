import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Redactor } from '../../src/core/debug/redactor.js';
import { findAll, markOf, removeFindings } from '../../src/core/debug/remove-findings.js';
import { DETECTORS } from '../../src/core/secrets/detectors.js';
import { inside } from '../helpers/inside.js';
import { tmp } from '../helpers/tmp.js';
import { lines, secrets } from './corpus.js';

/** By detector, a text that it finds, and the part of it that must go. */
const FORMS: readonly (readonly [detector: string, text: string, secret: string])[] = [
  ...Object.entries(secrets('redaction'))
    .filter(([detector]) => detector !== 'private-key')
    .flatMap(([detector, secret]) => lines(detector, secret).map((l) => [detector, l, secret] as const)),
  [
    'private-key',
    `-----BEGIN ${'EC'} PRIVATE KEY-----\n${'QmFzZTY0'.repeat(8)}\n-----END ${'EC'} PRIVATE KEY-----`,
    'QmFzZTY0',
  ],
  ['url-password', 'https://u:pw12345@host/', 'pw12345'],
  ['url-password', 'redis://:pw12345@localhost:6379/0', 'pw12345'],
  ['e-mail', 'grace@navy.example.org', 'grace'],
  ['phone', '+49 30 90182345', '90182345'],
  ['absolute-path', '/home/grace/plan', 'grace'],
  ['absolute-path', 'C:\\Users\\grace', 'grace'],
];

/** Positions in which a detector finds what it finds in the text alone. */
const PLAIN: ReadonlySet<(text: string) => string> = new Set([
  (t) => t,
  (t) => `words ${t} and more`,
  (t) => `line\n${t}\nline`,
]);
const POSITIONS: readonly ((text: string) => string)[] = [
  ...PLAIN,
  (t) => `A:\n${t}\tB:\\x`,
  (t) => `"${t}"`,
  (t) => `{"k":${JSON.stringify(t)}}`,
  (t) => `postgres://app:${t}@db/prod`,
  (t) => `https://${t}@host/`,
  (t) => `password="${t}"`,
  (t) => `password:\n\n\n\n\n\n${t}`,
  (t) => `/home/grace/${t}`,
  (t) => `${t}/home/grace/x`,
  (t) => `${t}${t}`,
  (t) => `${t}@${t}`,
  (t) => `${'x'.repeat(490)} ${t} tail`,
  (t) => `[REDACTED:secret:github-token]${t}[REDACTED:text:withheld#01234567]`,
];

/** Whether the check of a debug bundle would find something, in a document that holds the text. */
function isFound(text: string): boolean {
  return [text, JSON.stringify(text), `{"value":${JSON.stringify(text)},"z":[]}`].some(
    (document) => findAll(document).length > 0,
  );
}

function workspace(): Redactor {
  const at = { workspace: '/srv/space', home: '/home/grace' };
  return new Redactor({ mode: 'workspace', secret: 's', ...at, isRestricted: () => false });
}
const place = { file: 'trace.jsonl', location: '$' } as const;

it('there is a text for every detector', () => {
  expect(new Set(FORMS.map(([detector]) => detector))).toEqual(new Set(DETECTORS.map((d) => d.id)));
  for (const [detector, text] of FORMS)
    expect({ detector, text, found: findAll(text).length }).not.toMatchObject({ found: 0 });
});

describe('a text without what detectors find', () => {
  it.each(DETECTORS.map((d) => d.id))('has nothing of %s left, wherever it was', (detector) => {
    for (const [, text, secret] of FORMS.filter(([id]) => id === detector)) {
      for (const position of POSITIONS) {
        const out = removeFindings(position(text));
        expect({ out, found: isFound(out) }).toEqual({ out, found: false });
        if (PLAIN.has(position)) expect(out).not.toContain(secret);
      }
    }
  });

  it('is left alone from then on, and so are marks', () => {
    const marks = DETECTORS.map((d) => markOf({ detector: d.id, kind: d.kind })).join('');
    expect(removeFindings(`postgres://app:${marks}@db token=${marks}`)).toContain(marks);
    for (const [, text] of FORMS) {
      const out = removeFindings(text);
      expect(removeFindings(out)).toBe(out);
    }
  });

  it('has nothing left whatever stands next to what', () => {
    const parts = [
      ...FORMS.map(([, text]) => text),
      ...FORMS.map(([, text]) => text.slice(0, text.length / 2)),
      ...DETECTORS.map((d) => markOf({ detector: d.id, kind: d.kind })),
      ...['password', 'token: ', ' = ', '"', "'", '\\', '\n', '\t', '\u0007', '@', '@h', '://u:', 'A:', '/'],
      ...[
        '/home/',
        '/opt',
        ' ',
        '.',
        'x',
        '9',
        'é',
        '🂡',
        '[REDACTED:',
        ']',
        ':',
        'Bearer ',
        '-----',
        'secret:',
      ],
    ];
    // A linear congruential generator: the same texts each time.
    let state = 7;
    const pick = (n: number) => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return Math.floor((state / 2147483648) * n);
    };
    for (let i = 0; i < 4000; i++) {
      const text = Array.from({ length: 1 + pick(7) }, () => parts[pick(parts.length)]!).join('');
      const shown = workspace().text(text, place, pick(3) === 0 ? pick(80) : undefined);
      expect({ text, shown, found: isFound(shown) }).toEqual({ text, shown, found: false });
    }
  });

  it('keeps innocent words', () => {
    const text = 'Options:\n  see the token, or ask. {"a":1}';
    expect(removeFindings(text)).toBe(text);
  });
});

it('every mark that is shown is noted, whoever wrote it', () => {
  const redactor = workspace();
  redactor.text('https://u:pw12345@host/ [REDACTED:pii:phone]', place);
  redactor.identifier('[REDACTED:pii:e-mail]', place);
  expect(redactor.redactions.map((r) => r.detector_id)).toEqual(['url-password', 'phone', 'e-mail']);
});

it('a debug bundle is made of any of them in any place, and verified', async () => {
  const cwd = await tmp();
  const hs = inside(cwd);
  const ok = async (args: readonly string[], env: Record<string, string> = {}) => {
    const { status, stderr } = await hs(args, { env });
    expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: expect.anything() });
  };
  await ok(['init']);
  mkdirSync(join(cwd, 'd'));
  const all = FORMS.map(([, text]) => text.replaceAll('\n', ' '));
  const texts = [
    ...all,
    ...all.map((t) => `redis://:${t}@h`),
    'A:\\n',
    '[REDACTED:pii:phone]',
    'bad password',
  ];
  for (const [i, text] of [...FORMS.map((f) => f[1]), ...texts, 'Option A:\nfirst'].entries())
    writeFileSync(join(cwd, `d/${i}`), `${text}\n`);
  const files = Array.from({ length: FORMS.length + texts.length + 1 }, (_, i) => join(cwd, `d/${i}`));
  await ok(['put', ...files]);
  await ok(['put', files[0]!, '--name', 'one']);
  for (const text of texts) await ok(['ledger', 'append-note', '--', text.trim()]);
  await ok(['label', 'one', ...texts.map((text, i) => `k${i}=${text}`), `password=${all[0]}`]);
  await ok(['ledger', 'append-note', 'n'], { HS_JOB_ID: 'u://a:pw123@h' });
  const since = ['--since', '2020-01-01'];
  for (const mode of ['safe', 'workspace']) {
    await ok(['bundle', 'debug', ...since, '--mode', mode, '--name', mode]);
    await ok(['export', mode, join(cwd, mode)]);
    await ok(['bundle', 'verify', join(cwd, mode)]);
  }
}, 120_000);
