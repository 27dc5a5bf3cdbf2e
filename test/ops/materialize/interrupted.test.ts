import { describe, expect, it } from 'vitest';
import { toSafePath } from '../../../src/core/paths/safe-path.js';
import { materialize } from '../../../src/ops/materialize/materialize.js';
import type { StagingRecord } from '../../../src/ops/materialize/staging-journal.js';
import type { PayloadSource } from '../../../src/ops/payload/payload-source.js';
import { recoverStaging } from '../../../src/ops/recovery/finish-staging.js';
import { SimDisk, type SimOptions } from '../../sim/sim-disk.js';
import { filePayload, sha256, treePayload } from './payloads.js';

const OLD = { 'a.txt': 'old a', 'sub/b.txt': 'old b', 'sub/gone.txt': 'old' };
const NEW = { 'a.txt': 'new a', 'sub/b.txt': 'new b', 'sub/deep/c.txt': 'new', 'x.sh*': 'run' };

interface Scenario {
  readonly what: string;
  readonly payload: PayloadSource;
  readonly force: boolean;
  readonly lacks?: SimOptions['lacks'];
}

const SCENARIOS: readonly Scenario[] = [
  { what: 'a new file', payload: filePayload('new'), force: false },
  { what: 'a new file without hard links', payload: filePayload('new'), force: false, lacks: ['link'] },
  { what: 'a replaced file', payload: filePayload('new'), force: true },
  { what: 'a new tree', payload: treePayload(NEW), force: false },
  { what: 'a replaced tree', payload: treePayload(NEW), force: true },
  { what: 'a replaced tree without exchange', payload: treePayload(NEW), force: true, lacks: ['exchange'] },
];

/** The bytes of everything below /out, with what is staged under its real name. */
function stateOf(sim: SimDisk): string {
  return sim
    .tree('/out')
    .map((path) => (path.endsWith('/') ? path : `${path}=${sim.text(path)}`))
    .join('\n');
}

function prepare({ payload, force, lacks }: Scenario): SimDisk {
  const sim = new SimDisk(lacks === undefined ? {} : { lacks });
  sim.plant.dir('/out');
  sim.plant.dir('/home');
  if (force && payload.type === 'file') sim.plant.file('/out/dest', 'old');
  if (force && payload.type === 'directory') {
    sim.plant.dir('/out/dest/sub');
    for (const [path, text] of Object.entries(OLD)) sim.plant.file(`/out/dest/${path}`, text);
  }
  return sim;
}

async function run(sim: SimDisk, scenario: Scenario, journal: (r: StagingRecord) => void): Promise<void> {
  let n = 0;
  const old = new Set(Object.entries(OLD).map(([path, text]) => `${path} ${sha256(text)}`));
  await materialize(
    sim.process('hs'),
    scenario.payload,
    { root: '/out', path: toSafePath('dest') },
    {
      force: scenario.force,
      recorded: async () => ({ has: (path, hash) => old.has(`${path} ${hash}`), isOneUnderWay: false }),
      protect: { cwd: '/home' },
      random: { uuid: () => '', hex: () => String(n++).padStart(32, '0') },
      journal: async (record) => journal(record),
    },
  );
}

/** Runs until it is over or, killed, will never be. */
async function begin(sim: SimDisk, scenario: Scenario): Promise<StagingRecord | undefined> {
  let last: StagingRecord | undefined;
  run(sim, scenario, (record) => {
    last = record;
  }).catch(() => {});
  await idle(sim);
  return last;
}

async function idle(sim: SimDisk): Promise<void> {
  for (let before = -1; before !== sim.operations; ) {
    before = sim.operations;
    await new Promise(setImmediate);
  }
}

async function points(scenario: Scenario): Promise<{ count: number; before: string; after: string }> {
  const sim = prepare(scenario);
  const before = stateOf(sim);
  await run(sim, scenario, () => {});
  return { count: sim.operations, before, after: stateOf(sim) };
}

