import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { readArchive } from '../../src/archive/read-archive.js';
import { checkPath, checkTree, type SafePath } from '../../src/core/paths/safe-path.js';
import { isHsError } from '../../src/errors/hs-error.js';
import { chunks, longName, pax, tarball } from '../helpers/tar-writer.js';

/** For long: `HS_FUZZ_SECONDS=60 npx vitest run test/archive/fuzz.test.ts`; otherwise a number of archives. */
const SECONDS = process.env.HS_FUZZ_SECONDS;
const ARCHIVES = 3000;
const SEED = Number(process.env.HS_FUZZ_SEED ?? 20_260_131);

/** mulberry32: the same mutations for the same seed, so that a finding can be repeated. */
function random(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SEEDS = [
  tarball(
    { name: 'a/b', body: 'x'.repeat(700) },
    { name: 'a/c', body: 'yy', mode: 0o755 },
    { name: 'd/', type: '5' },
  ),
  tarball(
    pax([
      ['path', 'long/name'],
      ['size', '3'],
      ['mtime', '1.5'],
    ]),
    { name: 'n', body: 'abc' },
    { name: 'z' },
  ),
  tarball(
    pax([['comment', 'c']], 'g'),
    longName('l'.repeat(150)),
    { name: 'q', body: 'r', magic: 'gnu' },
    { prefix: 'p', name: 's' },
  ),
];

const LIMITS = {
  maxBytes: 1 << 20,
  maxEntries: 100,
  maxNameBytes: 1 << 16,
  maxRatio: 100,
  ratioFreeBytes: 1 << 18,
};

/** Corrects every checksum, so that mutations get past it. */
function mendChecksums(data: Buffer): void {
  for (let at = 0; at + 512 <= data.length; at += 512) {
    const block = data.subarray(at, at + 512);
    if (block.toString('latin1', 257, 262) !== 'ustar') continue;
    block.fill(' ', 148, 156);
    const sum = block.reduce((a, b) => a + b, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  }
}

function mutate(whole: Buffer, rand: () => number): Buffer {
  const upTo = (n: number) => Math.floor(rand() * n);
  let data = Buffer.from(whole);
  const interesting = [
    '/',
    '..',
    '\0',
    '9',
    '-',
    '\x80',
    '\xff',
    'x',
    'L',
    'g',
    '5',
    '1',
    '=',
    '\n',
    ' ',
    'ustar',
  ];
  for (let n = 1 + upTo(4); n > 0; n--) {
    const at = upTo(data.length);
    switch (upTo(7)) {
      case 0:
        data[at] = upTo(256);
        break;
      case 1:
        data.write(interesting[upTo(interesting.length)]!, at, 'latin1');
        break;
      case 2:
        data = data.subarray(0, at);
        break;
      case 3: {
        const block = 512 * upTo(data.length / 512);
        data = Buffer.concat([data.subarray(0, block), data.subarray(512 * upTo(data.length / 512))]);
        break;
      }
      case 4:
        data.write(
          upTo(8 ** 8)
            .toString(8)
            .padStart(11, '0'),
          Math.min(512 * upTo(4) + 124, data.length),
          'latin1',
        );
        break;
      case 5:
        data[Math.min(512 * upTo(6) + 156, data.length - 1)] = '01234567xgLKSDV\0'.charCodeAt(upTo(16));
        break;
      default: {
        const block = 512 * upTo(data.length / 512);
        data.write(
          interesting[upTo(interesting.length)]!,
          Math.min(block + upTo(110), data.length),
          'latin1',
        );
      }
    }
    if (data.length === 0) return data;
  }
  if (rand() < 0.8) mendChecksums(data);
  return rand() < 0.15 ? mutateGzip(gzipSync(data), rand) : data;
}

function mutateGzip(data: Buffer, rand: () => number): Buffer {
  if (rand() < 0.5) return data;
  data[Math.floor(rand() * data.length)] = Math.floor(rand() * 256);
  return rand() < 0.3 ? data.subarray(0, Math.floor(rand() * data.length)) : data;
}

/** What a caller relies on: entries that obey the rules, or an HsError, and an end to it. */
async function check(data: Buffer, chunk: number): Promise<'taken' | 'refused'> {
  const paths: SafePath[] = [];
  let taken = 0;
  try {
    for await (const entry of readArchive(chunks(data, chunk), LIMITS)) {
      expect(checkPath(entry.path).path).toBe(entry.path);
      let size = 0;
      for await (const part of entry.content) size += part.length;
      expect(size).toBe(entry.size);
      taken += size;
      if (entry.kind === 'file') paths.push(entry.path);
      else expect(size).toBe(0);
    }
  } catch (e) {
    if (!isHsError(e, 'HOSTILE_INPUT')) throw e;
    return 'refused';
  } finally {
    expect(taken).toBeLessThanOrEqual(LIMITS.maxBytes);
    checkTree(paths);
  }
  return 'taken';
}

it(
  'readArchive yields entries that obey the rules or throws HOSTILE_INPUT, for mutated archives',
  async () => {
    const rand = random(SEED);
    const counts = { taken: 0, refused: 0 };
    const until = performance.now() + Number(SECONDS) * 1000;
    for (let i = 0; SECONDS === undefined ? i < ARCHIVES : performance.now() < until; i++) {
      const data = mutate(SEEDS[Math.floor(rand() * SEEDS.length)]!, rand);
      const chunk = rand() < 0.5 ? 1 << 16 : 1 + Math.floor(rand() * 700);
      const outcome = await withinSeconds(5, check(data, chunk)).catch((e) => {
        throw new Error(`archive ${data.toString('base64')} in chunks of ${chunk}`, { cause: e });
      });
      counts[outcome]++;
    }
    expect(counts.taken).toBeGreaterThan(10);
    expect(counts.refused).toBeGreaterThan(counts.taken);
    if (SECONDS !== undefined)
      process.stderr.write(
        `${JSON.stringify(counts)} rss ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB\n`,
      );
  },
  1000 * (Number(SECONDS ?? 0) + 60),
);

function withinSeconds<T>(seconds: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no end after ${seconds} s`)), seconds * 1000);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
