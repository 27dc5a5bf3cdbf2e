import { describe, expect, it } from 'vitest';
import type { ExportRecord } from '../../../src/core/ledger/entry-types.js';
import { exportArtifact } from '../../../src/ops/export/export.js';
import { appendNote } from '../../../src/ops/govern/ledger-note.js';
import { put } from '../../../src/ops/put/put.js';
import { openTestSession, testStore } from '../../helpers/store.js';
import { SimDisk, type SimOptions } from '../../sim/sim-disk.js';

const OPTIONS = { useIndex: false } as const;

interface Scenario {
  readonly what: string;
  readonly kind: 'file' | 'tree';
  readonly force: boolean;
  readonly lacks?: SimOptions['lacks'];
  readonly isRefused?: boolean;
}

const SCENARIOS: readonly Scenario[] = [
  { what: 'a new file', kind: 'file', force: false },
  { what: 'a replaced file', kind: 'file', force: true },
  { what: 'a new tree', kind: 'tree', force: false },
  { what: 'a replaced tree', kind: 'tree', force: true },
  {
    what: 'a replaced tree, where names cannot be exchanged,',
    kind: 'tree',
    force: true,
    lacks: ['exchange'],
  },
];

/** A store with an old and a new artifact, the old one exported already when it is to be replaced. */
async function prepare({ kind, force, lacks, isRefused }: Scenario): Promise<SimDisk> {
  const sim = new SimDisk(lacks === undefined ? {} : { lacks });
  for (const dir of ['/w', '/out', '/home']) sim.plant.dir(dir);
  for (const version of ['old', 'new']) {
    sim.plant.file(`/src/${version}/a.txt`, version);
    sim.plant.file(`/src/${version}/sub/${version}.txt`, 'same');
  }
  const session = await testStore('/w', { disk: sim.process('init'), ...OPTIONS });
  for (const version of ['old', 'new']) {
    const path = kind === 'file' ? `/src/${version}/a.txt` : `/src/${version}`;
    const high = isRefused === true && version === 'new';
    await put(session, [{ path }], { name: version, ...(high ? { classification: 'high', ttl: 1 } : {}) });
  }
  if (force) await runExport(sim, 'old', false);
  await session.close();
  sim.settle();
  return sim;
}

async function runExport(sim: SimDisk, artifact: string, force: boolean): Promise<void> {
  const session = await openTestSession('/w', { disk: sim.process('export'), ...OPTIONS });
  await exportArtifact(session, {
    artifact,
    place: { kind: 'path', path: '/out/dest' },
    force,
    target: { kind: 'platform', platform: 'ci' },
    displayProjectionRef: 'view:1',
  });
}

/** The next writing command, and what the ledger then says of exports of the new artifact. */
async function nextCommand(
  sim: SimDisk,
): Promise<{ decided: number; records: ExportRecord[]; journals: number }> {
  const session = await openTestSession('/w', { disk: sim.process('next'), ...OPTIONS });
  await appendNote(session, 'next');
  const catalog = await session.catalog();
  const wanted = (await catalog.named('new').all())[0]!.content_hash;
  const records: ExportRecord[] = [];
  let decided = 0;
  for await (const { entry } of session.store.ledger.walk()) {
    if (entry.type === 'export_decided') decided++;
    if (entry.type !== 'export_record') continue;
    const record = (await session.store.payloadOf(entry)) as ExportRecord;
    if (record.source_hashes.includes(wanted)) records.push(record);
    decided--;
  }
  return { decided, records, journals: (await session.store.leases.list()).length };
}

function outside(sim: SimDisk): string {
  return sim
    .tree('/out')
    .map((path) => (path.endsWith('/') ? path : `${path}=${sim.text(path)}`))
    .join('\n');
}

async function idle(sim: SimDisk): Promise<void> {
  for (let quiet = 0, before = -1; quiet < 3; quiet = before === sim.operations ? quiet + 1 : 0) {
    before = sim.operations;
    await new Promise(setImmediate);
  }
}