describe('an export that is killed', () => {
  for (const scenario of SCENARIOS) {
    for (const [death, at] of [
      ['SIGKILL', 'killAt'],
      ['a power cut', 'crashAt'],
    ] as const) {
      it(`leaves ${scenario.what} old or new after ${death} at any operation`, async () => {
        const { count, before, after } = await points(scenario);
        const ends = new Set<string>();
        for (let n = 1; n <= count; n++) {
          const sim = prepare(scenario);
          sim[at](n);
          const record = await begin(sim, scenario);
          const next = sim.process('next');
          const recovered = record && (await recoverStaging(next, record));
          const end = stateOf(sim);
          expect([before, after], `${death} at operation ${n}`).toContain(end);
          expect(recovered?.published ?? false, `what is recorded after ${n}`).toBe(end === after);
          ends.add(end);
        }
        expect(ends).toEqual(new Set([before, after]));
      });
    }
  }

  it.each(SCENARIOS.slice(-2))(
    'of $what is settled when the next command is killed while it recovers',
    async (scenario) => {
      const { count, before, after } = await points(scenario);
      for (let n = 1; n <= count; n += 2) {
        for (let m = 1; m < 40; m += 3) {
          const sim = prepare(scenario);
          sim.killAt(n);
          const record = await begin(sim, scenario);
          if (record === undefined) continue;
          const target = sim.operations + m;
          const end = sim.inject(({ n: at }) => (at === target ? 'kill' : undefined));
          recoverStaging(sim.process('second'), record).catch(() => {});
          await idle(sim);
          end();
          await recoverStaging(sim.process('third'), record);
          expect([before, after]).toContain(stateOf(sim));
        }
      }
    },
  );
});

it.each(SCENARIOS)('an export of $what that ended leaves the new alone in a power cut', async (scenario) => {
  const { after } = await points(scenario);
  const sim = prepare(scenario);
  sim.settle();
  await run(sim, scenario, () => {});
  for (let seed = 0; seed < 40; seed++) expect(stateOf(sim.afterCrash(seed)), `seed ${seed}`).toBe(after);
});

describe('a file written while a tree was being replaced', () => {
  const [, , , , exchanged, renamed] = SCENARIOS;

  for (const [how, scenario, published] of [
    ['an exchange', exchanged!, 'exchange'],
    ['two renames', renamed!, 'renameNoReplace'],
  ] as const) {
    /** Killed right after the new tree has its name; `mine.txt` came after the old one was looked at. */
    async function killed(): Promise<{ sim: SimDisk; record: StagingRecord }> {
      const sim = prepare(scenario);
      let replacing = false;
      sim.inject(({ process, operation }) => {
        if (process !== 'hs') return undefined;
        if (replacing) return 'kill';
        if (operation !== published) return undefined;
        const old = sim.exists('/out/dest') ? '/out/dest' : `/out/${waiting(sim)}`;
        sim.plant.file(`${old}/mine.txt`, 'precious');
        replacing = true;
        return undefined;
      });
      const record = await begin(sim, scenario);
      return { sim, record: record! };
    }
    const waiting = (sim: SimDisk) =>
      /\/out\/([^/]+)\/sub\/gone\.txt/.exec(sim.tree('/out').join('\n'))?.[1] ?? 'nothing';

    it(`is kept by the next command after ${how}, which says where`, async () => {
      const { sim, record } = await killed();
      for (let again = 0; again < 2; again++) {
        const { published, kept } = await recoverStaging(sim.process('next'), record);
        const name = waiting(sim);
        expect([published, name]).toEqual([true, expect.stringMatching(/^dest\.hs-saved-/)]);
        expect(kept).toBe(again === 0 ? `/out/${name}` : undefined);
        expect(sim.text(`/out/${name}/mine.txt`)).toBe('precious');
        expect(sim.tree('/out').filter((path) => path.includes('.hs-tmp-'))).toEqual([]);
      }
    });

    it(`is kept after ${how} also where the journal does not say what was there`, async () => {
      const { sim, record } = await killed();
      const { replaced: _, discard: __, ...older } = record;
      await recoverStaging(sim.process('next'), older);
      expect(sim.text(`/out/${waiting(sim)}/mine.txt`)).toBe('precious');
      expect(waiting(sim)).toMatch(/^dest\.hs-saved-/);
    });
  }
});

describe('an export that fails', () => {
  for (const scenario of SCENARIOS) {
    for (const code of ['ENOSPC', 'EIO']) {
      it(`leaves ${scenario.what} old or new, and nothing else, after ${code} at any operation`, async () => {
        const { count, before, after } = await points(scenario);
        for (let n = 1; n <= count; n++) {
          const sim = prepare(scenario);
          let last: StagingRecord | undefined;
          sim.failAt(n, code);
          const failed = await run(sim, scenario, (r) => {
            last = r;
          }).then(
            () => false,
            () => true,
          );
          if (failed && last !== undefined) await recoverStaging(sim.process('next'), last);
          // An old tree that cannot be removed is a warning: the new one stands.
          const end = stateOf(sim)
            .split('\n')
            .filter((line) => failed || !line.includes('.hs-tmp-'))
            .join('\n');
          expect(failed ? [before, after] : [after], `${code} at operation ${n}`).toContain(end);
        }
      });
    }
  }
});
