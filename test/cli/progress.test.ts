import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { JsonProgress } from '../../src/cli/io/json-progress.js';
import { progressLine } from '../../src/cli/schemas/common.js';
import { type HsResult, hs } from '../helpers/hs.js';
import { makeTempDirectory } from '../helpers/tmp.js';

const SECRET = 'AKIAIOSFODNN7EXAMPLE';
let cwd = '';

const run = (args: readonly string[], stdin?: string): Promise<HsResult> =>
  hs([...args, '--progress', 'json'], { cwd, ...(stdin === undefined ? {} : { stdin }) });
const lines = (stderr: string) =>
  stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

beforeAll(async () => {
  const { path, remove } = await makeTempDirectory();
  cwd = path;
  await mkdir(join(cwd, 'tree'));
  await writeFile(join(cwd, `tree/${SECRET}`), `payload ${SECRET}`);
  await hs(['init'], { cwd });
  await hs(['put', 'tree', '--name', 'tree'], { cwd });
  await hs(['bundle', 'create', 'tree', '--name', 'b'], { cwd });
  await hs(['export', 'b', 'b.tar', '--format', 'tar'], { cwd });
  await hs(['put', 'tree', '--name', 'old'], { cwd });
  await hs(['rm', 'old', '--yes'], { cwd });
  return remove;
});

/** What can take long, with standard input for those that read it. */
const LONG: readonly (readonly string[])[] = [
  ['put', 'tree'],
  ['hash-object', '--directory', 'tree'],
  ['hash-object', '-w', `tree/${SECRET}`],
  ['write-index', 'tree'],
  ['export', 'tree', 'out'],
  ['materialize', 'tree', 'out2'],
  ['bundle', 'create', 'tree', '--name', 'b2'],
  ['bundle', 'verify', 'b.tar'],
  ['import', 'b.tar'],
  ['scan', 'tree'],
  ['du'],
  ['count-objects'],
  ['fsck'],
  ['ledger', 'verify'],
  ['plan-prune'],
  ['gc', '--dry-run'],
  ['restore', 'old'],
  ['rm', 'old', '--yes', '--purge'],
  ['gc', '--yes'],
];

describe('--progress json', () => {
  it.for(LONG.map((args) => [args.slice(0, 2).join(' '), args] as const))(
    'reports what hs %s does, in lines of the schema, without names or payloads',
    async ([, args]) => {
      const { stderr } = await run(args);
      const events = lines(stderr);
      for (const event of events) expect(() => progressLine.parse(event)).not.toThrow();
      expect(events.at(0)).toMatchObject({ event: 'start', amount: 0 });
      expect(events.at(-1)).toMatchObject({ event: 'end' });
      expect(stderr).not.toContain(SECRET);
    },
  );

  it('leaves with --json one other line, the error', async () => {
    const { stdout, stderr, status } = await run(['export', 'tree', '.', '--json']);
    expect(status).not.toBe(0);
    expect(stdout).toBe('');
    const documents = lines(stderr).filter((line) => line.schema !== 'hs.progress/1');
    expect(documents).toMatchObject([{ schema: 'hs.error/1' }]);
    expect(stderr.trim().split('\n')).toHaveLength(lines(stderr).length);
  });

  it('ends a stage that fails, and is not given twice', async () => {
    await writeFile(join(cwd, 'list'), 'gone\n');
    const { stderr, status } = await run(['put', 'tree', 'gone']);
    expect(status).toBe(4);
    expect(lines(stderr).map((line) => line.event)).toEqual(['start', 'end']);
    expect((await run(['ls', '--no-progress'])).status).toBe(2);
  });

  it('has at most ten lines a second, besides the ends of stages', () => {
    let now = 0;
    const written: string[] = [];
    const stream = { writable: true, write: (text: string) => written.push(text) > 0 };
    const progress = new JsonProgress(() => stream as never, { now: () => now });
    progress.start('storing', 5000, 'bytes');
    for (; now < 5000; now++) progress.advance(1);
    progress.done();
    progress.advance(1);
    progress.done();
    expect(written.length).toBeLessThanOrEqual(52);
    expect(JSON.parse(written.at(-1)!)).toEqual({
      schema: 'hs.progress/1',
      event: 'end',
      stage: 'storing',
      unit: 'bytes',
      amount: 5000,
      total: 5000,
      elapsed_ms: 5000,
    });
  });
});
