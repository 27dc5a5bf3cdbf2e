import { describe, expect, it } from 'vitest';
import type { EntryPayload } from '../../../src/core/ledger/entry-types.js';
import { sha256 } from '../../../src/core/objects/hash.js';
import { REPORT_NAME } from '../../../src/core/retention/report.js';
import type { Disk } from '../../../src/fsx/disk.js';
import { readReport } from '../../../src/ops/gc/retention-reports.js';
import { Packs } from '../../../src/store/local/objects/packs.js';
import { readAll } from '../../sim/invariants.js';
import { Rng, seededRandom } from '../../sim/rng.js';
import type { SimDisk } from '../../sim/sim-disk.js';
import { collectOn, IN_FILES, IN_PACKS, makeWorld, openSim, WORK } from './world.js';

/** What only looks changes nothing: dying before it is dying before what comes next. */
const LOOKS =
  /^(open:read|openDir|readFile|lstat|stat|readdir|readlink|realpath|space|file\.read|file\.stat|file\.close|dir\..*)$/;

const bytesOf = (name: string) => sha256(Buffer.from(`bytes of ${name}`));

/** The objects that the store has anywhere, as often as they are there. */
async function objectsIn(sim: SimDisk): Promise<string[]> {
  const found = sim
    .tree(`${WORK}/.hsstore`)
    .filter((path) => /\/(objects|trash)\/.*[0-9a-f]{64}$/.test(path))
    .map((path) => path.slice(-64));
  const reader = sim.process('lister');
  const dirs = [`${WORK}/.hsstore/packs`];
  for (const { name } of await reader.readdir(`${WORK}/.hsstore/trash`))
    dirs.push(`${WORK}/.hsstore/trash/${name}`);
  for (const dir of dirs) {
    for (const { index } of await new Packs(reader, dir).all()) {
      for (const { id } of index.entries()) found.push(id);
    }
  }
  return found;
}

// Hundreds of collections each: where a machine has far too much to do, they take minutes.
describe.each([
  ['files', IN_FILES],
  ['packs', IN_PACKS],
])('a collection of %s that dies', { timeout: 300_000 }, async (_, kept) => {
  const { sim: before, clock, ids } = await makeWorld(kept);
  const open = (disk: Disk) => openSim(disk, clock, kept);
  /** With the same seed, the same operations each time. */
  const collect = (disk: Disk, seed = 1) =>
    collectOn(disk, clock, { ...kept, random: seededRandom(new Rng(seed)) });

  /** The numbers of the operations of a collection, and which of them change something. */
  async function operations(): Promise<number[]> {
    const sim = before.afterCrash(1);
    const first = sim.operations;
    await collect(sim.process('gc'));
    return sim.trace.filter((t) => t.n > first && !LOOKS.test(t.operation)).map((t) => t.n - first);
  }

  /** Everything that must hold once a collection after the interrupted one has finished. */
  async function expectFinished(sim: SimDisk): Promise<void> {
    const session = await open(sim.process('reader'));
    const live = await readAll(session);
    expect(
      live
        .filter((r) => r.kind === 'file')
        .map((r) => r.artifact_id)
        .sort(),
    ).toEqual([ids.pinned, ids.sharing].sort());
    const files = await objectsIn(sim);
    expect(files).not.toContain(bytesOf('secret'));
    expect(files).not.toContain(bytesOf('removed'));
    expect(files).toContain(bytesOf('over'));

    const reports = live.filter((r) => r.name === REPORT_NAME);
    let purged = 0;
    let collections = 0;
    for await (const { entry } of session.store.ledger.walk()) {
      if (entry.type === 'objects_purged')
        purged += (entry.payload as EntryPayload<'objects_purged'>).objects;
      if (entry.type === 'meta.gc_summary') collections++;
    }
    // The removal of the world's making, and one collection, whether or not it was interrupted.
    expect(collections).toBe(2);
    expect(reports).toHaveLength(2);
    for (const { artifact_id } of reports) {
      const { header } = (await readReport(session, artifact_id)).report;
      expect(header.pruned + header.spared + header.failed).toBe(header.scanned);
    }
    // The secret with its manifest, and what was removed before with its own: each told of once.
    expect(purged).toBe(4);
    const batches = sim.tree(`${WORK}/.hsstore/trash`).filter((path) => path.endsWith('/'));
    for (const batch of batches) expect(sim.exists(`${batch}seal.json`)).toBe(true);
  }

  it('is complete or absent at every operation, and the next one continues', async () => {
    const points = await operations();
    expect(points.length).toBeGreaterThan(30);
    for (const n of points) {
      const sim = before.afterCrash(1);
      sim.killAt(n);
      const process = sim.process('gc');
      expect((await process.run(() => collect(process))).status).toBe('killed');
      const session = await open(sim.process('reader'));
      expect((await readAll(session)).map((r) => r.artifact_id)).toContain(ids.pinned);
      await collect(sim.process('again'), 2);
      await expectFinished(sim);
    }
  });

  it('by a power failure loses nothing live', async () => {
    for (const n of await operations()) {
      const cut = before.afterCrash(1);
      cut.crashAt(n);
      const process = cut.process('gc');
      await process.run(() => collect(process));
      for (const seed of [1, 2]) {
        const sim = cut.afterCrash(seed);
        const session = await open(sim.process('reader'));
        expect((await readAll(session)).map((r) => r.artifact_id)).toContain(ids.pinned);
        await collect(sim.process('again'), 2);
        await readAll(await open(sim.process('reader2')));
      }
    }
  });

  it('by a disk error at any operation is reported, and the next one continues', async () => {
    for (const n of await operations()) {
      const sim = before.afterCrash(1);
      sim.failAt(n, 'EIO');
      await collect(sim.process('gc')).catch(() => undefined);
      sim.settle();
      await collect(sim.process('again'), 2);
      const session = await open(sim.process('reader'));
      const live = await readAll(session);
      expect(live.map((r) => r.artifact_id)).toEqual(expect.arrayContaining([ids.pinned, ids.sharing]));
      expect(live.map((r) => r.artifact_id)).not.toContain(ids.over);
    }
  });
});
