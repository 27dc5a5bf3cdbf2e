import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import { fsck } from '../../src/ops/fsck/fsck.js';
import { mirroredStore } from '../corruption/mirrored-store.js';
import { type Answer, askAll } from '../corruption/questions.js';
import { tmp } from '../helpers/tmp.js';

/** Changes the files of a mirror that a pattern matches, and says what fsck then finds, and the answers before and after. */
async function withMirror(pattern: RegExp, change: (bytes: Buffer) => void) {
  const store = await mirroredStore(await tmp());
  const ask = () => askAll(() => store.open({ readOnly: true, writes: false }), store.names);
  const answers: ReadonlyMap<string, Answer>[] = [await ask()];
  let changed = 0;
  const damage = async () => {
    for (const { parentPath, name } of await readdir(store.root, { recursive: true, withFileTypes: true })) {
      if (!pattern.test(name)) continue;
      const path = `${parentPath}/${name}`;
      const bytes = await readFile(path);
      const before = Buffer.from(bytes);
      change(bytes);
      if (bytes.equals(before)) continue;
      changed++;
      await chmod(path, 0o600);
      await writeFile(path, bytes);
    }
  };
  await damage();
  answers.push(await ask());
  await damage();
  const session = await store.open({ unchecked: true });
  const { findings } = await fsck(session, { repair: false, secondOpinion: false, sample: 1 });
  await session.close();
  expect(changed).toBeGreaterThan(0);
  return { before: answers[0], after: answers[1], findings: findings.map((f) => f.message) };
}

it('a mirror whose format.json changed has it written anew', async () => {
  const { before, after, findings } = await withMirror(/^format\.json$/, (bytes) => {
    bytes[bytes.length >> 1]! ^= 1;
  });
  expect(after).toEqual(before);
  expect(findings).toEqual([]);
});

it('a pack in a mirror whose index lacks an object is fetched again, and read', async () => {
  const id = Buffer.from(sha256(Buffer.from('the file')), 'hex');
  const { before, after } = await withMirror(/\.pack$/, (bytes) => {
    const at = bytes.indexOf(id);
    if (at >= 0) bytes[at + id.length - 1]! ^= 1;
  });
  expect(after).toEqual(before);
});

it('fsck believes no entry of a mirror that nothing proves, the newest neither', async () => {
  const { before, after, findings } = await withMirror(/^0000000004\.json$/, (bytes) => {
    bytes[46]! ^= 1;
  });
  expect(after).toEqual(before);
  expect(findings).toEqual([]);
});
