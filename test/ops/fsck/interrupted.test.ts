import { describe, expect, it } from 'vitest';
import type { Disk } from '../../../src/fsx/disk.js';
import { fsck } from '../../../src/ops/fsck/fsck.js';
import { treeSource } from '../../../src/ops/fsck/repair-source.js';
import { removeArtifacts } from '../../../src/ops/gc/remove-artifacts.js';
import { put } from '../../../src/ops/put/put.js';
import { openTestSession, TINY_PACKS, testStore } from '../../helpers/store.js';
import { forgetful } from '../../sim/forgetful-disk.js';
import { Rng, seededRandom } from '../../sim/rng.js';
import { SimDisk } from '../../sim/sim-disk.js';
import { FSCK, idOf, REPAIR } from './sample-store.js';

const WORK = '/w';
const ROOT = `${WORK}/.hsstore`;
/** What only looks changes nothing: dying before it is dying before what comes next. */
const LOOKS =
  /^(open:read|openDir|readFile|find|lstat|stat|readdir|readlink|realpath|space|file\.read|file\.stat|file\.close|dir\..*)$/;

const [LOST, MISPLACED, DAMAGED, ALONE] = ['is lost', 'is in the trash', 'is damaged', 'has no copy'];
const DAMAGE = `D${ALONE.slice(1)}`;

const optionsOf = (packs: boolean) => ({
  useIndex: false,
  compresses: false,
  clock: { now: () => Date.parse('2026-06-01T00:00:00.000Z') },
  ...(packs && { packLimits: TINY_PACKS }),
});

/**
 * A store with an object that is damaged, and one of which there is no copy; in files also one that is lost, and one in
 * the trash.
 */
async function damaged(packs: boolean): Promise<SimDisk> {
  const sim = new SimDisk();
  sim.plant.dir(WORK);
  for (const text of [LOST, MISPLACED, DAMAGED, ALONE]) sim.plant.file(`/src/${text}`, text);
  sim.plant.file('/src/gone', 'gone');
  const disk = sim.process('init');
  const options = { ...optionsOf(packs), disk, random: seededRandom(new Rng(1)) };
  const session = await testStore(WORK, options);
  const [gone] = await put(session, [{ path: '/src/gone' }], {});
  await removeArtifacts(session, new Set([gone!.artifactId]));
  for (const text of [LOST, MISPLACED, DAMAGED, ALONE]) await put(session, [{ path: `/src/${text}` }], {});
  await session.close();
  const at = (text: string) => {
    const id = idOf(text);
    return sim.tree(ROOT).find((path) => path.endsWith(id)) ?? packWith(sim, text);
  };
  const spoil = (text: string) => {
    const path = at(text);
    const bytes = Buffer.from(sim.read(path));
    bytes.write('D', bytes.indexOf(text));
    sim.plant.file(path, bytes);
  };
  if (!packs) {
    const [batch] = sim.tree(`${ROOT}/trash`);
    await disk.rename(at(MISPLACED), `${batch}${idOf(MISPLACED)}`);
    await disk.unlink(at(LOST));
  }
  spoil(DAMAGED);
  spoil(ALONE);
  await disk.unlink(`/src/${ALONE}`);
  sim.settle();
  return sim;
}

function packWith(sim: SimDisk, text: string): string {
  const packs = sim.tree(ROOT).filter((path) => path.endsWith('.pack'));
  return packs.find((path) => Buffer.from(sim.read(path)).includes(text))!;
}

async function repair(disk: Disk, packs: boolean, seed = 2) {
  const session = await openTestSession(WORK, {
    ...optionsOf(packs),
    disk,
    random: seededRandom(new Rng(seed)),
  });
  const report = await fsck(session, REPAIR, treeSource(session, '/src'));
  await session.close();
  return report;
}

/** What is not mended, but for what cannot be. */
async function unmended(sim: SimDisk, packs: boolean): Promise<string[]> {
  const session = await openTestSession(WORK, { ...optionsOf(packs), disk: sim.process('reader') });
  const { findings } = await fsck(session, FSCK);
  // The next writing command removes what a lease left.
  const told = findings.filter(({ severity }) => severity !== 'leftover').map((f) => f.message);
  const wrong = told.filter((message) => !message.includes(`is missing: object ${idOf(ALONE)}`));
  for (const text of [LOST, MISPLACED, DAMAGED])
    if (!(await session.store.objects.isSound(idOf(text)))) wrong.push(`cannot read what ${text}`);
  await session.close();
  // Never deleted, whatever became of it.
  const kept = sim.tree(ROOT).filter((path) => !path.endsWith('/'));
  if (!kept.some((path) => Buffer.from(sim.read(path)).includes(DAMAGE)))
    wrong.push('deleted what is damaged');
  return wrong;
}

describe.each([
  ['files', false, ['bring-back', 'restore', 'restore', 'set-aside']],
  ['packs', true, ['restore', 'set-aside']],
])('a repair of %s', { timeout: 300_000 }, async (_, packs, actions) => {
  const before = await damaged(packs);

  it('that dies at any change is finished by the next', async () => {
    const probe = before.afterCrash(1);
    const first = probe.operations;
    const { repairs } = await repair(probe.process('repair'), packs);
    expect(repairs.map((r) => `${r.action} ${r.state}`).sort()).toEqual(actions.map((a) => `${a} done`));
    const changes = probe.trace
      .filter((t) => t.n > first && !LOOKS.test(t.operation))
      .map((t) => t.n - first);
    expect(changes.length).toBeGreaterThan(40);
    for (const [i, n] of changes.entries()) {
      const sim = before.afterCrash(1);
      const isCut = i % 2 === 1;
      if (isCut) sim.crashAt(n);
      else sim.killAt(n);
      const process = sim.process('repair');
      expect((await process.run(() => repair(process, packs))).status).toBe('killed');
      const after = isCut ? sim.afterCrash(n) : sim;
      await repair(after.process('again'), packs, 3);
      expect(await unmended(after, packs), `operation ${n}`).toEqual([]);
      for (const dir of ['tmp', 'leases']) expect(after.tree(`${ROOT}/${dir}`)).toEqual([]);
    }
  });

  it('that was acknowledged survives a power cut, and without fsync would not', async () => {
    const [sim, careless] = [before.afterCrash(1), before.afterCrash(1)];
    await repair(sim.process('repair'), packs);
    await repair(forgetful(careless.process('repair')), packs);
    let lost = 0;
    for (let seed = 0; seed < 5; seed++) {
      expect(await unmended(sim.afterCrash(seed), packs)).toEqual([]);
      const wrong = await unmended(careless.afterCrash(seed), packs).catch(() => ['cannot be opened']);
      if (wrong.length > 0) lost += 1;
    }
    expect(lost).toBeGreaterThan(0);
  });
});
