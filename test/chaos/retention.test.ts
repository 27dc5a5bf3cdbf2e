import { expect, it } from 'vitest';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import type { Session } from '../../src/ops/session/session.js';
import { MemoryStores } from '../../src/store/memory/memory-stores.js';
import { chaos, elsewhereIn } from '../ops/gc/chaos.js';
import { IMPATIENT } from '../ops/gc/helpers.js';

const SECONDS = Number(process.env.HS_CHAOS_SECONDS ?? 10);
/** Ends once there are so many commits, if the seconds are not over before. */
const COMMITS = Number(process.env.HS_CHAOS_COMMITS ?? Number.POSITIVE_INFINITY);
const FIRST_SEED = Number(process.env.HS_CHAOS_SEED ?? 100);

it.each([
  ['on a simulated disk', () => undefined],
  ['in memory', () => elsewhereIn(new MemoryStores())],
])(
  'four writers and a collector %s, killed at random, lose nothing for minutes',
  async (where, elsewhere) => {
    const end = performance.now() + SECONDS * 1000;
    const totals = { seeds: 0, operations: 0, kills: 0, commits: 0, collections: 0, checks: 0 };
    for (let seed = FIRST_SEED; performance.now() < end && totals.commits < COMMITS; seed++) {
      const collector = (session: Session) => collect(session, { emptyTrash: true, patience: IMPATIENT });
      const result = await chaos(seed, 5_000 + ((seed * 7919) % 20_000), collector, elsewhere());
      expect(result.lost, `seed ${seed}`).toEqual([]);
      totals.seeds++;
      totals.operations += result.operations;
      totals.kills += result.kills;
      totals.commits += result.commits;
      totals.collections += result.collections;
      totals.checks += result.checks;
    }
    console.log(`retention chaos ${where}, from seed ${FIRST_SEED}:`, totals);
  },
);
