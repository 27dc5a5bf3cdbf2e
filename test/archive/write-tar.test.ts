import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { ensureDirSync, removeSync } from 'fs-extra/esm';
import { extract } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gzip } from '../../src/archive/gzip.js';
import { readArchive } from '../../src/archive/read-archive.js';
import { type TarInput, writeTar } from '../../src/archive/write-tar.js';
import { checkTree, comparePaths, type SafePath, toSafePath } from '../../src/core/paths/safe-path.js';
import { AS_NOBODY, nodeForAll, whyNotNobody } from '../helpers/ordinary-user.js';
import { chunks, collect } from '../helpers/tar-writer.js';

interface File {
  readonly path: string;
  readonly body: string | Buffer;
  readonly executable?: boolean;
  readonly private?: boolean;
}

/** An entry as a reader of the page would write it. */
function byThePage({ path, body, executable, private: own }: File, time: number): Buffer[] {
  const octal = (n: number, digits: number) => `${n.toString(8).padStart(digits, '0')} `;
  const mode = (executable ? 0o755 : 0o644) & (own ? 0o700 : 0o777);
  const header = (name: string, prefix: string, size: number, type: string) => {
    const block = Buffer.alloc(512);
    block.write(name, 0);
    for (const [at, n] of [
      [100, mode],
      [108, 0],
      [116, 0],
      [329, 0],
      [337, 0],
    ] as const)
      block.write(octal(n, 6), at);
    block.write(octal(size, 11), 124);
    block.write(octal(time, 11), 136);
    block.write(`${type}`, 156);
    block.write('ustar\x0000', 257);
    block.write(prefix, 345);
    block.fill(' ', 148, 156);
    const sum = block.reduce((a, b) => a + b, 0);
    block.fill(0, 148, 156).write(octal(sum, 6), 148);
    return block;
  };
  const blocks = (content: Buffer) => [content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  const data = Buffer.from(body as string);
  let [prefix, name] = ['', path];
  while (name.length > 100 && name.includes('/')) {
    const [first, ...rest] = name.split('/');
    prefix += prefix === '' ? first : `/${first}`;
    name = rest.join('/');
  }
  const isAscii = /^[\x20-\x7e]*$/.test(path);
  if (isAscii && name.length <= 100 && prefix.length <= 155) {
    return [header(name, prefix, data.length, '0'), ...blocks(data)];
  }
  const rest = ` path=${path}\n`;
  let length = Buffer.byteLength(rest) + 1;
  while (Buffer.byteLength(`${length}${rest}`) !== length) length++;
  const record = Buffer.from(`${length}${rest}`);
  const before = [header('PaxHeader', '', record.length, 'x'), ...blocks(record)];
  return [...before, header('PaxHeader', '', data.length, '0'), ...blocks(data)];
}

async function* inputs(files: readonly File[], sorted = true): AsyncGenerator<TarInput> {
  const order = sorted ? [...files].sort((a, b) => comparePaths(a.path, b.path)) : files;
  for (const { path, body, executable = false, ...rest } of order) {
    const data = Buffer.from(body as string);
    yield { path: toSafePath(path), size: data.length, executable, ...rest, content: chunks(data, 1000) };
  }
}

async function read(data: Uint8Array) {
  const found: File[] = [];
  for await (const e of readArchive(chunks(data), { nonPortable: true }))
    found.push({
      path: e.path,
      body: (await collect(e.content)).toString('latin1'),
      executable: e.executable,
    });
  return found;
}

const FILES: readonly File[] = [
  { path: 'README.md', body: '# hello\n' },
  { path: 'bin/run', body: '#!/bin/sh\n', executable: true },
  { path: 'bin-x', body: '' },
  { path: 'é/ünï/日本語.txt', body: 'utf-8' },
  { path: `deep/${'n'.repeat(180)}/${'m'.repeat(180)}`, body: 'x'.repeat(5000) },
  { path: `${'p'.repeat(90)}/${'q'.repeat(60)}`, body: 'by prefix' },
  { path: ' odd\\ name$(x)', body: 'y'.repeat(512) },
];

describe('writeTar', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'hs-tar-'));
  });
  afterEach(() => removeSync(dir));

  it('dates everything 1980-01-01 where no time is given, since no zip holds an earlier one', async () => {
    const file = join(dir, 'a.tar');
    writeFileSync(file, await collect(writeTar(inputs(FILES))));
    const listed = execFileSync('tar', ['--utc', '-tvf', file], { encoding: 'utf8' });
    for (const line of listed.trimEnd().split('\n')) expect(line).toContain(' 1980-01-01 00:00 ');
  });

  it('writes archives that the system tar lists and extracts, byte for byte, with modes', async () => {
    const file = join(dir, 'a.tar');
    writeFileSync(file, await collect(writeTar(inputs(FILES), { mtime: 86_400 })));
    const listed = execFileSync(
      'tar',
      ['--utc', '--numeric-owner', '--quoting-style=literal', '-tvf', file],
      {
        encoding: 'utf8',
      },
    );
    const lines = listed.trimEnd().split('\n');
    expect(lines).toHaveLength(FILES.length);
    for (const line of lines) expect(line).toMatch(/^-rw(-r--r--|xr-xr-x) 0\/0 +\d+ 1970-01-02 00:00 /);
    expect(lines.filter((line) => line.startsWith('-rwxr-xr-x')).join()).toMatch(/ bin\/run$/);

    const made = join(dir, 'made');
    const wanted = join(dir, 'wanted');
    mkdirSync(made);
    for (const { path, body } of FILES) {
      ensureDirSync(dirname(join(wanted, path)));
      writeFileSync(join(wanted, path), body);
    }
    execFileSync('tar', ['-xf', file, '-C', made], { stdio: ['ignore', 'ignore', 'inherit'] });
    execFileSync('sh', ['-c', 'diff -r "$1" "$2"', 'sh', made, wanted]);
  });

  it('is read back by the system tar, POSIX and GNU, through readTar', async () => {
    const tree = join(dir, 'tree');
    for (const { path, body, executable } of FILES) {
      ensureDirSync(dirname(join(tree, path)));
      writeFileSync(join(tree, path), body, { mode: executable ? 0o755 : 0o644 });
    }
    const wanted = FILES.map(({ path, body, executable = false }) => ({
      path,
      body: Buffer.from(body as string).toString('latin1'),
      executable,
    })).sort((a, b) => comparePaths(a.path, b.path));
    for (const format of ['posix', 'gnu', 'ustar']) {
      const names = FILES.filter((f) => format !== 'ustar' || f.path.length < 200).map((f) => f.path);
      const data = execFileSync('tar', [`--format=${format}`, '-cf', '-', '-C', tree, '--', ...names], {
        maxBuffer: 1e8,
      });
      const found = (await read(data)).sort((a, b) => comparePaths(a.path, b.path));
      expect(found).toEqual(wanted.filter((f) => names.includes(f.path)));
    }
  });

  it('gives the same bytes under another time zone, locale, umask and user', () => {
    const script = join(dir, 'make.mjs');
    const root = new URL('../../', import.meta.url).pathname;
    const bundle = join(dir, 'write-tar.mjs');
    execFileSync(join(root, 'node_modules/.bin/esbuild'), [
      join(root, 'src/archive/write-tar.ts'),
      '--bundle',
      '--platform=node',
      '--format=cjs',
      '--log-level=error',
      `--outfile=${bundle.replace('.mjs', '.cjs')}`,
    ]);
    const files = FILES.map((f) => [f.path, f.body, f.executable ?? false]);
    writeFileSync(
      script,
      `import tar from './write-tar.cjs';
const files = ${JSON.stringify(files)}.map(([path, body, executable]) => ({ path, executable, size: Buffer.byteLength(body),
  content: (async function* () { yield Buffer.from(body); })() }));
files.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
for await (const part of tar.writeTar((async function* () { yield* files; })(), { mtime: 1700000000 })) process.stdout.write(part);`,
    );
    const user = whyNotNobody === undefined ? AS_NOBODY : [];
    if (user.length > 0) execFileSync('chmod', ['-R', 'a+rX', dir]);
    const make = (umask: string, prefix: readonly string[], env: NodeJS.ProcessEnv) => {
      const command = [...prefix, nodeForAll(), script].map((word) => `'${word}'`).join(' ');
      const done = spawnSync('sh', ['-c', `umask ${umask}; exec ${command}`], {
        env: { PATH: process.env.PATH, HOME: '/', ...env },
        maxBuffer: 1e8,
      });
      expect(done.stderr.toString()).toBe('');
      return done.stdout;
    };
    const one = make('022', [], { TZ: 'UTC', LANG: 'C', LC_ALL: 'C' });
    const two = make('077', user, { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' });
    expect(one.length).toBeGreaterThan(5000);
    expect(two.equals(one)).toBe(true);
  });

  it('matches hsstore-format(5), byte for byte', async () => {
    const files: File[] = [
      { path: `${'d'.repeat(90)}/${'e'.repeat(80)}/f`, body: 'split' },
      { path: `${'a/'.repeat(60)}end`, body: 'as few components as are enough' },
      { path: 'n'.repeat(100), body: 'fits' },
      { path: 'n'.repeat(101), body: 'does not' },
      { path: `${'p'.repeat(156)}/f`, body: 'prefix too long', executable: true },
      { path: 'caf\u00e9', body: Buffer.alloc(512), executable: true, private: true },
      { path: 'empty', body: '' },
    ];
    const sorted = [...files].sort((a, b) => comparePaths(a.path, b.path));
    const expected = Buffer.concat([
      ...sorted.flatMap((file) => byThePage(file, 1_700_000_000)),
      Buffer.alloc(1024),
    ]);
    const data = await collect(writeTar(inputs(files), { mtime: 1_700_000_000 }));
    expect(data.equals(expected)).toBe(true);
  });

  it('round-trips any tree through readTar and tar-stream', async () => {
    const part = fc.stringMatching(/^[a-c.é]{1,3}$/).filter((p) => !/^\.+$/.test(p));
    const path = fc.array(fc.oneof(part, fc.constant('n'.repeat(120))), { minLength: 1, maxLength: 4 });
    const file = fc.record({
      path: path.map((p) => p.join('/')),
      body: fc.uint8Array({ maxLength: 1100 }).map((b) => Buffer.from(b)),
      executable: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(file, { selector: (f) => f.path, maxLength: 8 }), async (files) => {
        try {
          checkTree(files.map((f) => f.path as SafePath));
        } catch {
          return;
        }
        const data = await collect(writeTar(inputs(files)));
        const wanted = files
          .map((f) => ({ ...f, body: f.body.toString('latin1') }))
          .sort((a, b) => comparePaths(a.path, b.path));
        expect(await read(data)).toEqual(wanted);
        const other = extract();
        other.end(data);
        const seen: File[] = [];
        for await (const source of other)
          seen.push({
            path: source.header.name,
            body: (await collect(source as AsyncIterable<Buffer>)).toString('latin1'),
            executable: source.header.mode === 0o755,
          });
        expect(seen).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });

  it('writes names of every length so that readTar reads them', async () => {
    const files: File[] = [];
    for (let n = 1; n <= 600; n++)
      files.push({ path: `${n}/${'ab/'.repeat(n)}x`.slice(0, n + 5).replace(/\/$/, 'z'), body: '' });
    for (const n of [990, 995, 1000, 1005, 4000, 4095, 4096])
      files.push({
        path: `${'k'.repeat(9)}/`
          .repeat(410)
          .slice(0, n - 1)
          .concat('x')
          .slice(-n),
        body: `${n}`,
      });
    const unique = [...new Map(files.map((f) => [f.path, f])).values()];
    expect((await read(await collect(writeTar(inputs(unique))))).length).toBe(unique.length);
  });

  it('gives private files no bits for others', async () => {
    const files = [
      { path: 'a', body: '', private: true },
      { path: 'b', body: '', private: true, executable: true },
    ];
    const data = await collect(writeTar(inputs(files)));
    expect(data.toString('latin1', 100, 107)).toBe('000600 ');
    expect(data.toString('latin1', 612, 619)).toBe('000700 ');
  });

  it('refuses input that is out of order, twice there, or no tree', async () => {
    for (const paths of [
      ['b', 'a'],
      ['a', 'a'],
      ['\uffff', '😀', '\ue000'],
      ['a', 'a/b'],
    ]) {
      const files = paths.map((path) => ({ path, body: '' }));
      await expect(collect(writeTar(inputs(files, false)))).rejects.toMatchObject({ code: 'BUG' });
    }
  });

  it('fails when a content has more or fewer bytes than stated', async () => {
    for (const size of [2, 4]) {
      const entry = { path: toSafePath('a'), size, executable: false, content: chunks(Buffer.from('abc')) };
      const one = async function* () {
        yield entry;
      };
      await expect(collect(writeTar(one()))).rejects.toMatchObject({ code: 'INTEGRITY' });
    }
  });

  it('passes on the failure of a content, and closes it when the reader stops early', async () => {
    const gone = new Error('gone');
    const failing = async function* () {
      yield { path: toSafePath('a'), size: 9, executable: false, content: fail() };
    };
    const fail = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('abc');
      throw gone;
    };
    await expect(collect(writeTar(failing()))).rejects.toBe(gone);
    await expect(collect(gzip(writeTar(failing())))).rejects.toBe(gone);

    for (const wrap of [(x: AsyncIterable<Uint8Array>) => x, gzip]) {
      let given = 0;
      let closed = false;
      const endless = async function* () {
        try {
          for (; ; given += 65536) yield randomBytes(65536);
        } finally {
          closed = true;
        }
      };
      const big = async function* () {
        yield { path: toSafePath('a'), size: 2 ** 40, executable: false, content: endless() };
      };
      for await (const _ of wrap(writeTar(big()))) if (given > 1e6) break;
      expect(closed).toBe(true);
      expect(given).toBeLessThan(4e6);
    }
  });

  it('refuses a time that its header does not hold', () => {
    expect(() => writeTar(inputs([]), { mtime: 2 ** 31 })).toThrow('is not between');
  });
});

describe('gzip', () => {
  it('has a header without time, name and system, and expands to the same tar by gzip(1)', async () => {
    const tar = await collect(writeTar(inputs(FILES)));
    const one = await collect(gzip(chunks(tar, 100)));
    expect(one.subarray(0, 10).toString('hex')).toBe('1f8b08000000000002ff');
    expect((await collect(gzip(chunks(tar, 4096)))).equals(one)).toBe(true);
    expect(execFileSync('gzip', ['-dc'], { input: one, maxBuffer: 1e8 }).equals(tar)).toBe(true);
    expect(await read(one)).toHaveLength(FILES.length);
  });
});

describe('an archive entry that tar-stream would let through', () => {
  it('is the reason for a reader of our own: it cuts names at NUL and needs no end marker', async () => {
    const { entry } = await import('../helpers/tar-writer.js');
    const other = extract();
    other.end(entry({ name: 'safe\0/../evil' }));
    const names: string[] = [];
    for await (const source of other) {
      names.push(source.header.name);
      source.resume();
    }
    expect(names).toEqual(['safe']);
  });
});
