import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectDocument } from '../helpers/document.js';
import { hs } from '../helpers/hs.js';
import { makeTempDirectory, tmp } from '../helpers/tmp.js';

const needs = (...programs: string[]) =>
  programs.some((program) => spawnSync(program, ['--version']).error !== undefined);

/** Two trees with all that can differ. */
function makeTrees(dir: string): void {
  const lines = (n: number, change = (i: number) => `line ${i}`) =>
    Array.from({ length: n }, (_, i) => change(i)).join('\n');
  for (const side of ['a', 'b']) mkdirSync(`${dir}/${side}/sub dir`, { recursive: true });
  const put = (side: string, name: string, text: string | Buffer) =>
    writeFileSync(`${dir}/${side}/${name}`, text);
  put('a', 'changed', `${lines(100)}\n`);
  put('b', 'changed', `${lines(100, (i) => (i % 40 === 7 ? `new ${i}` : `line ${i}`))}\n`);
  put('a', 'no newline', 'one\ntwo');
  put('b', 'no newline', 'one\ntwo\nthree');
  put('a', 'now ended', 'one');
  put('b', 'now ended', 'one\n');
  put('a', 'sub dir/gone ü', 'x\n');
  put('b', 'sub dir/came "quoted" \\ name', `${lines(300)}\n`);
  put('a', 'latin1', Buffer.from('caf\xe9\r\nold\r\n', 'latin1'));
  put('b', 'latin1', Buffer.from('caf\xe9\r\nnew\x1b[31m\r\n', 'latin1'));
  put('a', 'emptied', 'x\n');
  put('b', 'emptied', '');
  put('a', 'empty gone', '');
  put('b', 'empty came', '');
  put('a', 'empty tool', '');
  chmodSync(`${dir}/a/empty tool`, 0o755);
  put('a', 'binary', Buffer.from([0, 1, 2]));
  put('b', 'binary', Buffer.alloc(5000));
  put('a', `${'long-directory-name-'.repeat(3)}x`, '1\n2\n');
  put('b', `${'long-directory-name-'.repeat(3)}x`, '2\n');
  put('a', 'same', 'same');
  put('b', 'same', 'same');
  for (const side of ['a', 'b']) put(side, 'tool', '#!/bin/sh\n');
  chmodSync(`${dir}/b/tool`, 0o755);
}

let cwd = '';
const run = (...args: string[]) => hs(args, { cwd });

