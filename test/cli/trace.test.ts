import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hs } from '../helpers/hs.js';
import { makeTempDirectory, type TempDirectory } from '../helpers/tmp.js';

interface Line {
  readonly event: string;
  readonly at: string;
  readonly [fact: string]: unknown;
}

let dir: TempDirectory;
const run = (args: readonly string[], env: Record<string, string> = {}, stdin = '') =>
  hs(args, { cwd: dir.path, env, stdin });
const linesOf = (text: string): Line[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

beforeAll(async () => {
  dir = await makeTempDirectory();
  writeFileSync(join(dir.path, 'report.txt'), 'the payload is nobody else’s business\n');
  await run(['init']);
});
afterAll(() => dir.remove());

describe('HS_TRACE', () => {
  it('appends for each command its start, store, entries, disk operations and end', async () => {
    const file = join(dir.path, 'trace.jsonl');
    const env = { HS_TRACE: file };
    expect((await run(['put', 'report.txt', '--name', 'report'], env)).status).toBe(0);
    expect((await run(['show', 'nothing-of-that-name'], env)).status).toBe(4);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const lines = linesOf(readFileSync(file, 'utf8'));
    const [put, show] = [lines[0]!, lines.find((l) => l.name === 'show')!];
    expect(put).toMatchObject({ event: 'command', name: 'put' });
    expect(lines.filter((l) => l.event === 'entry')).toMatchObject([{ type: 'artifact_created', seq: 1 }]);
    expect(lines.filter((l) => l.event === 'exit')).toMatchObject([{ status: 0 }, { status: 4 }]);
    expect(show).toMatchObject({ event: 'command' });
    const disk = lines.filter((l) => l.event === 'disk');
    expect(disk.length).toBeGreaterThan(10);
    expect(disk.some((l) => l.operation === 'link' && /ledger/.test(String(l.path)))).toBe(true);
    for (const line of disk) expect(typeof line.ms).toBe('number');
  });

  it('never holds payload bytes or arguments', async () => {
    const file = join(dir.path, 'secret.jsonl');
    const env = { HS_TRACE: file };
    await run(['put', '-', '--name', 'piped'], env, 'token-from-stdin-5f31');
    await run(['pin', 'piped', '--reason', 'password-in-a-reason-77'], env);
    await run(['cat-artifact', 'piped'], env);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('"pin_changed"');
    expect(text).not.toMatch(/token-from-stdin|password-in-a-reason/);
  });

  it('goes to standard error for 2; an unwritable file is a warning', async () => {
    const { stderr, stdout } = await run(['ls', '--json'], { HS_TRACE: '2' });
    expect(linesOf(stderr)[0]).toMatchObject({ event: 'command', name: 'ls' });
    expect(JSON.parse(stdout)).toBeTypeOf('object');
    const refused = await run(['ls'], { HS_TRACE: join(dir.path, 'no/such/directory') });
    expect(refused.status).toBe(0);
    expect(refused.stderr).toContain('cannot write the trace');
  });
});

describe('--verbose', () => {
  it('reports the store, each ledger entry and the duration', async () => {
    const { stderr } = await run(['pin', 'report', '-v']);
    expect(stderr).toMatch(
      /store .*\.hsstore, as human:tester\n.*ledger entry \d+: pin_changed\n.*took \d+ ms/,
    );
  });

  it('says something in a command without a store', async () => {
    expect((await run(['hash-object', 'report.txt', '-v'])).stderr).toMatch(/took \d+ ms/);
  });
});
