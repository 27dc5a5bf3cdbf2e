import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DETECTORS } from '../../src/core/secrets/detectors.js';
import { findSecrets, namesOfSecrets, redact } from '../../src/core/secrets/find-secrets.js';
import { type LineFinding, scanLines } from '../../src/core/secrets/scan-lines.js';
import { recordText } from '../../src/core/text/ledger-text.js';
import { hs } from '../helpers/hs.js';
import { makeTempDirectory } from '../helpers/tmp.js';
import { benign, corpus, lines, secrets } from './corpus.js';

const seeds = Array.from({ length: 40 }, (_, i) => `seed ${i}`);
const credentials = DETECTORS.filter((d) => d.kind === 'credential').map((d) => d.id);

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function scanned(text: string, size = 65536): Promise<LineFinding[]> {
  const found: LineFinding[] = [];
  for await (const one of scanLines(pieces(text, size), ['credential'])) found.push(one);
  return found;
}

describe('the detectors', () => {
  it.each(credentials)('%s finds its kind in the forms of real files, and covers all of it', (detector) => {
    for (const seed of seeds) {
      const secret = secrets(seed)[detector]!;
      for (const line of lines(detector, secret)) {
        const { text, findings } = redact(line, ['credential']);
        expect({ line, found: findings.length }).toEqual({ line, found: 1 });
        expect(text).not.toContain(secret);
      }
    }
  });

  it('do not report non-secrets', () => {
    const wrong = seeds.flatMap((seed) =>
      benign(seed).flatMap((line) => findSecrets(line).map((f) => `${f.detector}: ${line}`)),
    );
    expect(wrong).toEqual([]);
  });

  it('find people and places when they are asked for', () => {
    const text = 'ada@example.org called +49 30 1234567 about /home/ada/secret.txt and C:\\Users\\ada\\x';
    expect(findSecrets(text)).toEqual([]);
    expect(namesOfSecrets(findSecrets(text, ['personal']))).toEqual(['e-mail', 'phone', 'absolute-path']);
    expect(redact(text, ['personal']).text).toBe(
      '[e-mail] called [phone] about [absolute-path] and [absolute-path]',
    );
  });
});

it('finds all that is in a corpus of files, and nothing else: precision and recall', async () => {
  const files = corpus('figures', 60);
  let [found, right, expected] = [0, 0, 0];
  const wrong: string[] = [];
  for (const { name, text, expected: secretLines } of files) {
    expected += secretLines.size;
    const all = text.split('\n');
    for (const { line, detector } of await scanned(text)) {
      found += 1;
      if (secretLines.get(line) === detector) right += 1;
      else wrong.push(`${name}:${line} ${detector}: ${all[line - 1]}`);
    }
  }
  console.info(
    `secrets: ${files.length} files, ${expected} secrets of ${credentials.length} kinds: precision ${(right / found).toFixed(4)}, recall ${(right / expected).toFixed(4)}`,
  );
  expect(wrong).toEqual([]);
  expect({ right, found }).toEqual({ right: expected, found: expected });
});

describe('text that is cut for a record', () => {
  it('is cut before a secret that the limit would split', () => {
    const token = secrets('cut')['github-token']!;
    for (let before = 80; before < 140; before++) {
      const text = recordText(`${'x'.repeat(before - 1)} ${token} and more of it`, 128);
      expect(text.length).toBeLessThanOrEqual(128);
      const isWhole = text.includes(token);
      expect(isWhole || !text.includes(token.slice(0, 5))).toBe(true);
    }
  });
});

describe('scanning a stream', () => {
  it('finds a secret wherever the pieces and the window are cut', async () => {
    const token = secrets('cut')['github-token']!;
    const around = 1024 * 1024 + 16 * 1024;
    for (const at of [0, 1, around - 100, around - 20, around, around + 16 * 1024 - 20, 2 * around]) {
      const before = `${'x\n'.repeat(at / 2)} `;
      const found = await scanned(`${before}${token} and after\n${'y\n'.repeat(700_000)}`, 65521);
      expect(found).toEqual([
        { detector: 'github-token', kind: 'credential', line: Math.floor(at / 2) + 1, column: 2 },
      ]);
    }
  });

  it('reports each of many once, in order', async () => {
    const token = secrets('many')['npm-token']!;
    const found = await scanned(`${'-'.repeat(99)} ${token}\n`.repeat(20_000));
    expect(found).toHaveLength(20_000);
    expect(found.map((f) => f.line)).toEqual(Array.from({ length: 20_000 }, (_, i) => i + 1));
    expect(new Set(found.map((f) => f.column))).toEqual(new Set([101]));
  });
});

describe('hs', () => {
  it('scan reports places, never secrets; a reason with a secret gives a warning', async () => {
    const { path, remove } = await makeTempDirectory();
    const token = secrets('cli')['github-token']!;
    writeFileSync(join(path, 'env'), `A=1\nTOKEN: ${token}\n`);
    writeFileSync(join(path, 'clean'), 'nothing\n');
    const run = (...args: string[]) => hs(args, { cwd: path });
    await run('init');
    await run('put', 'env', '--name', 'env');
    await run('put', 'clean', '--name', 'clean');
    const found = await run('scan', 'env');
    expect(found.status).toBe(1);
    expect(found.stdout).toMatch(/^[0-9a-f]{8}:2:8: github-token\n$/);
    expect(await run('scan', 'clean')).toMatchObject({ status: 0, stdout: '' });
    const pinned = await run('pin', 'env', '--reason', `as told: ${token}`);
    expect(pinned.status).toBe(0);
    expect(pinned.stderr).toContain('looks like a secret (github-token)');
    expect((await run('pin', 'clean', '--reason', 'release 1.2')).stderr).not.toContain('secret');
    await remove();
  });
});
