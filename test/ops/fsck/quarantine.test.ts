import { cp, link, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { ArtifactId } from '../../../src/core/objects/ids.js';
import { nodeDisk } from '../../../src/fsx/node-disk.js';
import { fsck } from '../../../src/ops/fsck/fsck.js';
import { storeSource, treeSource } from '../../../src/ops/fsck/repair-source.js';
import { emptyTrash, purgeTrashed } from '../../../src/ops/gc/empty-trash.js';
import { removeArtifacts } from '../../../src/ops/gc/remove-artifacts.js';
import { put } from '../../../src/ops/put/put.js';
import { dropCopies } from '../../../src/store/collector/tidy.js';
import { alteredDisk } from '../../helpers/altered-disk.js';
import { openTestSession } from '../../helpers/store.js';
import { IMPATIENT, makeStore, putFile } from '../gc/helpers.js';
import { FSCK, idOf, overwrite, REPAIR } from './sample-store.js';

type World = Awaited<ReturnType<typeof makeStore>>;
const root = ({ dir }: World) => `${dir}/.hsstore`;
const at = (w: World, text: string) => `${root(w)}/objects/${idOf(text).slice(0, 2)}/${idOf(text)}`;
const textOf = (i: number) => `file ${i} of the tree and more\n`;

/** Puts a tree whose files are in one pack; returns its id and the path of that pack. */
async function putTree(w: World, name = 'tree') {
  const path = `${w.dir}/${name}`;
  await mkdir(path);
  for (let i = 0; i < 40; i++) await writeFile(`${path}/${i}`, textOf(i));
  const [made] = await put(w.session, [{ path }], { name });
  const [pack] = await readdir(`${root(w)}/packs`);
  return { id: made!.artifactId, pack: `${root(w)}/packs/${pack}` };
}

/** Flips a bit of the pack there. */
async function flip(pack: string, where: (bytes: Buffer) => number) {
  const bytes = await readFile(pack);
  bytes[where(bytes)]! ^= 1;
  await overwrite(pack, bytes);
}

/** Repairs with what a copy of the store has, until there is nothing to repair. */
async function repair(w: World, copy?: string) {
  for (let round = 0; round < 3; round++) {
    const session = await w.open({ unchecked: true });
    const from = copy && (await storeSource(await openTestSession(copy, { useIndex: false })));
    if ((await fsck(session, REPAIR, from || undefined)).repairs.length === 0) return;
  }
}

async function purge(w: World, id: ArtifactId) {
  return (await removeArtifacts(await w.open(), new Set([id]), { purge: true, patience: IMPATIENT }))
    .unpurged;
}

it('calls no purge complete while the quarantine may hold the bytes', async () => {
  const w = await makeStore();
  await putTree(w);
  const id = await putFile(w.session, { content: 'a secret' });
  const other = await putFile(w.session, { content: 'another' });
  await overwrite(at(w, 'a secret'), 'b secret');
  await repair(w);
  // The damaged copy is of one object.
  expect(await purge(w, other)).toBeUndefined();
  const unpurged = await purge(w, id);
  expect(unpurged).toMatchObject({ code: 'PARTIAL', message: expect.stringContaining('/quarantine') });
  expect(unpurged!.hint).toContain(`rm -rf '${root(w)}/quarantine'`);
});

it.each(['the block', 'the index'])('looks into a quarantined pack of which %s is damaged', async (what) => {
  const w = await makeStore();
  const { id, pack } = await putTree(w);
  const copy = `${w.dir}/copy`;
  await cp(root(w), `${copy}/.hsstore`, { recursive: true });
  await flip(pack, (bytes) =>
    what === 'the block' ? 20 : bytes.indexOf(Buffer.from(idOf(textOf(7)), 'hex')) + 31,
  );
  await repair(w);
  await repair(w, copy);
  expect((await fsck(await w.open(), FSCK)).ok).toBe(true);
  const other = await purge(w, await putFile(w.session, { content: 'another' }));
  // Nobody knows what a damaged index does not list.
  expect(other?.code).toBe(what === 'the block' ? undefined : 'PARTIAL');
  expect((await purge(w, id))?.code).toBe('PARTIAL');
  await rm(`${root(w)}/quarantine`, { recursive: true, force: true });
  expect(await purge(w, await putFile(w.session, { content: 'a third' }))).toBeUndefined();
});

it('empties the trash in part while the quarantine may hold what was there', async () => {
  const w = await makeStore();
  const id = await putFile(w.session, { content: 'a secret' });
  const other = await putFile(w.session, { content: 'another' });
  await overwrite(at(w, 'a secret'), 'b secret');
  await repair(w);
  await removeArtifacts(w.session, new Set([id, other]));
  const emptied = async (of: ArtifactId) =>
    (await purgeTrashed(await w.open(), new Set([of]), { patience: IMPATIENT })).unpurged?.code;
  expect(await emptied(other)).toBeUndefined();
  expect(await emptied(id)).toBe('PARTIAL');
  expect((await emptyTrash(await w.open(), { patience: IMPATIENT })).unpurged?.code).toBe('PARTIAL');
  await rm(`${root(w)}/quarantine`, { recursive: true, force: true });
  expect((await emptyTrash(await w.open(), { patience: IMPATIENT })).unpurged).toBeUndefined();
});

/** A disk on which `run` comes right before the first move to the quarantine. */
function beforeMoving(run: () => Promise<void>) {
  const real = nodeDisk();
  let isOver = false;
  return alteredDisk(real, {
    rename: async (from, to) => {
      if (to.includes('/quarantine/') && !isOver) {
        isOver = true;
        await run();
      }
      return real.rename(from, to);
    },
  });
}

it.each(['the block', 'the trailer'])(
  'leaves a pack where it is that was written anew while %s was damaged',
  async (what) => {
    const w = await makeStore();
    const { pack } = await putTree(w);
    const good = await readFile(pack);
    await flip(pack, (bytes) => (what === 'the block' ? 20 : bytes.length - 1));
    const disk = beforeMoving(async () => {
      // As a put publishes it.
      await rm(pack, { force: true });
      await writeFile(pack, good, { mode: 0o444 });
    });
    await fsck(await w.open({ disk, unchecked: true }), REPAIR);
    expect(await readFile(pack)).toEqual(good);
    expect((await fsck(await w.open(), FSCK)).findings.map((f) => f.message)).toEqual([]);
  },
);

it('leaves a file where it is that took the place of a link', async () => {
  const w = await makeStore();
  await symlink('/etc/hostname', at(w, 'linked'));
  const disk = beforeMoving(async () => void (await putFile(await w.open(), { content: 'linked' })));
  await fsck(await w.open({ disk, unchecked: true }), REPAIR);
  expect(await readFile(at(w, 'linked'), 'utf8')).toBe('linked');
  expect((await fsck(await w.open(), FSCK)).ok).toBe(true);
});

it.each(['is cut short', 'cannot read it'])(
  'loses nothing if the repair %s after the move of what was written anew',
  async (what) => {
    const w = await makeStore();
    await putFile(w.session, { content: 'precious' });
    await overwrite(at(w, 'precious'), 'xxx');
    const real = nodeDisk();
    const disk = alteredDisk(real, {
      rename: async (from, to) => {
        if (to.includes('/quarantine/'))
          await putFile(await w.open(), { content: 'precious', name: 'again' });
        await real.rename(from, to);
        if (to.includes('/quarantine/') && what === 'is cut short') throw new Error('killed');
      },
      open: async (path, options) => {
        if (path.includes('/quarantine/'))
          throw Object.assign(new Error('EMFILE'), { code: 'EMFILE', errno: -24 });
        return real.open(path, options);
      },
    });
    const cut = fsck(await w.open({ disk, unchecked: true }), REPAIR);
    if (what === 'is cut short') await expect(cut).rejects.toThrow('killed');
    else {
      await cut;
      expect(await readFile(at(w, 'precious'), 'utf8')).toBe('precious');
    }
    await fsck(await w.open(), REPAIR);
    expect((await fsck(await w.open(), FSCK)).ok).toBe(true);
  },
);

it('brings nothing from the trash into use', async () => {
  const w = await makeStore();
  const id = await putFile(w.session, { content: 'it went' });
  await removeArtifacts(w.session, new Set([id]));
  const [batch] = await readdir(`${root(w)}/trash`);
  await overwrite(`${root(w)}/trash/${batch}/${idOf('it went')}`, 'it wenT');
  await mkdir(`${w.dir}/copy`);
  await writeFile(`${w.dir}/copy/it`, 'it went');
  const session = await w.open();
  const report = await fsck(session, REPAIR, treeSource(session, `${w.dir}/copy`));
  expect(report.repairs).toEqual([]);
  await expect(readFile(at(w, 'it went'))).rejects.toMatchObject({ code: 'ENOENT' });
});

it.each(['other bytes', 'nothing'])(
  'gives a file with two names no bytes of its own once there is %s',
  async (what) => {
    const w = await makeStore();
    await putFile(w.session, { content: 'linked' });
    await link(at(w, 'linked'), `${w.dir}/link`);
    const real = nodeDisk();
    const disk = alteredDisk(real, {
      open: async (path, options) => {
        if (path === at(w, 'linked') && options.access === 'read' && isChecked)
          await overwrite(path, 'LINKED');
        return real.open(path, options);
      },
    });
    let isChecked = false;
    const session = await w.open({ disk });
    const finding = (await session.store.check()).find((f) => f.repair?.action === 'separate')!;
    isChecked = true;
    const lease = await session.store.leases.take();
    const under = { lease: lease.token, batch: session.store.batch(lease.token) };
    if (what === 'nothing') {
      // A collector may be taking it away.
      const turn = await session.store.leases.exclusive('collector');
      expect(await finding.repair!.run(under)).toBe(false);
      await turn!.release();
    } else expect(await finding.repair!.run(under)).toBe(false);
    await lease.release();
    expect((await stat(at(w, 'linked'))).nlink).toBe(2);
    expect(await readdir(`${root(w)}/tmp`)).toEqual([]);
  },
);

it('drops no copy of a pack that cannot be read, and says so', async () => {
  const w = await makeStore();
  const { pack } = await putTree(w);
  await writeFile(at(w, textOf(7)), textOf(7), { mode: 0o444 });
  await flip(pack, () => 20);
  const { store } = await w.open();
  const lease = await store.leases.take();
  expect(await dropCopies(store, lease.token, idOf(textOf(7)))).toBe(false);
  await lease.release();
  expect(await readdir(`${root(w)}/packs`)).toHaveLength(1);
});

it.each([
  ['an id', true, (bytes: Buffer) => bytes.indexOf(Buffer.from(idOf(textOf(7)), 'hex')) + 31],
  ['an id', false, (bytes: Buffer) => bytes.indexOf(Buffer.from(idOf(textOf(7)), 'hex')) + 31],
  ['the end', true, (bytes: Buffer) => bytes.length - 1],
  ['the end', false, (bytes: Buffer) => bytes.length - 1],
  ['the number of blocks', true, (bytes: Buffer) => bytes.length - 9],
  ['the number of objects', false, (bytes: Buffer) => bytes.length - 9],
])('loses no bytes to a flipped bit in %s of a pack (compressed: %s)', async (_, compresses, where) => {
  const w = await makeStore({ compresses });
  const { pack } = await putTree(w);
  await flip(pack, where);
  await repair(w);
  expect((await fsck(await w.open(), FSCK)).findings).toEqual([]);
});
