import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { nodeDisk } from '../../../src/fsx/node-disk.js';
import { collect } from '../../../src/ops/gc/collect-garbage.js';
import { alteredDisk } from '../../helpers/altered-disk.js';
import { HS_PROGRAM } from '../../helpers/hs.js';
import { indexFiles } from '../../helpers/index-dir.js';
import { because, whyNotMount } from '../../helpers/ordinary-user.js';
import { tmp } from '../../helpers/tmp.js';
import { makeStore, putFile } from './helpers.js';

const full = alteredDisk(nodeDisk(), { space: async () => ({ type: 0, freeBytes: 4096 }) });

it('a collection on a full disk uses the space of the index', async () => {
  const { session, clock, open } = await makeStore({ useIndex: true });
  await putFile(session, { ttl: 1 });
  await session.close();
  const [index] = indexFiles(session.store.local.directory, 'root') as [string];
  expect(existsSync(index)).toBe(true);
  clock.pass(2);
  const reader = await open({ disk: full });
  expect((await reader.catalog()).counts.live).toBe(1);
  expect(existsSync(index)).toBe(true);
  await reader.close();
  const short = await open({ disk: full });
  expect((await collect(short)).outcome.plan.header.pruned).toBe(1);
  await short.close();
  expect(existsSync(index)).toBe(false);
});

/** In a mount namespace of its own: a store on a tmpfs of 2 MiB, filled to its last byte, is collected. */
const SCRIPT = `set -e
mount -t tmpfs -o size=2m none "$1"
cd "$1"
hs() { "$NODE" "$HS" "$@"; }
hs init
hs put "$2" --name old --ttl 0
hs ls >/dev/null
cat /dev/zero >fill 2>/dev/null || :
hs put "$2" --name more && exit 99
hs gc --yes --empty-trash
test -z "$(ls .hsstore/packs)"
rm fill
hs fsck`;

const reallyFull = `a store on a disk that is really full is collected${because(whyNotMount)}`;

it.skipIf(whyNotMount !== undefined)(reallyFull, async () => {
  const dir = await tmp();
  await mkdir(`${dir}/tree`);
  await mkdir(`${dir}/mount`);
  for (let i = 0; i < 100; i++) await writeFile(`${dir}/tree/f${i}`, `file ${i} `.repeat(500));
  const args = ['-m', 'sh', '-c', SCRIPT, 'sh', `${dir}/mount`, `${dir}/tree`];
  const env = { ...process.env, NODE: process.execPath, HS: HS_PROGRAM, XDG_STATE_HOME: `${dir}/state` };
  const { status, stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8', env });
  expect([status, stderr]).toEqual([0, expect.stringContaining('no space left')]);
  expect(stdout).toContain('removed 1 artifact');
});
