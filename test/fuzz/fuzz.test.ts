import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { HsError } from '../../src/errors/hs-error.js';
import { fixtureInputs } from './corpus.js';
import { DENSE } from './dense.js';
import { complaint, fuzz, type Reader, takenBy } from './fuzz.js';
import { READERS } from './readers.js';

const ROOT = join(import.meta.dirname, '../..');
const FOUND = join(ROOT, 'fixtures/fuzz');
/** `npm run fuzz` runs any number. */
const EXECUTIONS = 500;
/** For the 64 KiB of an input that is made to be slow. */
const MOST_CPU_MS = 5_000;

let fixtures: Buffer[];
beforeAll(async () => {
  fixtures = await fixtureInputs(ROOT);
});

describe.each(READERS)('the reader of a $name', (reader) => {
  it('takes what it is made for, and refuses the rest with an error of a type', async () => {
    const { tally, finding } = await fuzz(reader, await takenBy(reader, fixtures), {
      executions: reader.costly ? EXECUTIONS / 10 : EXECUTIONS,
      seed: 1,
    });
    expect(finding && { ...finding, input: finding.input.toString('base64') }).toBeUndefined();
    expect(tally.outcomes).toBeGreaterThan(1);
  });

  it('takes time and memory that grow with the length', async () => {
    for (const input of DENSE) {
      const why = await complaint(reader, input, MOST_CPU_MS);
      expect(why, `${input.toString('latin1', 0, 40)}…`).toBeUndefined();
    }
  });

  const [limit, bytes] = reader.limit ?? ['', Number.POSITIVE_INFINITY];
  it.runIf(bytes <= 4 * 1024 * 1024)(`refuses more than its limit ${limit}`, async () => {
    expect(await complaint(reader, Buffer.alloc(bytes + 1, '"'))).toBeUndefined();
  });
});

describe('what was found once', () => {
  const found = readdirSync(FOUND, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
  it.each(found.map((e) => [join(e.parentPath, e.name)]))('%s is refused or read', async (path) => {
    const name = path.split('/').at(-2)!.replaceAll('-', ' ');
    const reader = READERS.find((r) => r.name === name)!;
    expect(await complaint(reader, readFileSync(path))).toBeUndefined();
  });
});

describe('the harness', () => {
  const broken = (read: Reader['read']): Reader => ({ name: 'broken', seeds: ['{"a":[1,2]}'], read });
  const run = (read: Reader['read']) => fuzz(broken(read), [], { executions: 20_000, seed: 1 });

  it('finds an error without a type', async () => {
    const { finding } = await run((data) => {
      try {
        return JSON.parse(data.toString()).a[1];
      } catch (e) {
        if (e instanceof SyntaxError) throw new HsError('INVALID_RECORD', 'not JSON');
        throw e;
      }
    });
    expect(finding?.why).toContain('TypeError');
  });

  it('finds a reader that takes time without an end in the length', async () => {
    const slow = broken((data) => void /^(\w+)+!$/.test(data.toString()));
    expect(await complaint(slow, Buffer.from('a'.repeat(28)), 500)).toContain('processor time');
  });

  it('makes the same inputs of the same seed', async () => {
    const inputs = async () => {
      const seen: string[] = [];
      const reader = broken((data) => {
        if (data.length % 3 === 0) throw new HsError('INVALID_RECORD', data.toString('latin1', 0, 5));
      });
      await fuzz(reader, [], {
        executions: 500,
        seed: 7,
        before: (input) => seen.push(input.toString('hex')),
      });
      return seen;
    };
    expect(await inputs()).toEqual(await inputs());
  });
});
