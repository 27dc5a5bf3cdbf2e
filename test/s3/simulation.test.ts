import { beforeAll, expect, it } from 'vitest';
import { loadEverything } from '../sim/repeatable.js';
import { deleteByAge, withoutEpochs } from './sim/losers.js';
import { type S3SimOptions, simulateS3 } from './sim/simulate-s3.js';

const SEEDS = 4;
const COMMITS = 100;
const MOST_SEEDS = 20;
const PATIENCE_MS = 600_000;

beforeAll(loadEverything, PATIENCE_MS);

it(
  'machines that share stores over a bad network, paused and killed at any request, lose nothing',
  async () => {
    const totals = { commits: 0, acknowledged: 0, condemned: 0, deletes: 0, kills: 0, pauses: 0, live: 0 };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const restMs = seed % 2 === 0 ? 60_000 : 3_000;
      const run = await simulateS3(seed, { commits: COMMITS, restMs });
      expect(run.violations, `npm run sim:s3 -- --seed ${seed} --length ${COMMITS} --rest ${restMs}`).toEqual(
        [],
      );
      for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += run[key];
    }
    for (const count of Object.values(totals)) expect(count).toBeGreaterThan(SEEDS);
  },
  PATIENCE_MS,
);

it(
  'machines whose ledger comes to have a segment write it, begin with it, and lose nothing',
  async () => {
    let [written, read] = [0, 0];
    for (let seed = 1; seed <= 3; seed++) {
      const { violations, trace } = await simulateS3(seed, { commits: COMMITS, isLong: true });
      expect(violations).toEqual([]);
      const isSegment = (line: string) => line.includes('/some/prefix/ledger-seg/0000000000: 200');
      written += trace.filter((line) => line.includes(' PUT ') && isSegment(line)).length;
      read += trace.filter((line) => line.includes(' GET ') && isSegment(line)).length;
    }
    expect(written).toBeGreaterThan(0);
    expect(read).toBeGreaterThan(0);
  },
  PATIENCE_MS,
);

it(
  'a seed is the same run each time',
  async () => {
    const { trace, ...rest } = await simulateS3(7, { commits: 60 });
    const { trace: again, ...same } = await simulateS3(7, { commits: 60 });
    expect(same).toEqual(rest);
    expect(again).toEqual(trace);
  },
  PATIENCE_MS,
);

async function lossesWith(options: S3SimOptions): Promise<number> {
  for (let seed = 1; seed <= MOST_SEEDS; seed++) {
    const { lost } = await simulateS3(seed, { commits: 150, restMs: 3_000, isStrict: false, ...options });
    if (lost > 0) return lost;
  }
  return 0;
}

it(
  'the same with names used again loses data: the harness bites',
  async () => expect(await lossesWith({ change: withoutEpochs })).toBeGreaterThan(0),
  PATIENCE_MS,
);

it(
  'the same with a collector that deletes by age, and condemns nothing, loses data: the harness bites',
  async () => expect(await lossesWith({ collector: deleteByAge(30) })).toBeGreaterThan(0),
  PATIENCE_MS,
);
