import { mkdir, writeFile } from 'node:fs/promises';
import { readJson, remove } from 'fs-extra/esm';
import { expect, it } from 'vitest';
import { makeStore } from '../../bench/scale-store.js';
import { hs, hsEnvironment } from '../helpers/hs.js';
import { testEnvironment } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';

const [SMALL, LARGE] = [500, 50_000];
/** As many entries in both, and few enough operations in each that they are in the entry itself. */
const MOST_IN_ENTRY = 40;

/**
 * At its end the program tells what the kernel counted of it: reads, bytes that were read, and memory (KiB). A thread
 * that wakes another writes once and the other reads once, the oftener the busier the machine is: reads less writes.
 */
const TELL = `process.on('exit', () => {
  const fs = require('node:fs');
  const io = fs.readFileSync('/proc/self/io', 'latin1');
  const [reads, writes, bytes] = ['syscr', 'syscw', 'rchar'].map((name) => Number(new RegExp(name + ': (\\\\d+)').exec(io)[1]));
  const { maxRSS } = process.resourceUsage();
  fs.writeFileSync(process.env.HS_TEST_COST, JSON.stringify({ reads: reads - writes, bytes, kib: maxRSS }));
});`;

interface Cost {
  readonly reads: number;
  readonly bytes: number;
  readonly kib: number;
}

async function makeScaleStore(artifacts: number) {
  const dir = await tmp();
  const env = await hsEnvironment();
  await mkdir(`${dir}/w`);
  await makeStore({
    dir: `${dir}/w`,
    artifacts,
    commits: Math.ceil(artifacts / MOST_IN_ENTRY),
    seed: 1,
    pinned: 20,
    expired: 20,
    env: testEnvironment(dir, env),
  });
  await writeFile(`${dir}/tell.cjs`, TELL);
  await writeFile(`${dir}/one`, 'one');
  const cost = async (...args: string[]): Promise<Cost> => {
    const env = { NODE_OPTIONS: `${YOUNG} --require ${dir}/tell.cjs`, HS_TEST_COST: `${dir}/cost` };
    const { status, stderr } = await hs(args, { cwd: `${dir}/w`, env });
    expect([args, status, stderr.replace(/^hs: put .*\n/, '')]).toEqual([args, 0, '']);
    return await readJson(`${dir}/cost`);
  };
  const first = await cost('ls', '--limit', '1');
  const one = JSON.parse(
    (await hs(['ls', '--limit', '1', '--name', 'exp-*1/model', '--jsonl'], { cwd: `${dir}/w` })).stdout,
  ) as { artifact_id: string; name: string };
  return { dir, cost, first, ...one };
}

type Made = Awaited<ReturnType<typeof makeScaleStore>>;

/** What each costs is that of what it touches, prints or changes. */
const TOUCHES_FEW: Readonly<Record<string, (made: Made) => readonly string[]>> = {
  show: ({ artifact_id }) => ['show', artifact_id],
  resolve: ({ artifact_id }) => ['resolve', artifact_id.slice(0, 13)],
  'a name': ({ name }) => ['ls', '--name', name],
  'a page': () => ['ls', '--limit', '50'],
  'a page of --jsonl': () => ['for-each-artifact', '--jsonl', '--limit', '50'],
  pins: () => ['pins'],
  totals: () => ['du', '--totals'],
  'a log of 50': () => ['log', '--limit', '50'],
  pin: ({ artifact_id }) => ['pin', artifact_id, '--name', 'one'],
  unpin: ({ artifact_id }) => ['unpin', artifact_id, '--name', 'one'],
  put: ({ dir }) => ['put', `${dir}/one`],
  export: ({ artifact_id, dir }) => ['export', artifact_id, `${dir}/out`],
};

const MORE_READS = 150;
const MORE_BYTES = 2 * 1024 * 1024;
/** What looks an object up in the packs, whose indexes are 5 MB here. */
const LOOKS_UP = new Set(['show', 'put', 'export']);
const MORE_LOOKING_BYTES = 1024 * 1024;
const MORE_KIB = 24 * 1024;
/** To fold all of it, and to print all of it. */
const [FOLDING_KIB, PRINTING_KIB] = [200 * 1024, 72 * 1024];
/** As in Node 20: how much garbage V8 lets lie before it looks, which Node 24 doubles, is nothing that hs holds. */
const YOUNG = '--max-semi-space-size=16';

it('costs no more in a store of 50,000 artifacts than in one of 500, unless all of them are looked at', async () => {
  const [small, large] = [await makeScaleStore(SMALL), await makeScaleStore(LARGE)];
  for (const [what, args] of Object.entries(TOUCHES_FEW)) {
    const [a, b] = [await small.cost(...args(small)), await large.cost(...args(large))];
    const more = { reads: b.reads - a.reads, bytes: b.bytes - a.bytes, kib: b.kib - a.kib };
    const mostBytes = LOOKS_UP.has(what) ? MORE_LOOKING_BYTES : MORE_BYTES;
    expect([what, more, more.reads < MORE_READS, more.bytes < mostBytes, more.kib < MORE_KIB]).toEqual([
      what,
      more,
      true,
      true,
      true,
    ]);
  }
  expect(large.first.kib - small.first.kib).toBeLessThan(FOLDING_KIB);
  const [a, b] = [
    await small.cost('for-each-artifact', '--jsonl'),
    await large.cost('for-each-artifact', '--jsonl'),
  ];
  expect(b.kib - a.kib).toBeLessThan(PRINTING_KIB);
  // Folded in parts that were merged: none is lost and none is there twice.
  const { stdout } = await hs(['for-each-artifact', '--format', '%(id)'], { cwd: `${large.dir}/w` });
  const ids = stdout.trimEnd().split('\n');
  expect([ids.length, new Set(ids).size]).toEqual([LARGE + 1, LARGE + 1]);
  await remove(`${large.dir}/w`);
}, 600_000);
