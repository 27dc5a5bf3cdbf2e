import { mkdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { createStore, hash, type TextChange } from '../src/index.js';
import { tmp } from './helpers/tmp.js';

async function setting() {
  const dir = await tmp();
  process.env.XDG_STATE_HOME = `${dir}/state`;
  await mkdir(`${dir}/tree`);
  await writeFile(`${dir}/tree/text`, 'one\ntwo\n');
  await writeFile(`${dir}/tree/bin`, 'a\0b');
  const store = await createStore(dir);
  return { dir, store };
}

it('compares an artifact with a directory, and gives lines and patches only where asked', async () => {
  const { dir, store } = await setting();
  await store.put(`${dir}/tree`, { name: 'tree' });
  expect(await store.diff('tree', { path: `${dir}/tree` }, { patch: true })).toEqual([]);
  await writeFile(`${dir}/tree/text`, 'one\n2\n3\n');
  await writeFile(`${dir}/tree/bin`, 'a\0c');
  const after = { path: `${dir}/tree` };
  const plain = await store.diff('tree', after);
  expect(plain.map((d) => [d.what === 'file' && d.path, 'added' in d, 'patch' in d])).toEqual([
    ['bin', false, false],
    ['text', false, false],
  ]);
  expect(await store.diff('tree', after, { stat: true })).toEqual([
    plain[0],
    { ...plain[1], added: 2, removed: 1 },
  ]);
  const [bin, text] = (await store.diff('tree', after, { patch: true })) as readonly TextChange[];
  expect(String(bin!.patch)).toContain('Binary files a/bin and b/bin differ');
  expect(String(text!.patch)).toContain('@@ -1,2 +1,3 @@\n one\n-two\n+2\n+3');
  expect(await store.diff('tree', { path: `${dir}/tree/bin` })).toMatchObject([
    { what: 'payload', change: 'type' },
  ]);
  for (const options of [{ stat: true }, { patch: true }])
    await expect(store.diff('tree', 'tree', { compare: 'manifest', ...options })).rejects.toMatchObject({
      code: 'USAGE',
    });
  await expect(store.diff('tree', after, { compare: 'manifest' })).rejects.toMatchObject({ code: 'USAGE' });
  await expect(store.diff('tree', { path: `${dir}/.hsstore` })).rejects.toMatchObject({
    code: 'UNSAFE_PATH',
  });
  await store.close();
});

it('registers nothing if the payload is not the expected one', async () => {
  const { dir, store } = await setting();
  const { contentHash } = await hash(`${dir}/tree`);
  const right = { contentHash, sizeBytes: 11 };
  const before = (await store.ledgerHead()).seq;
  const wrong = [
    { sizeBytes: 12 },
    { ...right, sizeBytes: 0 },
    { contentHash: contentHash.replace(/^./, 'x') },
  ];
  for (const expected of wrong.slice(0, 2))
    await expect(store.put(`${dir}/tree`, { expect: expected as never })).rejects.toMatchObject({
      code: 'INTEGRITY',
      details: { content_hash: contentHash, size_bytes: 11 },
    });
  await expect(store.put(`${dir}/tree`, { expect: wrong[2] as never })).rejects.toMatchObject({
    code: 'USAGE',
  });
  const other = (await hash(Buffer.from('other'))).contentHash;
  await expect(
    store.putLines([
      { source: `${dir}/tree`, expect: right },
      { source: Buffer.from('x'), expect: { contentHash: other } },
    ]),
  ).rejects.toMatchObject({
    code: 'INTEGRITY',
    message: expect.stringMatching(/^line 2: the payload has the hash/),
  });
  expect((await store.ledgerHead()).seq).toBe(before);
  expect((await store.put(`${dir}/tree`, { expect: right })).contentHash).toBe(contentHash);
  await store.close();
});
