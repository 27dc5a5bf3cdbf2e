import { createHash } from 'node:crypto';
import { chmod, mkdir, symlink, unlink, writeFile } from 'node:fs/promises';
import { ensureDir } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import { inside } from '../helpers/inside.js';
import { tmp } from '../helpers/tmp.js';

const sha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex');

async function workspace() {
  const cwd = await tmp();
  const hs = inside(cwd);
  expect((await hs(['init'])).status).toBe(0);
  const put = async (...args: string[]) => (await hs(['put', ...args])).stdout.trim();
  const object = (id: string) => `${cwd}/.hsstore/objects/${id.slice(0, 2)}/${id}`;
  return { cwd, hs, put, object };
}

async function tree(cwd: string, files: Record<string, string>) {
  for (const [path, text] of Object.entries(files)) {
    await ensureDir(`${cwd}/${path.replace(/[^/]*$/, '')}`);
    await writeFile(`${cwd}/${path}`, text);
  }
}

describe('hs write-index and ls-index', () => {
  it('store a directory under the content hash that the format gives it (A3)', async () => {
    const { cwd, hs } = await workspace();
    await tree(cwd, { 'd/a.txt': 'hello' });
    const { stdout } = await hs(['write-index', 'd']);
    expect(stdout).toBe('8a1247a7cd533754624ad10d6cc3b918be359f9c082b7a838d15b788ee327141\n');
    expect((await hs(['ls-index', stdout.trim()])).stdout).toBe(`644\t${sha256('hello')}\t5\ta.txt\n`);
    expect((await hs(['ls-index', stdout.slice(0, 10)])).status).toBe(0);
  });

  it('are inverse, for any order of records and any bytes in paths', async () => {
    const { cwd, hs } = await workspace();
    await tree(cwd, { 'd/b': '1', 'd/a/ü': '2', 'd/a/\u202E x\\y': '', 'd/run.sh': '#!' });
    await chmod(`${cwd}/d/run.sh`, 0o755);
    const id = (await hs(['write-index', 'd'])).stdout;
    const { stdout } = await hs(['ls-index', '-z', id.trim()]);
    expect(
      stdout
        .split('\0')
        .slice(0, -1)
        .map((r) => r.split('\t')[3]),
    ).toEqual(['a/ü', 'a/\u202E x\\y', 'b', 'run.sh']);
    const reversed = stdout.split('\0').slice(0, -1).reverse().join('\0');
    expect((await hs(['write-index', '--stdin', '-z'], { stdin: reversed })).stdout).toBe(`${id.trim()}\0`);
    const plain = (await hs(['ls-index', id.trim()])).stdout;
    expect(plain).not.toContain('\u202E');
  });

  it('tell a wrong size that was stated from an object that is damaged', async () => {
    const { hs, object } = await workspace();
    const id = (await hs(['hash-object', '-w', '--stdin'], { stdin: 'x' })).stdout.trim();
    const state = (size: number) => hs(['write-index', '--stdin'], { stdin: `644\t${id}\t${size}\ta` });
    expect((await state(9)).stderr).toContain(`'a' does not have 9 bytes: object ${id} has 1\n`);
    await chmod(object(id), 0o600);
    await writeFile(object(id), 'xxx');
    expect(await state(1)).toMatchObject({ status: 5, stderr: expect.stringContaining('its bytes changed') });
  });

  it.each([
    ['write-index', 'f'],
    ['hash-object', '--directory', 'f'],
    ['hash-object', '-w', '--directory', 'f'],
  ])('say of a file where a directory is asked for that it is none (%s %s)', async (...args) => {
    const { cwd, hs } = await workspace();
    await tree(cwd, { f: 'hello' });
    const { status, stderr } = await hs(args);
    expect([status, stderr.split('\n')[0]]).toEqual([2, `hs: error: '${cwd}/f' is not a directory`]);
  });

  it('make the empty index of an empty directory', async () => {
    const { cwd, hs } = await workspace();
    await mkdir(`${cwd}/d`);
    const empty = '4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945\n';
    expect((await hs(['write-index', 'd'])).stdout).toBe(empty);
    expect((await hs(['write-index', '--stdin'])).stdout).toBe(empty);
  });

  it('refuse records that are none, paths that reach out, and objects that are not as stated', async () => {
    const { hs } = await workspace();
    const id = (await hs(['hash-object', '-w', '--stdin'], { stdin: 'x' })).stdout.trim();
    const cases: [string, number][] = [
      ['644', 2],
      [`755\t${id}\t1`, 2],
      [`600\t${id}\t1\ta`, 2],
      [`644\t${id.toUpperCase()}\t1\ta`, 2],
      [`644\t${id}\t1e0\ta`, 2],
      [`644\t${id}\t99999999999999999\ta`, 2],
      [`644\t${id}\t1\t../a`, 7],
      [`644\t${id}\t1\t/a`, 7],
      [`644\t${id}\t1\ta\ta`, 7],
      [`644\t${id}\t1\ta\n644\t${id}\t1\ta`, 7],
      [`644\t${id}\t1\ta\n644\t${id}\t1\ta/b`, 7],
      [`644\t${id}\t2\ta`, 2],
      [`644\t${sha256('not there')}\t1\ta`, 5],
    ];
    for (const [stdin, status] of cases) {
      expect([stdin, (await hs(['write-index', '--stdin'], { stdin })).status]).toEqual([stdin, status]);
    }
    expect((await hs(['write-index'])).status).toBe(2);
    expect((await hs(['write-index', 'd', '--stdin'])).status).toBe(2);
    const none = await hs(['ls-index', id]);
    expect([none.status, none.stderr]).toEqual([
      5,
      `hs: error: object '${id.slice(0, 12)}…' is not a bundle index: not JSON\n`,
    ]);
    expect((await hs(['ls-index', sha256('not there')])).status).toBe(4);
  });

  it('names a link that is in the way', async () => {
    const { cwd, hs } = await workspace();
    await tree(cwd, { 'd/a': '1' });
    await symlink('a', `${cwd}/d/link`);
    const { status, stderr } = await hs(['write-index', 'd']);
    expect(status).toBe(7);
    expect(stderr).toContain("'link'");
  });

  it('shows a restricted directory only to actors that may read it', async () => {
    const { cwd, hs, put } = await workspace();
    await tree(cwd, { 'd/a': '1' });
    await put('d', '--classification', 'high', '--ttl', '5');
    const id = (await hs(['write-index', 'd'])).stdout.trim();
    expect((await hs(['ls-index', id])).status).toBe(0);
    expect((await hs(['ls-index', id], { env: { HS_ACTOR: 'ai_job:worker' } })).status).toBe(6);
  });
});