describe('an export from a store', () => {
  it('that was published is done although its temporary name cannot be removed, which the next command does', async () => {
    const sim = await prepare(SCENARIOS[0]!);
    const mend = sim.inject(({ operation, path }) =>
      operation === 'unlink' && path.includes('.hs-tmp-') ? { fail: 'EIO' } : undefined,
    );
    await runExport(sim, 'new', false);
    mend();
    expect(sim.tree('/out')).toHaveLength(2);
    const { records, journals } = await nextCommand(sim);
    expect(records).toMatchObject([{ outcome: 'done', warnings: [expect.stringContaining('EIO')] }]);
    expect([sim.tree('/out'), sim.text('/out/dest'), journals]).toEqual([['/out/dest'], 'new', 0]);
  });

  for (const scenario of SCENARIOS) {
    for (const [death, at, step] of [
      ['SIGKILL', 'killAt', 1],
      // Every point of the door itself is cut in test/ops/materialize; here, what the store adds.
      ['a power cut', 'crashAt', 3],
    ] as const) {
      it(`of ${scenario.what} is old or new and on record after ${death} at any operation`, async () => {
        const base = await prepare(scenario);
        // All of it is durable, so that after a power cut it is the same disk again.
        const fresh = (seed: number) => base.afterCrash(seed);
        const probe = fresh(0);
        const before = outside(probe);
        const from = probe.operations;
        await runExport(probe, 'new', scenario.force);
        const operations = probe.operations - from;
        const after = outside(probe);
        const ends = new Set<string>();
        const first = probe.trace.findIndex((o) => o.n > from && o.operation === 'open:create');
        expect(first).toBeGreaterThan(0);
        for (let n = probe.trace[first]!.n - from; n <= operations; n += step) {
          const sim = fresh(n);
          sim[at](n);
          runExport(sim, 'new', scenario.force).catch(() => {});
          await idle(sim);
          const { decided, records, journals } = await nextCommand(sim);
          const end = outside(sim);
          const said = `${death} at operation ${n} of ${operations}`;
          expect([before, after], said).toContain(end);
          // Each decision has its record, and it says what is really there.
          expect([decided, journals], said).toEqual([0, 0]);
          expect(records.length, said).toBeLessThanOrEqual(1);
          if (end === after) expect(records[0]?.outcome, said).toBe('done');
          else if (records[0] !== undefined) expect(records[0].outcome, said).toBe('interrupted');
          for (const record of records) {
            const {
              export_target_kind: kind,
              export_platform: platform,
              display_projection_ref: ref,
            } = record;
            expect([kind, platform, ref], said).toEqual(['platform', 'ci', 'view:1']);
          }
          ends.add(end);
        }
        expect(ends).toEqual(new Set([before, after]));
      });
    }
  }

  for (const scenario of [
    ...SCENARIOS,
    { what: 'what is refused', kind: 'file', force: false, isRefused: true },
  ] as const) {
    it(`of ${scenario.what} is old or new and on record after a failure of any operation`, async () => {
      const base = await prepare(scenario);
      const probe = base.afterCrash(0);
      const before = outside(probe);
      const from = probe.operations;
      await runExport(probe, 'new', scenario.force).catch(() => {});
      const operations = probe.operations - from;
      const after = outside(probe);
      for (let n = 1; n <= operations; n++) {
        const { operation, path } = probe.trace.find((o) => o.n === from + n)!;
        // A directory is only read: closing it cannot fail.
        if (operation === 'dir.close') continue;
        const sim = base.afterCrash(n);
        sim.failAt(n, 'EIO');
        await runExport(sim, 'new', scenario.force).catch(() => {});
        const { decided, records, journals } = await nextCommand(sim);
        const end = outside(sim);
        const said = `EIO at operation ${n}: ${operation} '${path}'`;
        expect([before, after], said).toContain(end);
        expect([decided, journals], said).toEqual([0, 0]);
        if (scenario.isRefused)
          expect(
            records.map((r) => r.outcome),
            said,
          ).not.toContain('interrupted');
        else if (end === after)
          expect(
            records.map((r) => r.outcome),
            said,
          ).toEqual(['done']);
        else
          expect(
            records.map((r) => r.outcome),
            said,
          ).not.toContain('done');
      }
    });
  }
});
