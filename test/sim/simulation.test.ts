import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tmp } from '../helpers/tmp.js';
import type { SeedsReport } from './run-seeds.js';

const ROOT = join(import.meta.dirname, '../..');
/** Some dozen; once in CI, 2,000. */
const SEEDS = Number(process.env.HS_SIM_SEEDS ?? 24);
/** From so many on, what never happened has been lost. */
const MANY = 2000;
const LEAST_TRIPLES = 400;
/** Of the pairs of call and fault: which of them are rare changes with every change of the code. */
const MOST_MISSING = 1 / 20;

/** `npm run sim` with these options: its exit status and its output. */
async function sim(...options: string[]) {
  const child = spawn(process.execPath, [join(ROOT, 'scripts/sim.mjs'), ...options], { cwd: ROOT });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, output };
}

async function report(...options: string[]): Promise<SeedsReport> {
  const { output } = await sim('--json', ...options);
  return JSON.parse(output.trim().split('\n').at(-1)!) as SeedsReport;
}

const triplesOf = ({ triples }: SeedsReport['coverage']) => Object.keys(triples).length;

const never = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [what] : []));

it('commands that fail, stand still, are killed and lose power keep every promise', async () => {
  const { broken, ends, coverage } = await report('--seeds', `${SEEDS}`);
  expect(broken.map((seed) => `npm run sim -- --seed ${seed}`)).toEqual([]);
  expect(ends).toMatchObject({ 'put done': expect.any(Number), 'gc done': expect.any(Number) });
  expect(triplesOf(coverage)).toBeGreaterThan(SEEDS / 4);
  if (SEEDS < MANY) return;
  // Nothing of it can silently stop: each call succeeds and is killed, and calls and phases meet faults.
  for (const call of new Set(Object.keys(coverage.pairs).map((pair) => pair.split(' × ')[0]))) {
    expect(ends[`${call} done`], `${call} done`).toBeGreaterThan(10);
    expect(ends[`${call} killed`], `${call} killed`).toBeGreaterThan(0);
  }
  const missing = never(coverage.pairs);
  expect(missing.length, `${missing}`).toBeLessThan(MOST_MISSING * Object.keys(coverage.pairs).length);
  for (const phase of ['lease', 'staging', 'objects', 'ledger', 'trash', 'index', 'state', 'destination'])
    for (const fault of ['kill', 'EIO', 'power cut'])
      expect(coverage.phases[`${phase} × ${fault}`], `${phase} × ${fault}`).toBeGreaterThan(0);
  expect(triplesOf(coverage)).toBeGreaterThan(LEAST_TRIPLES);
}, 1_800_000);

it('a seed is the same run each time, whatever ran before', async () => {
  const [first, second] = (await report('--seed', '7', '--seeds', '2')).hash.split(' ');
  expect((await report('--seed', '7')).hash).toBe(first);
  expect((await report('--seed', '8')).hash).toBe(second);
  expect(first).not.toBe(second);
}, 600_000);

it('several processes, and a call that goes on behind a log, come to the same as one', async () => {
  const log = join(await tmp(), 'log');
  const sums = async (...options: string[]) => {
    const { seeds, operations, ends, coverage, broken } = await report(...options);
    return { seeds, operations, ends, coverage, broken };
  };
  const once = await sums('--seeds', '6');
  expect(await sums('--seeds', '6', '--jobs', '2')).toEqual(once);
  expect((await sums('--seeds', '4', '--log', log)).seeds).toBe(4);
  expect(await sums('--seeds', '6', '--log', log)).toEqual(once);
}, 600_000);

it('a seed that breaks a promise is printed with as little as still does, and breaks it each time', async () => {
  const mutant = ['--mutant', 'object-not-synced'];
  const { status, output } = await sim(...mutant, '--seeds', '50', '--once');
  expect(status, output).toBe(1);
  const seed = /npm run sim -- --seed (\d+)/.exec(output)![1]!;
  expect(output).toMatch(/^BROKEN: /m);
  expect(output.match(/^job \d+ of /gm)!.length).toBeLessThanOrEqual(4);
  const again = await sim(...mutant, '--seed', seed);
  expect(again.output.split('\nfaults by')[0]).toBe(output.split('\nfaults by')[0]);
}, 1_800_000);
