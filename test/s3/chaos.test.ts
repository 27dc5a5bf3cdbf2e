import { expect, it } from 'vitest';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import { type Collector, chaos } from '../ops/gc/chaos.js';
import { IMPATIENT } from '../ops/gc/helpers.js';
import { deleteByAge, onBadNetwork, withoutEpochs } from './chaos-on-fake.js';

const OPERATIONS = 12_000;
const PATIENCE_MS = 600_000;
const real: Collector = (session) => collect(session, { emptyTrash: true, patience: IMPATIENT });

it(
  'writers and a collector on machines of their own, killed at random over a bad network, lose nothing',
  async () => {
    const totals = { kills: 0, collections: 0, commits: 0 };
    for (let seed = 1; seed <= 2; seed++) {
      const network = onBadNetwork(seed);
      const result = await chaos(seed, OPERATIONS, real, network);
      expect(result.lost, `seed ${seed}`).toEqual([]);
      totals.kills += result.kills;
      totals.collections += result.collections;
      totals.commits += result.commits;
    }
    expect(totals.kills).toBeGreaterThan(10);
    expect(totals.commits).toBeGreaterThan(20);
  },
  PATIENCE_MS,
);

it(
  'the same with names used again loses data: the harness bites',
  async () => {
    let lost = 0;
    for (let seed = 1; seed <= 15 && lost === 0; seed += 2) {
      lost += (await chaos(seed, OPERATIONS, real, onBadNetwork(seed, withoutEpochs))).lost.length;
    }
    expect(lost).toBeGreaterThan(0);
  },
  PATIENCE_MS,
);

it(
  'the same with a collector that deletes by age, and condemns nothing, loses data: the harness bites',
  async () => {
    let lost = 0;
    for (let seed = 1; seed <= 15 && lost === 0; seed += 2) {
      const network = onBadNetwork(seed);
      lost += (await chaos(seed, OPERATIONS, deleteByAge(network, 30), network)).lost.length;
    }
    expect(lost).toBeGreaterThan(0);
  },
  PATIENCE_MS,
);
