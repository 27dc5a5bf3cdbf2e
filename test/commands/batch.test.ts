import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { expectDocument } from '../helpers/document.js';
import { HS_PROGRAM, hs, hsEnvironment } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';

let cwd = '';
let actor: string | undefined;

beforeEach(async () => {
  cwd = await tmp();
  actor = undefined;
  await hs(['init'], { cwd });
  for (const name of ['a', 'b', 'c']) writeFileSync(`${cwd}/${name}`, name);
});

const env = () => (actor === undefined ? {} : { HS_ACTOR: actor });
const run = (...args: string[]) => hs(args, { cwd, env: env() });
const feed = (lines: readonly unknown[], ...args: string[]) =>
  hs([...args, '--manifest-lines', '-'], {
    cwd,
    env: env(),
    stdin: lines.map((l) => (typeof l === 'string' ? l : JSON.stringify(l))).join('\n'),
  });
const shown = async (id: string) => JSON.parse((await run('show', id, '--json')).stdout);
const head = async () => JSON.parse((await run('ledger', 'head', '--json')).stdout).seq as number;
/** Entries, objects and leftovers: what a refused command must leave as it was. */
const state = () =>
  readdirSync(`${cwd}/.hsstore`, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('cache'))
    .sort();

/** Nothing is printed, nothing is changed, and the error names the line. */
async function refuses(lines: readonly unknown[], args: readonly string[], status: number, words: string) {
  const before = state();
  const result = await feed(lines, ...args);
  expect({ ...result, bytes: undefined }).toMatchObject({ status, stdout: '' });
  expect(result.stderr).toContain(words);
  expect(state()).toEqual(before);
}

