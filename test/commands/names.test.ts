import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { hs } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';

const NFC = 'caf\u00e9';
const NFD = 'cafe\u0301';

async function workspace() {
  const cwd = await tmp();
  const run = (...args: string[]) => hs(args, { cwd });
  await run('init');
  await writeFile(`${cwd}/f`, 'coffee');
  return { cwd, run };
}

/** What `run` printed, when it succeeded. */
async function out(result: ReturnType<typeof hs>): Promise<string> {
  const { status, stdout, stderr } = await result;
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout.trim();
}

it.each([
  ['NFD', NFD, NFC],
  ['NFC', NFC, NFD],
])('what was named in %s is found in the other form, by each command', async (_, stored, typed) => {
  const { cwd, run } = await workspace();
  const id = await out(run('put', 'f', '--name', stored, '--label', `drink=${stored}`));
  expect(await out(run('resolve', typed))).toBe(id);
  expect(await out(run('resolve', `name:${typed}@{0}`))).toBe(id);
  expect(await out(run('ls', '--name', `${typed}*`, '-z'))).toBe(`${id}\0`);
  expect(await out(run('for-each-artifact', '--filter', `name=${typed}`, '--format', '%(id)'))).toBe(id);
  expect(JSON.parse(await out(run('show', typed, '--json'))).manifest.labels).toEqual({ drink: NFC });
  await out(run('pin', typed, '--name', 'p', '-q'));
  await out(run('unpin', typed, '--name', 'p', '-q'));
  await run('export', typed, `${cwd}/out`);
  expect(await readFile(`${cwd}/out`, 'utf8')).toBe('coffee');
  const made = await out(run('put', 'f', '--source', typed));
  expect(
    JSON.parse(await out(run('show', made, '--json'))).manifest.source_artifact_refs[0].artifact_id,
  ).toBe(id);
  await run('rm', typed, '--yes');
  expect((await run('resolve', typed)).status).toBe(4);
});

it('completion extends a name in its typed normal form', async () => {
  const { run } = await workspace();
  await out(run('put', 'f', '--name', `${NFC}/é1`));
  for (const [typed, form] of [
    [NFC, 'NFC'],
    [NFD, 'NFD'],
  ] as const) {
    const [, word] = (await out(run('__complete', '--', 'show', typed))).split('\n');
    expect(word?.split('\t')[0]).toBe(`${NFC}/é1`.normalize(form));
  }
});

it('a manifest that a program wrote in NFD is registered, in NFC', async () => {
  const { cwd, run } = await workspace();
  const hash = await out(run('hash-object', '-w', 'f'));
  await writeFile(
    `${cwd}/m`,
    JSON.stringify({ content_hash: hash, name: NFD, labels: { l: NFD }, filename_hint: NFD }),
  );
  const id = await out(run('write-manifest', 'm'));
  const { manifest } = JSON.parse(await out(run('show', NFC, '--json')));
  // A file's name is bytes from a filesystem, and stays as it is.
  expect(manifest).toMatchObject({ artifact_id: id, name: NFC, labels: { l: NFC }, filename_hint: NFD });
});

it('entries of a directory are named in NFC, and their files keep their names', async () => {
  const { cwd, run } = await workspace();
  await mkdir(`${cwd}/d`);
  await writeFile(`${cwd}/d/${NFD}`, '1');
  await out(run('put', 'd', '--each', '--name', NFD));
  const { manifest } = JSON.parse(await out(run('show', `${NFD}/${NFD}`, '--json')));
  expect(manifest).toMatchObject({ name: `${NFC}/${NFC}`, filename_hint: NFD });
});

it('a glob excludes its matches in any normal form', async () => {
  const { cwd, run } = await workspace();
  await mkdir(`${cwd}/d`);
  for (const name of [`${NFC}.key`, 'a']) await writeFile(`${cwd}/d/${name}`, '1');
  const id = await out(run('put', 'd', '--exclude', `./${NFD}.*`, '-q'));
  expect(await out(run('cat-artifact', id))).toMatch(/^\[\{"content_hash":"[0-9a-f]{64}","path":"a",[^{]*$/);
});

it.each([' ', ' a', 'a ', 'a\u00a0'])('no new name begins or ends with white space (%j)', async (name) => {
  const { cwd, run } = await workspace();
  const id = await out(run('put', 'f'));
  const manifest = JSON.parse(await out(run('cat-artifact', '--manifest', id)));
  const { content_hash, size_bytes } = manifest;
  for (const args of [
    ['put', 'f', '--name', name],
    ['rename', id, name],
    ['bundle', 'create', id, '--name', name],
  ]) {
    const { status, stderr } = await run(...args);
    expect({ args, status, stderr }).toMatchObject({
      status: 7,
      stderr: expect.stringContaining('white space'),
    });
  }
  const given = { name, kind: 'file', payload_type: 'file', mime: 'text/plain', content_hash, size_bytes };
  await writeFile(`${cwd}/manifest`, JSON.stringify(given));
  expect(await run('write-manifest', 'manifest')).toMatchObject({
    status: 5,
    stderr: expect.stringContaining('name: it begins or ends with white space'),
  });
});

it('what has no name is listed by its file name in parentheses, and told how to be named by it', async () => {
  const { cwd, run } = await workspace();
  await mkdir(`${cwd}/dir`);
  await writeFile(`${cwd}/dir/file`, 'x');
  const [file, dir] = (await out(run('put', 'f', 'dir'))).split('\n').map((id) => id.slice(0, 8));
  await run('put', 'f', '--name', 'named');
  const { stdout } = await run('ls');
  expect(stdout).toMatch(/^\(dir\/\) /m);
  expect(stdout).toMatch(/^\(f\) /m);
  expect(stdout).toMatch(/^named /m);
  expect((await run('ls', '--json')).stdout).toContain('"filename_hint":"dir"');
  const { status, stderr } = await run('export', 'dir', 'copy');
  expect({ status, stderr }).toEqual({
    status: 4,
    stderr: `hs: error: there is no artifact named 'dir'
hint: it is the file name of artifact ${dir}, which has no name: use ${dir}, or name it with hs rename ${dir} NAME
`,
  });
  await out(run('rename', file!, 'g', '-q'));
  expect((await run('ls')).stdout).toMatch(/^g /m);
});