describe('hs diff of contents', () => {
  beforeAll(async () => {
    const { path, remove } = await makeTempDirectory();
    cwd = path;
    await hs(['init'], { cwd });
    makeTrees(cwd);
    await run('put', 'a', '--name', 't');
    await run('put', 'b', '--name', 't');
    return remove;
  });

  it.skipIf(needs('git'))(
    '--stat is what git prints, in every width of its columns (needs git)',
    async () => {
      const repo = `${cwd}/repo`;
      const git = (...args: string[]) =>
        execFileSync(
          'git',
          ['-c', 'core.quotePath=false', '-c', 'user.name=t', '-c', 'user.email=t@t', ...args],
          {
            cwd: repo,
            encoding: 'utf8',
          },
        );
      mkdirSync(repo);
      git('init', '-q');
      for (const side of ['a', 'b']) {
        rmSync(`${repo}/work`, { recursive: true, force: true });
        cpSync(`${cwd}/${side}`, `${repo}/work`, { recursive: true });
        git('add', '-A');
        git('commit', '-qm', side);
      }
      const wanted = git('diff', '--no-renames', '--relative=work', '--stat=80', 'HEAD~1', 'HEAD');
      const { stdout, status } = await run('diff', 't@{1}', 't', '--stat');
      expect(status).toBe(1);
      // git quotes names that contain quotes here too.
      const plain = (text: string) => text.replace(/["\\]/g, '').replace(/ +\|/g, ' |').split('\n').sort();
      expect(plain(stdout)).toEqual(plain(wanted));
    },
  );

  it.skipIf(needs('patch', 'git'))(
    '--patch is applied and taken back by patch and by git apply (needs patch and git)',
    async () => {
      const { bytes, status } = await run('diff', 't@{1}', 't', '--patch');
      expect(status).toBe(1);
      expect(bytes.toString('latin1')).toContain('Binary files a/binary and b/binary differ');
      const text = bytes.toString('latin1').replace(/diff --git a\/binary[\s\S]*?(?=diff --git)/, '');
      for (const [program, ...args] of [
        ['patch', '-s', '-p1'],
        ['git', 'apply', '-p1'],
      ]) {
        const dir = `${cwd}/applied-${program}`;
        cpSync(`${cwd}/a`, dir, { recursive: true });
        const apply = (...direction: string[]) => {
          const applied = spawnSync(program!, [...args, ...direction], {
            cwd: dir,
            input: Buffer.from(text, 'latin1'),
            encoding: 'utf8',
          });
          expect({ program, status: applied.status, stderr: applied.stderr }).toEqual({
            program,
            status: 0,
            stderr: '',
          });
        };
        const same = { stdout: '', status: 0 };
        apply();
        cpSync(`${cwd}/b/binary`, `${dir}/binary`);
        expect(await run('diff', 't', `./applied-${program}`)).toMatchObject(same);
        apply('-R');
        cpSync(`${cwd}/a/binary`, `${dir}/binary`);
        expect(await run('diff', 't@{1}', `./applied-${program}`)).toMatchObject(same);
      }
    },
  );

  it.skipIf(needs('git'))(
    '--patch is refused by git apply for a binary file, whose block takes nothing from its neighbours (needs git)',
    async () => {
      const { bytes } = await run('diff', 't@{1}', 't', '--patch');
      const [block] = /diff --git a\/binary[\s\S]*?(?=diff --git)/.exec(bytes.toString('latin1'))!;
      const [mode] = /diff --git a\/tool[\s\S]*$/.exec(bytes.toString('latin1'))!;
      const dir = `${cwd}/refused`;
      cpSync(`${cwd}/a`, dir, { recursive: true });
      const applied = (input: string) =>
        spawnSync('git', ['apply', '-p1'], {
          cwd: dir,
          input: Buffer.from(input, 'latin1'),
          encoding: 'utf8',
        });
      for (const input of [block + mode, block]) {
        expect(applied(input)).toMatchObject({
          status: 1,
          stderr: expect.stringContaining("cannot apply binary patch to 'binary' without full index line"),
        });
        expect(statSync(`${dir}/binary`).mode & 0o111).toBe(0);
      }
    },
  );

  it('compares with a directory outside the store, and a file', async () => {
    expect(await run('diff', 't', './b')).toMatchObject({ status: 0, stdout: '' });
    expect(await run('diff', 't@{1}', 'a')).toMatchObject({ status: 0, stdout: '' });
    const changed = await run('diff', 't', './a', '--json');
    expect(changed.status).toBe(1);
    const { results } = await expectDocument(changed.stdout);
    expect(results.map((r: { path: string }) => r.path)).toContain('changed');
    const stat = await expectDocument((await run('diff', 't', './a', '--stat', '--json')).stdout);
    expect(stat.results.find((r: { path: string }) => r.path === 'now ended')).toMatchObject({
      added: 1,
      removed: 1,
    });
    await run('put', 'a/changed', '--name', 'file');
    expect((await run('diff', 'file', 'b/changed', '-p')).stdout).toContain('\n-line 7\n+new 7\n');
    expect((await run('diff', 'file', './a')).stdout).toContain('the other a directory');
  });

  it('takes an artifact before a path of that name, and refuses what is neither', async () => {
    mkdirSync(`${cwd}/t`, { recursive: true });
    expect((await run('diff', 't', 't')).status).toBe(0);
    expect((await run('diff', 't', './t')).status).toBe(1);
    expect((await run('diff', 't', 'neither')).status).toBe(4);
    expect((await run('diff', 't', './neither')).status).toBe(4);
    expect((await run('diff', 't', './.hsstore/objects')).status).toBe(7);
    expect((await run('diff', 't', 't', '--patch', '--stat')).status).toBe(2);
  });
});

describe('hs diff of restricted contents', () => {
  beforeEach(async () => {
    cwd = await tmp();
    await hs(['init'], { cwd });
  });

  it('reads no bytes that the actor may not read, alone or in a directory', async () => {
    mkdirSync(`${cwd}/d`);
    writeFileSync(`${cwd}/d/secret`, 'secret\n');
    writeFileSync(`${cwd}/d/x`, 'x\n');
    mkdirSync(`${cwd}/e`);
    writeFileSync(`${cwd}/e/x`, 'y\n');
    await run('put', 'd/secret', '--name', 'high', '--classification', 'high', '--ttl', '9');
    await run('put', 'd', '--name', 'd');
    const env = { HS_ACTOR: 'ai_job:ci' };
    for (const args of [
      ['diff', 'high', './e/x'],
      ['diff', 'd', './e', '--patch'],
      ['diff', 'd', './e', '--stat'],
    ]) {
      const result = await hs(args, { cwd, env });
      expect({ args, status: result.status, stdout: result.stdout }).toEqual({ args, status: 6, stdout: '' });
    }
  });

  it('leaves links out, and says so', async () => {
    mkdirSync(`${cwd}/d`);
    writeFileSync(`${cwd}/d/x`, 'x');
    await run('put', 'd', '--name', 'd');
    symlinkSync('/etc/passwd', `${cwd}/d/link`);
    const { status, stdout, stderr } = await run('diff', 'd', './d', '--patch');
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: '',
      stderr: 'hs: warning: links are not compared: 1\n',
    });
  });
});