describe('hs put --manifest-lines', () => {
  it('stores each line with its own path, name, kind, class, TTL, labels, entities and pin, in one commit', async () => {
    mkdirSync(`${cwd}/odd ñ`);
    writeFileSync(`${cwd}/odd ñ/ü "x"`, 'x');
    const before = await head();
    const { stdout, stderr } = await feed(
      [
        { path: 'a', name: 'one', kind: 'report', ttl: 5, labels: { env: 'ci' } },
        '',
        { path: 'odd ñ', name: 'odd/ñ', class: 'cache', entities: [{ entity_kind: 'run', entity_id: '7' }] },
        { path: 'b', pin: 'keep', layer: 'L4', classification: 'medium', exportable: false },
      ],
      'put',
      '--label',
      'commit=4f2a',
      '--kind',
      'file',
    );
    expect(stderr).toContain('is not portable');
    const [one, odd, third] = stdout.trim().split('\n');
    expect(await head()).toBe(before + 1);
    expect((await shown(one!)).manifest).toMatchObject({
      name: 'one',
      kind: 'report',
      retention_ttl_days: 5,
      filename_hint: 'a',
      labels: { env: 'ci', commit: '4f2a' },
    });
    expect((await shown(odd!)).manifest).toMatchObject({
      name: 'odd/ñ',
      payload_type: 'directory',
      retention_class: 'cache',
      source_entity_refs: [{ entity_kind: 'run', entity_id: '7' }],
    });
    expect(await shown(third!)).toMatchObject({
      manifest: { layer: 'L4', classification: 'medium', exportable: false, kind: 'file' },
      pins: [{ name: 'keep' }],
    });
  });

  it('names artifacts of earlier lines, and those in the store, as sources', async () => {
    const base = (await run('put', 'a', '--name', 'base')).stdout.trim();
    const { stdout } = await feed(
      [
        { path: 'a', ref: 'first' },
        { path: 'b', ref: 'second', sources: ['ref:first', 'base'] },
        { path: 'c', sources: ['ref:second', 'ref:first'] },
      ],
      'put',
      '--json',
    );
    const { results } = await expectDocument(stdout);
    expect(results.map((r: { ref?: string }) => r.ref)).toEqual(['first', 'second', undefined]);
    const [first, second, third] = results.map((r: { artifact_id: string }) => r.artifact_id);
    const sources = async (id: string) =>
      (await shown(id)).manifest.source_artifact_refs.map((s: { artifact_id: string }) => s.artifact_id);
    expect(await sources(second)).toEqual([first, base]);
    expect(await sources(third)).toEqual([second, first]);
    expect((await run('promote', first)).status).toBe(0);
    expect((await run('promote', 'base')).status).toBe(0);
    expect((await run('promote', second)).status).toBe(0);
  });

  it.each<[string, readonly unknown[], number, string]>([
    ['broken JSON', [{ path: 'a' }, '{"path":'], 2, 'line 2: not JSON'],
    ['no object', [{ path: 'a' }, '[]'], 2, 'line 2: '],
    ['an unknown field', [{ path: 'a', nmae: 'x' }], 2, "line 1: it is not valid: unknown field 'nmae'"],
    ['a doubled key', ['', '{"path":"a","path":"b"}'], 2, 'line 2: an object has the same key twice'],
    ['a missing file', [{ path: 'a' }, { path: 'gone' }], 4, "line 2: '"],
    ['a link', [{ path: 'dir' }], 7, 'line 1: '],
    ['a wrong name', [{ path: 'a', name: '../x' }], 7, 'line 1: '],
    ['a TTL that is required', [{ path: 'a', classification: 'high' }], 2, 'line 1: '],
    [
      'a ref that comes later',
      [
        { path: 'a', sources: ['ref:b'] },
        { path: 'b', ref: 'b' },
      ],
      4,
      "line 1: no earlier line has the ref 'b'",
    ],
    [
      'a ref given twice',
      [
        { path: 'a', ref: 'x' },
        { path: 'b', ref: 'x' },
      ],
      2,
      'line 2: an earlier line',
    ],
    [
      'an unknown source',
      [{ path: 'a' }, { path: 'b', sources: ['nobody'] }],
      4,
      "line 2: there is no artifact 'nobody'",
    ],
    ['a label that is none', [{ path: 'a', labels: { 'A B': 'x' } }], 2, 'line 1: '],
    [
      'a secret, if the policy refuses them',
      [{ path: 'a' }, { path: 'b', labels: { key: 'AKIAIOSFODNN7EXAMPLE' } }],
      6,
      'line 2: ',
    ],
    ['too long a line', [`{"path":"${'x'.repeat(1024 * 1024)}"}`], 7, 'line 1'],
    [
      'deep nesting',
      [`{"path":"a","labels":${'['.repeat(80)}${']'.repeat(80)}}`],
      2,
      'line 1: nested deeper',
    ],
    ['a prototype', ['{"path":"a","__proto__":{"x":1}}'], 2, 'line 1: '],
  ])('refuses %s by its line and leaves the store as it was', async (what, lines, status, words) => {
    mkdirSync(`${cwd}/dir`);
    symlinkSync('/etc/passwd', `${cwd}/dir/link`);
    if (what.startsWith('a secret')) {
      const policy = JSON.parse((await run('policy', 'show')).stdout);
      writeFileSync(`${cwd}/p.json`, JSON.stringify({ ...policy, secrets: { on_detect: 'refuse' } }));
      await run('policy', 'set', 'p.json');
      const before = await head();
      const result = await feed(lines, 'put');
      expect({ status: result.status, stdout: result.stdout }).toEqual({ status, stdout: '' });
      expect(result.stderr).toContain(words);
      // The refusal alone is recorded, once.
      expect(await head()).toBe(before + 1);
      return;
    }
    await refuses(lines, ['put'], status, words);
  });

  it('excludes paths, --name and --each', async () => {
    for (const more of [['a'], ['--name', 'x'], ['--each'], ['--stdin-paths']]) {
      expect((await feed([{ path: 'a' }], 'put', ...more)).status).toBe(2);
    }
  });

  it('reads a file, and says which if it is none', async () => {
    writeFileSync(`${cwd}/lines`, '{"path":"a"}\n\n  \n{"path":"b"}\n');
    expect((await run('put', '--manifest-lines', 'lines')).stdout.trim().split('\n')).toHaveLength(2);
    expect(await run('put', '--manifest-lines', 'gone')).toMatchObject({ status: 4 });
    expect(await run('put', '--manifest-lines', '.')).toMatchObject({ status: 7 });
    writeFileSync(`${cwd}/empty`, '');
    expect(await run('put', '--manifest-lines', 'empty')).toMatchObject({ status: 0, stdout: '' });
  });

  it('registers all or nothing when it is killed in the middle', async () => {
    const lines = Array.from({ length: 400 }, (_, i) => {
      writeFileSync(`${cwd}/f${i}`, `${i}`);
      return JSON.stringify({ path: `f${i}`, name: `n${i}` });
    });
    for (const delay of [0, 60, 120, 180, 240, 300]) {
      const child = spawn(process.execPath, [HS_PROGRAM, 'put', '--manifest-lines', '-'], {
        cwd,
        env: await hsEnvironment(),
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      child.stdin.on('error', () => {});
      child.stdin.end(lines.join('\n'));
      setTimeout(() => child.kill('SIGKILL'), 150 + delay);
      await once(child, 'close');
      const count = (await run('ls', '--jsonl')).stdout.trim().split('\n').filter(Boolean).length;
      expect(count % 400).toBe(0);
    }
    // The next writing command removes what the dead ones left.
    await run('put', 'a');
    expect((await run('fsck')).status).toBe(0);
  });

  it('finishes though nobody reads the ids', async () => {
    const child = spawn(process.execPath, [HS_PROGRAM, 'put', '--manifest-lines', '-'], {
      cwd,
      env: await hsEnvironment(),
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    child.stdout.destroy();
    child.stdin.end('{"path":"a","name":"n"}\n');
    expect((await once(child, 'close'))[0]).toBe(0);
    expect((await shown('n')).manifest.name).toBe('n');
  });
});

describe('hs write-manifest --manifest-lines', () => {
  const stored = async (name: string) => (await run('hash-object', '-w', name)).stdout.trim();

  it('registers manifests in one commit, with sources of earlier lines', async () => {
    const [a, b] = [await stored('a'), await stored('b')];
    const before = await head();
    const { stdout } = await feed(
      [
        { content_hash: a, name: 'a', ref: 'a' },
        { content_hash: b, name: 'b', sources: ['ref:a'] },
      ],
      'write-manifest',
      '--json',
    );
    const { results } = await expectDocument(stdout);
    expect(await head()).toBe(before + 1);
    expect((await shown('b')).manifest.source_artifact_refs).toMatchObject([
      { artifact_id: results[0].artifact_id, content_hash: a },
    ]);
  });

  it('refuses all for one that is invalid, names a missing payload or an id that is taken', async () => {
    const hash = await stored('a');
    const id = (await run('put', 'a')).stdout.trim();
    const good = { content_hash: hash };
    await refuses([good, { content_hash: hash, kind: 'x' }], ['write-manifest'], 5, 'line 2: ');
    await refuses([good, { content_hash: '0'.repeat(64) }], ['write-manifest'], 5, 'line 2: ');
    await refuses([good, { ...good, sources: ['ref:x'] }], ['write-manifest'], 4, 'line 2: ');
    await refuses([good, { ...good, artifact_id: id }], ['write-manifest'], 8, id);
  });

  it('does not free restricted bytes, and says which line would', async () => {
    await run('put', 'a', '--classification', 'high', '--ttl', '9');
    const [a, b] = [await stored('a'), await stored('b')];
    actor = 'ai_job:ci';
    const { status, stderr } = await feed([{ content_hash: b }, { content_hash: a }], 'write-manifest');
    expect(status).toBe(6);
    expect(stderr).toContain('line 2: ');
  });
});

describe('hs retain and hs label --manifest-lines', () => {
  beforeEach(async () => {
    await feed(
      ['a', 'b', 'c'].map((name) => ({ path: name, name, ttl: 3, labels: { x: '1' } })),
      'put',
    );
  });

  it('change each in its own way, in one commit', async () => {
    const before = await head();
    const retained = await feed(
      [
        { id: 'a', ttl: 90 },
        { id: 'b', ttl: null, class: 'cache' },
      ],
      'retain',
      '--json',
    );
    await expectDocument(retained.stdout);
    expect(await head()).toBe(before + 1);
    expect((await shown('a')).manifest.retention_ttl_days).toBe(90);
    expect((await shown('b')).manifest).toMatchObject({ retention_class: 'cache' });
    expect((await shown('b')).manifest.retention_ttl_days).toBeUndefined();

    const labelled = await feed(
      [
        { id: 'a', labels: { x: null, y: '2' } },
        { id: 'b', labels: { x: '1' } },
        { id: 'c', labels: { z: '3' } },
      ],
      'label',
      '--json',
    );
    const { results } = await expectDocument(labelled.stdout);
    expect(results).toMatchObject([
      { changed: true, labels: { y: '2' } },
      { changed: false },
      { changed: true },
    ]);
    expect(await head()).toBe(before + 2);
    expect((await shown('c')).manifest.labels).toEqual({ x: '1', z: '3' });
  });

  it.each<[string, readonly unknown[], number, string]>([
    [
      'retain',
      [
        { id: 'a', ttl: 1 },
        { id: 'gone', ttl: 1 },
      ],
      4,
      'line 2: ',
    ],
    ['retain', [{ id: 'a', ttl: 1 }, { id: 'b' }], 2, 'line 2: '],
    [
      'retain',
      [
        { id: 'a', ttl: 1 },
        { id: 'a', ttl: 2 },
      ],
      2,
      'line 2: line 1 names the same artifact',
    ],
    ['retain', [{ id: 'a', ttl: -1 }], 2, 'line 1: '],
    [
      'label',
      [
        { id: 'a', labels: { y: '1' } },
        { id: 'gone', labels: { y: '1' } },
      ],
      4,
      'line 2: ',
    ],
    ['label', [{ id: 'a', labels: {} }], 2, 'line 1: '],
    ['label', [{ id: 'a', labels: { y: '' } }], 2, 'line 1: '],
    [
      'label',
      [
        { id: 'b', labels: { y: '1' } },
        { id: 'a', labels: { 'hs.refused': '1' } },
      ],
      2,
      'line 2: ',
    ],
    [
      'label',
      [
        { id: 'b', labels: { y: '1' } },
        { id: 'a', labels: { 'Not A Key': '1' } },
      ],
      2,
      'line 2: ',
    ],
  ])('hs %s refuses all for one line %#', async (command, lines, status, words) => {
    await refuses(lines, [command], status, words);
  });

  it('refuse a frozen artifact by its line', async () => {
    await run('retain', 'b', '--no-ttl');
    await run('promote', 'b');
    await run('promote', 'b', '--attest', 'r');
    const { status, stderr } = await feed(
      [
        { id: 'a', ttl: 1 },
        { id: 'b', ttl: 1 },
      ],
      'retain',
    );
    expect({ status, stderr }).toMatchObject({ status: 6, stderr: expect.stringContaining('line 2: ') });
    expect((await shown('a')).manifest.retention_ttl_days).toBe(3);
  });
});

describe('hs put --if-changed', () => {
  const put = (...args: string[]) => run('put', ...args, '--if-changed');

  it('prints the existing id, registers nothing, and says so with --json', async () => {
    const id = (await put('a', '--name', 'n', '--label', 'commit=1')).stdout.trim();
    const before = await head();
    const again = await put('a', '--name', 'n', '--label', 'commit=2');
    expect(again).toMatchObject({ status: 0, stdout: `${id}\n`, stderr: 'hs: unchanged\n' });
    const { results } = await expectDocument((await put('a', '--name', 'n', '--json')).stdout);
    expect(results).toMatchObject([{ artifact_id: id, unchanged: true }]);
    expect(await head()).toBe(before);
  });

  it('registers other bytes, another mode, kind or level, and a return to an older version', async () => {
    const ids = new Set<string>();
    const changed = async (...args: string[]) => {
      const before = ids.size;
      ids.add((await put(...args, '--name', 'n')).stdout.trim());
      expect(ids.size, args.join(' ')).toBe(before + 1);
    };
    await changed('a');
    await changed('b');
    await changed('a');
    await changed('a', '--kind', 'report');
    await changed('a', '--classification', 'high', '--ttl', '9');
    writeFileSync(`${cwd}/a.sh`, 'a', { mode: 0o755 });
    await changed('a.sh');
    await run('rm', 'n', '--yes');
    await run('rm', 'n', '--yes');
    await changed('a.sh', '--classification', 'medium');
  });

  it('compares the entries of a directory with --each, and lines with each other', async () => {
    mkdirSync(`${cwd}/d`);
    for (const name of ['x', 'y']) writeFileSync(`${cwd}/d/${name}`, name);
    const first = (await put('d', '--each', '--name', 'd')).stdout.trim().split('\n');
    writeFileSync(`${cwd}/d/y`, 'other');
    const second = (await put('d', '--each', '--name', 'd')).stdout.trim().split('\n');
    expect([second[0] === first[0], second[1] === first[1]]).toEqual([true, false]);
    const twice = await feed(
      [
        { path: 'a', name: 'l', ref: 'r' },
        { path: 'a', name: 'l' },
        { path: 'b', name: 'm', sources: ['ref:r'] },
      ],
      'put',
      '--if-changed',
    );
    const [one, two, three] = twice.stdout.trim().split('\n');
    expect(two).toBe(one);
    expect((await shown(three!)).manifest.source_artifact_refs).toMatchObject([{ artifact_id: one }]);
  });

  const at = (days: number) => ['--now', new Date(Date.now() + days * 86_400_000).toISOString()];

  it('registers anew what the next collection would remove, and what is to have another TTL', async () => {
    const first = (await put('a', '--name', 'n', '--ttl', '5')).stdout;
    const lasts = (...more: string[]) => put('a', '--name', 'n', ...more);
    expect((await lasts('--ttl', '5', ...at(4))).stdout).toBe(first);
    expect((await lasts(...at(4))).stdout).toBe(first);
    expect((await lasts(...at(6))).stdout).not.toBe(first);
    expect((await lasts('--ttl', '5', ...at(6))).stdout).not.toBe(first);
    expect((await lasts('--ttl', '4')).stdout).not.toBe(first);
    const brief = (await put('b', '--name', 'm', '--layer', 'L4')).stdout;
    expect((await put('b', '--name', 'm')).stdout).toBe(brief);
    expect((await put('b', '--name', 'm', ...at(30))).stdout).not.toBe(brief);
    const twice = await feed(
      [
        { path: 'c', name: 'l', ttl: 5 },
        { path: 'c', name: 'l', ttl: 5 },
      ],
      'put',
      '--if-changed',
    );
    expect(new Set(twice.stdout.trim().split('\n')).size).toBe(1);
  });

  it('renews a pin that has ended', async () => {
    const id = (await put('a', '--name', 'n')).stdout.trim();
    await run('pin', id, '--name', 'keep', '--until', '+1d');
    const before = await head();
    await put('a', '--name', 'n', '--pin', 'keep');
    expect(await head()).toBe(before);
    expect((await put('a', '--name', 'n', '--pin', 'keep', ...at(2))).stdout.trim()).toBe(id);
    expect((await shown(id)).pins).toMatchObject([{ name: 'keep' }]);
    expect((await shown(id)).pins[0].until).toBeUndefined();
  });

  it('registers one artifact for two that run at once', async () => {
    const ids = await Promise.all([1, 2, 3].map(async () => (await put('a', '--name', 'n')).stdout));
    expect(new Set(ids).size).toBe(1);
  });

  it('pins the existing artifact, repairs its bytes, and needs a name', async () => {
    const id = (await run('put', 'a', '--name', 'n')).stdout.trim();
    const { results } = JSON.parse((await run('ls', '--json')).stdout);
    const hash = results[0].content_hash as string;
    expect((await put('a', '--name', 'n', '--pin', 'keep')).stdout.trim()).toBe(id);
    expect((await shown(id)).pins).toMatchObject([{ name: 'keep' }]);
    const before = await head();
    await put('a', '--name', 'n', '--pin', 'keep');
    expect(await head()).toBe(before);
    const { rmSync } = await import('node:fs');
    rmSync(`${cwd}/.hsstore/objects/${hash.slice(0, 2)}/${hash}`);
    expect((await run('cat-artifact', id)).status).not.toBe(0);
    await put('a', '--name', 'n');
    expect((await run('cat-artifact', id)).stdout).toBe('a');
    expect(await put('a')).toMatchObject({ status: 2, stdout: '' });
    expect((await feed([{ path: 'a' }], 'put', '--if-changed')).stderr).toContain('line 1: ');
  });
});

/** The processes of a group, but for dead ones that nobody has waited for. */
function alive(group: number): string[] {
  const stats = readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/stat`, 'utf8')] : [];
    } catch {
      return [];
    }
  });
  return stats.filter((stat) => {
    const [state, , ofGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(ofGroup) === group && state !== 'Z';
  });
}

/** What was killed is gone only once it has had a turn; what was not would sleep for ten minutes. */
const isGone = (group: number) => vi.waitFor(() => expect(alive(group)).toEqual([]), 10_000);

describe('hs put --from-command', () => {
  const put = (...command: string[]) => run('put', '--from-command', '--name', 'out', '--', ...command);

  it('stores the output of a command, passing through standard error and input', async () => {
    const { status, stdout, stderr } = await hs(
      ['put', '--name', 'out', '--from-command', '--', 'sh', '-c', 'cat; echo -e; echo told >&2'],
      { cwd, stdin: 'in' },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: 'told\n' });
    expect((await run('cat-artifact', stdout.trim())).stdout).toBe('in-e\n');
  });

  it.each<[string, readonly string[], number]>([
    ['exits with 3', ['sh', '-c', 'echo some; exit 3'], 3],
    ['is killed', ['sh', '-c', 'echo some; kill -9 $$'], 137],
    ['is not there', ['no-such-program-here'], 127],
    ['cannot be run', ['./a'], 126],
    ['is a directory', ['/'], 126],
  ])('registers nothing when the command %s, and passes its status on', async (_, command, status) => {
    const before = state();
    const result = await put(...command);
    expect({ status: result.status, stdout: result.stdout }).toEqual({ status, stdout: '' });
    expect(result.stderr).toContain('nothing was stored');
    expect(state()).toEqual(before);
    const error = JSON.parse(
      (await run('put', '--json', '--from-command', '--', ...command)).stderr.split('\n').at(-2)!,
    );
    expect(error.error).toMatchObject({ code: 'COMMAND_FAILED', details: { status } });
  });

  it.skipIf(process.getuid?.() === 0)(
    'does not find a command where a directory of PATH may not be searched',
    async () => {
      mkdirSync(`${cwd}/closed`, { mode: 0 });
      const { status } = await hs(['put', '--from-command', '--', 'no-such-program-here'], {
        cwd,
        env: { PATH: `${cwd}/closed:${process.env.PATH}` },
      });
      expect(status).toBe(127);
    },
  );

  it('passes arguments unchanged, and accepts no paths', async () => {
    const { stdout } = await put('printf', '%s|', '--json', '-x', '', '--', 'ü');
    expect((await run('cat-artifact', stdout.trim())).stdout).toBe('--json|-x||--|ü|');
    for (const args of [['a', '--', 'true'], ['--stdin-paths', '--', 'true'], ['--'], ['true'], []]) {
      expect((await run('put', '--from-command', ...args)).status).toBe(2);
    }
    // Without the option, what follows -- are paths.
    expect((await run('put', '--', 'a')).status).toBe(0);
  });

  it('streams: more than memory could hold passes through', async () => {
    const { stdout, status } = await hs(
      ['put', '--from-command', '--', 'head', '-c', '300000000', '/dev/zero'],
      {
        cwd,
        env: { NODE_OPTIONS: '--max-old-space-size=64' },
      },
    );
    expect(status).toBe(0);
    expect((await shown(stdout.trim())).manifest.size_bytes).toBe(300_000_000);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
  ] as const)('on %s ends the command with all it started, and leaves nothing', async (signal, expected) => {
    const before = state();
    const child = spawn(
      process.execPath,
      [HS_PROGRAM, 'put', '--from-command', '--', 'sh', '-c', 'sleep 600 & echo $$ >&2; echo part; wait'],
      { cwd, env: await hsEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const [text] = await once(child.stderr, 'data');
    const group = Number.parseInt(String(text), 10);
    child.kill(signal);
    const [status] = await once(child, 'close');
    expect(status).toBe(expected);
    await isGone(group);
    expect(state()).toEqual(before);
  });

  it('ends on SIGINT though what the command left behind holds its output', async () => {
    const script = 'sleep 600 & echo $$ >&2; echo part';
    const child = spawn(process.execPath, [HS_PROGRAM, 'put', '--from-command', '--', 'sh', '-c', script], {
      cwd,
      env: await hsEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [text] = await once(child.stderr, 'data');
    const group = Number.parseInt(String(text), 10);
    await vi.waitFor(() => expect(alive(group)).toHaveLength(1));
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
    await isGone(group);
  });

  it('needs the capability to run tools', async () => {
    actor = 'plugin_tool:p';
    const { status, stderr } = await put('touch', `${cwd}/ran`);
    expect({ status, stderr }).toMatchObject({ status: 6, stderr: expect.stringContaining('tool.run') });
    expect(readdirSync(cwd)).not.toContain('ran');
  });
});
