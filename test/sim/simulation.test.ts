import { expect, it } from 'vitest';
import { simulate } from './simulation.js';

const SEEDS = 12;
const OPERATIONS = 1_500;

it('commands that are killed on a disk that fails and loses power keep every promise', async () => {
  const totals = { commands: 0, acknowledged: 0, kills: 0, failures: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const run = await simulate(seed, OPERATIONS);
    expect(run.violations, `npm run sim -- --seed ${seed}`).toEqual([]);
    totals.commands += run.commands;
    totals.acknowledged += run.acknowledged;
    totals.kills += run.kills;
    totals.failures += run.failures;
  }
  for (const count of Object.values(totals)) expect(count).toBeGreaterThan(SEEDS / 2);
}, 600_000);

it('a seed is the same run each time', async () => {
  const { trace, ...rest } = await simulate(7, OPERATIONS);
  const { trace: again, ...same } = await simulate(7, OPERATIONS);
  expect(same).toEqual(rest);
  expect(JSON.stringify(again)).toBe(JSON.stringify(trace));
}, 600_000);
