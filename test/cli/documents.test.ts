import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import { beforeAll, expect, it } from 'vitest';
import { expectDocument } from '../helpers/document.js';
import { hs } from '../helpers/hs.js';
import { makeTempDirectory } from '../helpers/tmp.js';

let cwd = '';

beforeAll(async () => {
  const { path, remove } = await makeTempDirectory();
  cwd = path;
  await ensureDir(join(cwd, 'tree', 'empty'));
  await writeFile(join(cwd, 'tree', 'CON.txt'), 'hello');
  await expectDocument((await hs(['init', '--json'], { cwd })).stdout);
  const env = { HS_JOB_ID: 'ci/17' };
  const put = await hs(['put', 'tree', '--name', 'site', '--pin', 'keep', '--label', 'a=b', '--json'], {
    cwd,
    env,
  });
  const { results: artifacts } = await expectDocument(put.stdout);
  expect(artifacts[0]).toMatchObject({
    left_out: [{ why: 'empty directory' }],
    unportable: [{ path: 'CON.txt' }],
  });
  return remove;
});

it.each([['ls'], ['ls', '--long'], ['show', 'site'], ['for-each-artifact'], ['pins'], ['du']])(
  'hs %s prints what hs schema says',
  async (...argv) => {
    const { stdout, stderr, status } = await hs([...argv, '--json'], { cwd });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    await expectDocument(stdout);
  },
);

it('the manifest and the ledger entries are documents too', async () => {
  await expectDocument(`${(await hs(['cat-artifact', '--manifest', 'site'], { cwd })).stdout.trimEnd()}\n`);
  const { stdout } = await hs(['ledger', 'cat', '--jsonl'], { cwd });
  for (const line of stdout.trimEnd().split('\n')) await expectDocument(`${line}\n`);
});

it('names its job in the manner of every document', async () => {
  const { stdout } = await hs(['show', 'site', '--json'], { cwd });
  expect(JSON.parse(stdout).registered.job_id).toBe('ci/17');
});