describe('hs count-objects', () => {
  it('counts objects and their bytes as they lie there', async () => {
    const { hs } = await workspace();
    const before = JSON.parse((await hs(['count-objects', '--json'])).stdout);
    await hs(['hash-object', '-w', '--stdin'], { stdin: 'x'.repeat(1000) });
    const after = JSON.parse((await hs(['count-objects', '--json'])).stdout);
    expect(after.objects).toBe(before.objects + 1);
    expect(after.object_bytes).toBe(before.object_bytes + 1000);
    expect(after).toMatchObject({
      schema: 'hs.count-objects/1',
      trash_objects: 0,
      staged: 0,
      leases: 0,
      ledger_entries: 1,
    });
    expect((await hs(['count-objects'])).stdout).toContain(`object_bytes ${after.object_bytes}\n`);
  });
});

describe('an object in a pack', () => {
  it('is named by its hash or a prefix, and printed, like any other', async () => {
    const { cwd, hs, put } = await workspace();
    await tree(cwd, Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`many/f${i}`, `file ${i}`])));
    await put('many');
    const id = createHash('sha256').update('file 7').digest('hex');
    for (const name of [id, id.slice(0, 12), id.slice(0, 13)]) {
      expect((await hs(['cat-object', name])).stdout).toBe('file 7');
    }
    expect((await hs(['cat-object', `${id.slice(0, 20)}f0f0`])).status).toBe(4);
  });
});

