import { beforeAll, describe, expect, it } from 'vitest';
import { collect } from '../../../src/ops/gc/collect-garbage.js';
import { MemoryStores } from '../../../src/store/memory/memory-stores.js';
import { loadEverything } from '../../sim/repeatable.js';
import { type Collector, chaos, elsewhereIn } from './chaos.js';
import { IMPATIENT } from './helpers.js';
import { markAndDelete, markAndDeleteIn } from './naive-collectors.js';

beforeAll(loadEverything, 300_000);

const OPERATIONS = 10_000;
/** The real one, with a trash window of zero. */
const real: Collector = (session) => collect(session, { emptyTrash: true, patience: IMPATIENT });

it('four writers and a collector, killed at random, lose nothing', async () => {
  let kills = 0;
  let collections = 0;
  for (let seed = 1; seed <= 12; seed++) {
    const result = await chaos(seed, OPERATIONS, real);
    expect(result.lost, `seed ${seed}`).toEqual([]);
    kills += result.kills;
    collections += result.collections;
  }
  expect(kills).toBeGreaterThan(50);
  expect(collections).toBeGreaterThan(10);
}, 300_000);

it.each([
  ['mark-and-delete', markAndDelete(0)],
  ['mark-and-delete with a grace age', markAndDelete(100)],
])('the same with %s loses data: the harness bites', async (_, collector) => {
  let lost = 0;
  for (let seed = 1; seed <= 12 && lost === 0; seed++) {
    lost += (await chaos(seed, OPERATIONS, collector)).lost.length;
  }
  expect(lost).toBeGreaterThan(0);
});

it('a seed is the same world each time', async () => {
  const inMemory = () => chaos(2, STEPS, real, elsewhereIn(new MemoryStores()));
  expect(await inMemory()).toEqual(await inMemory());
  expect(await chaos(2, STEPS, real)).toEqual(await chaos(2, STEPS, real));
}, 300_000);

/** Of a store in memory, where one does more: nothing is opened, synced or closed. */
const STEPS = 3_000;

describe('in memory, behind the same port', () => {
  it('four writers and a collector, killed at random, lose nothing', async () => {
    const totals = { kills: 0, collections: 0, commits: 0 };
    for (let seed = 1; seed <= 12; seed++) {
      const result = await chaos(seed, STEPS, real, elsewhereIn(new MemoryStores()));
      expect(result.lost, `seed ${seed}`).toEqual([]);
      totals.kills += result.kills;
      totals.collections += result.collections;
      totals.commits += result.commits;
    }
    expect(totals.kills).toBeGreaterThan(10);
    expect(totals.collections).toBeGreaterThan(10);
    expect(totals.commits).toBeGreaterThan(300);
  });

  it('the same with mark-and-delete loses data: the harness detects it', async () => {
    let lost = 0;
    for (let seed = 1; seed <= 12 && lost === 0; seed++) {
      const memory = new MemoryStores();
      lost += (await chaos(seed, OPERATIONS, markAndDeleteIn(memory), elsewhereIn(memory))).lost.length;
    }
    expect(lost).toBeGreaterThan(0);
  });
});