describe('hs resolve', () => {
  it('prints the id that a prefix, a name or a version of it stands for', async () => {
    const { cwd, hs, put } = await workspace();
    await tree(cwd, { a: '1', b: '2' });
    const [first, second] = [await put('a', '--name', 'n'), await put('b', '--name', 'n')];
    const { stdout } = await hs(['resolve', 'n', 'n@{1}', first!.slice(0, 13), `id:${second}`]);
    expect(stdout).toBe([second, first, first, second].map((id) => `${id}\n`).join(''));
    expect((await hs(['resolve', '-z', 'n'])).stdout).toBe(`${second}\0`);
  });

  it('continues after an unknown name, and its status says so', async () => {
    const { cwd, hs, put } = await workspace();
    await tree(cwd, { a: '1' });
    const id = await put('a');
    const some = await hs(['resolve', 'nothing', id]);
    expect(some).toMatchObject({ status: 3, stdout: `${id}\n` });
    expect(some.stderr).toContain("there is no artifact 'nothing'");
    expect((await hs(['resolve', 'nothing'])).status).toBe(4);
    expect((await hs(['resolve', id.slice(0, 5)])).status).toBe(4);
  });
});

describe('hs diff', () => {
  it('says which files of two directories were added, removed or changed, and exits 1', async () => {
    const { cwd, hs, put } = await workspace();
    await tree(cwd, { 'd/same': 's', 'd/gone': 'g', 'd/x/changed': 'a', 'd/script': 'c' });
    await put('d', '--name', 'd');
    await unlink(`${cwd}/d/gone`);
    await tree(cwd, { 'd/new': 'n', 'd/x/changed': 'abc' });
    await chmod(`${cwd}/d/script`, 0o755);
    await put('d', '--name', 'd');
    const { status, stdout } = await hs(['diff', 'd@{1}', 'd', '--jsonl']);
    expect(status).toBe(1);
    const rows = stdout
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l));
    expect(rows.map((r) => [r.change, r.path])).toEqual([
      ['removed', 'gone'],
      ['added', 'new'],
      ['mode', 'script'],
      ['changed', 'x/changed'],
    ]);
    expect(rows[3]).toMatchObject({ before: { size_bytes: 1 }, after: { size_bytes: 3 } });
    expect((await hs(['diff', 'd@{1}', 'd'])).stdout).toBe(
      'removed  gone (1 B)\nadded    new (1 B)\nmode     script (now executable)\nchanged  x/changed (1 B to 3 B)\n',
    );
    expect(await hs(['diff', 'd', 'd'])).toMatchObject({ status: 0, stdout: '' });
  });

  it('compares two files, and a file with a directory', async () => {
    const { cwd, hs, put } = await workspace();
    await tree(cwd, { a: '1', b: '1', c: '2', 'd/a': '1' });
    const [a, b, c, d] = [await put('a'), await put('b'), await put('c'), await put('d')];
    expect((await hs(['diff', a!, b!])).status).toBe(0);
    expect(await hs(['diff', a!, c!])).toMatchObject({ status: 1, stdout: 'changed  payload (1 B)\n' });
    expect((await hs(['diff', a!, d!])).stdout).toContain('one is a file, the other a directory');
  });

  it('shows the fields in which two manifests differ', async () => {
    const { cwd, hs, put } = await workspace();
    await tree(cwd, { a: '1' });
    const [a, b] = [await put('a', '--label', 'k=1'), await put('a', '--label', 'k=2', '--label', 'z=3')];
    const { status, stdout } = await hs(['diff', a!, b!, '--manifest', '--json']);
    expect(status).toBe(1);
    const { results } = JSON.parse(stdout);
    expect(results.map((r: { path: string }) => r.path)).toEqual(
      expect.arrayContaining(['artifact_id', 'labels.k', 'labels.z']),
    );
    expect(results.find((r: { path: string }) => r.path === 'labels.k')).toMatchObject({
      before: '1',
      after: '2',
    });
  });

  it('does not show a job the contents of a restricted directory', async () => {
    const { cwd, hs, put } = await workspace();
    await tree(cwd, { 'd/a': '1', 'e/b': '2' });
    const [d, e] = [await put('d', '--classification', 'high', '--ttl', '5'), await put('e')];
    expect((await hs(['diff', d!, e!], { env: { HS_ACTOR: 'ai_job:worker' } })).status).toBe(6);
  });
});
