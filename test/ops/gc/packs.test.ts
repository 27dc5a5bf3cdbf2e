import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { sha256 } from '../../../src/core/objects/hash.js';
import type { ArtifactId } from '../../../src/core/objects/ids.js';
import { PackIndex } from '../../../src/core/objects/pack-index.js';
import { nodeDisk } from '../../../src/fsx/node-disk.js';
import { fsck } from '../../../src/ops/fsck/fsck.js';
import { collect } from '../../../src/ops/gc/collect-garbage.js';
import { purgeTrashed, reclaimTrash } from '../../../src/ops/gc/empty-trash.js';
import { removeArtifacts } from '../../../src/ops/gc/remove-artifacts.js';
import { restore } from '../../../src/ops/gc/restore.js';
import { put } from '../../../src/ops/put/put.js';
import type { Session } from '../../../src/ops/session/session.js';
import type { WholePack } from '../../../src/store/local/objects/pack.js';
import { onlySoundHere } from '../../../src/store/local/trash/rescue-batch.js';
import { alteredDisk } from '../../helpers/altered-disk.js';
import { packContent } from '../../helpers/pack-content.js';
import { behind } from '../../helpers/store.js';
import { interceptDisk } from '../../sim/intercept-disk.js';
import { readAll } from '../../sim/invariants.js';
import { REPAIR } from '../fsck/sample-store.js';
import { IMPATIENT, makeStore, putFile } from './helpers.js';

const FILES = 40;
const textOf = (tree: string, i: number) => `file ${i} of ${tree}, and nothing else\n`;

async function putTree(session: Session, name: string, options = {}): Promise<ArtifactId> {
  const path = `${session.store.local.workspace}/${name}`;
  await mkdir(path);
  for (let i = 0; i < FILES; i++) await writeFile(`${path}/f${i}`, textOf(name, i));
  return (await put(session, [{ path }], options))[0]!.artifactId;
}

/** Two trees, in one pack. */
async function twoTrees() {
  const made = await makeStore();
  const { session } = made;
  for (const name of ['a', 'b']) {
    await mkdir(`${made.dir}/${name}`);
    for (let i = 0; i < FILES; i++) await writeFile(`${made.dir}/${name}/f${i}`, textOf(name, i));
  }
  const [a, b] = await put(session, [{ path: `${made.dir}/a` }, { path: `${made.dir}/b` }], {});
  expect(await packs(session)).toHaveLength(1);
  return { ...made, a: a!.artifactId, b: b!.artifactId };
}

const packs = (session: Session) => readdir(behind(session).layout.packs);

/** The files of the store that hold these bytes anywhere. */
async function holders(session: Session, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(session.store.local.directory, { recursive: true })) {
    const path = `${session.store.local.directory}/${name}`;
    if (!(await stat(path)).isFile()) continue;
    const bytes = await readFile(path);
    if ((packContent(bytes) ?? bytes).includes(text)) found.push(name);
  }
  return found;
}

const purge = (session: Session, id: ArtifactId) =>
  removeArtifacts(session, new Set([id]), { purge: true, patience: IMPATIENT });

describe('a collection in a store with packs', () => {
  it('moves an unused pack to the trash unchanged', async () => {
    const { session } = await makeStore();
    const id = await putTree(session, 'tree');
    const [name] = await packs(session);
    const { ino } = await stat(`${behind(session).layout.packs}/${name}`);
    await removeArtifacts(session, new Set([id]));
    const [batch] = await readdir(behind(session).layout.trash);
    expect((await stat(`${behind(session).layout.trash}/${batch}/${name}`)).ino).toBe(ino);
    expect(await packs(session)).toEqual([]);
  });

  it('removes unused objects from a pack, and keeps the rest readable', async () => {
    const { session, a, b, open } = await twoTrees();
    const { reclaimed } = await removeArtifacts(session, new Set([a]));
    // The files, the index and the manifest.
    expect(reclaimed.swept.objects).toBe(FILES + 2);
    expect(await holders(session, textOf('a', 3))).toMatchObject([/^trash\//]);
    expect(await holders(session, textOf('b', 3))).toMatchObject([/^packs\//]);
    expect((await readAll(await open())).map((r) => r.artifact_id)).toContain(b);
    expect(await readdir(behind(session).layout.tmp)).toEqual([]);
    expect(await readdir(behind(session).layout.leases)).toEqual([]);
  });

  it('leaves no purged byte anywhere', async () => {
    const { session, a, open } = await twoTrees();
    expect(await holders(session, textOf('a', 3))).toHaveLength(1);
    const { reclaimed } = await purge(session, a);
    expect(reclaimed.purged.objects).toBe(FILES + 2);
    expect(await holders(session, textOf('a', 3))).toEqual([]);
    await readAll(await open());
  });

  it('leaves none in an older batch of the trash either', async () => {
    const { session, dir } = await makeStore();
    const first = await putTree(session, 'tree');
    await removeArtifacts(session, new Set([first]));
    const again = (await put(session, [{ path: `${dir}/tree` }], {}))[0]!.artifactId;
    expect(await holders(session, textOf('tree', 3))).toHaveLength(2);
    await purge(session, again);
    expect(await holders(session, textOf('tree', 3))).toEqual([]);
  });

  it('restores once, and keeps no second copy', async () => {
    const { session, a, open } = await twoTrees();
    await removeArtifacts(session, new Set([a]));
    await restore(session, [a], { pin: false });
    expect((await readAll(await open())).map((r) => r.artifact_id)).toContain(a);
    await collect(session);
    expect(await holders(session, textOf('a', 3))).toMatchObject([/^packs\//]);
    await reclaimTrash(session, IMPATIENT);
    await readAll(await open());
  });

  it('merges many small packs into few', async () => {
    const { session, open } = await makeStore();
    for (let i = 0; i < 31; i++) await putTree(session, `tree${i}`);
    expect(await packs(session)).toHaveLength(31);
    await putTree(session, 'last');
    expect(await packs(session)).toHaveLength(1);
    await readAll(await open());
  });

  it('frees what needs no space on a full disk, and reports the rest', async () => {
    const { dir, session, a, open } = await twoTrees();
    const whole = await putTree(session, 'whole');
    const full = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation === 'open:create' && path.includes('-pack-')) {
        throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28, syscall: 'open' });
      }
    });
    const said: string[] = [];
    const short = await open({ disk: full, warn: (message) => said.push(message) });
    const { reclaimed } = await removeArtifacts(short, new Set([a, whole]));
    expect(reclaimed.swept.objects).toBe(FILES + 2);
    expect(said).toMatchObject([/no space/]);
    expect(await readdir(`${dir}/.hsstore/tmp`)).toEqual([]);
    expect((await collect(session)).reclaimed.swept.objects).toBe(FILES + 2);
    await readAll(await open());
  });

  it('reports an incomplete purge while bytes remain, and why', async () => {
    const { session, a, open } = await twoTrees();
    const full = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation === 'open:create' && path.includes('-pack-'))
        throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28, syscall: 'open' });
    });
    const { unpurged } = await purge(await open({ disk: full }), a);
    expect(unpurged).toMatchObject({ code: 'PARTIAL', message: expect.stringContaining('no space') });
    expect(await holders(session, textOf('a', 3))).toHaveLength(1);
    await reclaimTrash(session, IMPATIENT);
    expect(await holders(session, textOf('a', 3))).toEqual([]);
  });

  /** A disk that fails to begin a pack once one was moved to the trash. */
  function failingAfterMove(error: Error) {
    let isMoved = false;
    return alteredDisk(nodeDisk(), {
      rename: async (from, to) => {
        await nodeDisk().rename(from, to);
        isMoved ||= from.includes('/packs/') && to.includes('/trash/');
      },
      open: async (path, options) => {
        if (isMoved && options.access === 'create' && path.includes('-pack-')) throw error;
        return nodeDisk().open(path, options);
      },
    });
  }
  const noSpace = () => Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28, syscall: 'open' });

  it.each([
    ['killed', new Error('killed')],
    ['out of space', noSpace()],
  ])('finishes a purge that was %s before it took apart a pack in the trash', async (_, error) => {
    const { session, a, b, open } = await twoTrees();
    await removeArtifacts(session, new Set([a, b]));
    const first = await purgeTrashed(await open({ disk: failingAfterMove(error) }), new Set([a])).catch(
      (e) => e,
    );
    expect(first === error || first.unpurged?.code).toBe(first === error || 'PARTIAL');
    expect(await holders(session, textOf('a', 3))).not.toEqual([]);
    expect((await purgeTrashed(await open(), new Set([a]))).unpurged).toBeUndefined();
    expect(await holders(session, textOf('a', 3))).toEqual([]);
    expect((await restore(session, [a], { pin: false })).restored).toEqual([]);
    expect((await restore(session, [b], { pin: false })).failed).toEqual([]);
  });

  it('purges a whole pack in the trash without free space', async () => {
    const { session, open } = await makeStore();
    const id = await putTree(session, 'tree');
    await removeArtifacts(session, new Set([id]));
    const full = await open({ disk: failingAfterMove(noSpace()) });
    expect((await purgeTrashed(full, new Set([id]))).unpurged).toBeUndefined();
    expect(await holders(session, textOf('tree', 3))).toEqual([]);
  });

  it('leaves a damaged pack unchanged, reports it, and continues (D8)', async () => {
    const { session, a, b, open } = await twoTrees();
    const whole = await putTree(session, 'whole');
    const { promises: fs } = await import('node:fs');
    const path = (await holders(session, textOf('a', 0)))[0]!;
    const bytes = await readFile(`${session.store.local.directory}/${path}`);
    bytes[bytes.length - 100]! ^= 1;
    await fs.chmod(`${session.store.local.directory}/${path}`, 0o600);
    await writeFile(`${session.store.local.directory}/${path}`, bytes);
    const said: string[] = [];
    const other = await open({ warn: (message) => said.push(message) });
    const { reclaimed } = await removeArtifacts(other, new Set([a, whole]));
    expect(said).toMatchObject([/is damaged/]);
    expect(reclaimed.swept.objects).toBe(FILES + 2);
    expect(await holders(session, textOf('a', 0))).toEqual([path]);
    expect((await (await session.catalog()).get(b))?.removed).toBeUndefined();
  });

  it('moves a mostly unused pack, with a copy of the used rest', async () => {
    const { session, dir, open } = await makeStore();
    const names = Array.from({ length: 10 }, (_, i) => `t${i}`);
    for (const name of names) {
      await mkdir(`${dir}/${name}`);
      for (let i = 0; i < 10; i++) await writeFile(`${dir}/${name}/f${i}`, textOf(name, i));
    }
    const made = await put(
      session,
      names.map((name) => ({ path: `${dir}/${name}` })),
      {},
    );
    const [before] = await packs(session);
    await removeArtifacts(session, new Set(made.slice(1).map((m) => m.artifactId)));
    const [batch] = await readdir(behind(session).layout.trash);
    expect(await readdir(`${behind(session).layout.trash}/${batch}`)).toContain(before);
    expect(await packs(session)).toHaveLength(1);
    await readAll(await open());
    const { purged } = await reclaimTrash(session, IMPATIENT);
    expect(purged.objects).toBe(9 * 12);
    expect(await holders(session, textOf('t0', 3))).toMatchObject([/^packs\//]);
    await readAll(await open());
  });

  it('purges no pack with the only good copy of an object in use', async () => {
    const { session, dir, open } = await makeStore();
    const id = await putTree(session, 'tree');
    await removeArtifacts(session, new Set([id]));
    await put(session, [{ path: `${dir}/tree/f3` }], {});
    const path = behind(session).layout.object(sha256(Buffer.from(textOf('tree', 3))));
    await rm(path);
    await writeFile(path, textOf('TREE', 3), { mode: 0o444 });
    expect((await reclaimTrash(await open(), IMPATIENT)).purged.objects).toBe(FILES + 1);
    expect(await holders(session, textOf('tree', 3))).toMatchObject([/^packs\//]);
    expect(await holders(session, textOf('tree', 4))).toEqual([]);
  });

  it('drops no spare pack of the trash while the one in use is damaged', async () => {
    const { session, dir, open } = await makeStore();
    const id = await putTree(session, 'tree');
    await removeArtifacts(session, new Set([id]));
    await put(session, [{ path: `${dir}/tree` }], {});
    const [pack] = await packs(session);
    const path = `${behind(session).layout.packs}/${pack}`;
    const bytes = await readFile(path);
    bytes[100]! ^= 1;
    await rm(path);
    await writeFile(path, bytes, { mode: 0o444 });
    await restore(await open(), [id], { pin: false });
    await collect(await open());
    // Only what is beside the damaged one counts.
    await rm(path);
    for (let i = 0; i < FILES; i++)
      expect(await holders(session, textOf('tree', i))).toMatchObject([/^packs\//]);
  });

  it('looks for the sound copies of a trashed pack in few of the packs in use', async () => {
    const { session, dir, open } = await makeStore();
    for (let i = 0; i < 16; i++) await putTree(session, `other${i}`);
    const trees = ['a', 'b', 'c', 'd'];
    for (const name of trees) await removeArtifacts(session, new Set([await putTree(session, name)]));
    for (const name of trees) await put(session, [{ path: `${dir}/${name}` }], {});
    const parts = behind(await open());
    const trashed: WholePack[] = [];
    for (const batch of await parts.files.trashBatches())
      trashed.push(...(await parts.files.packsOf(batch)!.all()));
    expect([trashed.length, (await packs(session)).length]).toEqual([4, 20]);
    const texts = trees.flatMap((tree) => Array.from({ length: FILES }, (_, i) => textOf(tree, i)));
    const files = new Set(texts.map((text) => sha256(Buffer.from(text))));
    const finding = vi.spyOn(PackIndex.prototype, 'find');
    try {
      expect((await onlySoundHere(parts, trashed, (id) => files.has(id))).size).toBe(0);
      // The first of a tree is looked for in all of them. Looking for each would be ten times FILES at the very least.
      expect(finding.mock.calls.length).toBeLessThan(8 * FILES);
    } finally {
      finding.mockRestore();
    }
  });

  it('reports an unreadable pack in the trash, and keeps it', async () => {
    const { session } = await makeStore();
    await removeArtifacts(session, new Set([await putTree(session, 'tree')]));
    const { promises: fs } = await import('node:fs');
    const [path] = await holders(session, textOf('tree', 3));
    await fs.chmod(`${session.store.local.directory}/${path}`, 0o644);
    await fs.truncate(`${session.store.local.directory}/${path}`, 1000);
    const { left, purged } = await reclaimTrash(session, IMPATIENT);
    expect(left).toMatchObject([/in the trash cannot be read/]);
    // The report's trash was emptied; nobody can tell what the pack holds.
    expect(purged.objects).toBe(0);
    expect(await stat(`${session.store.local.directory}/${path}`)).toMatchObject({ size: 1000 });
  });

  it('purges again once a repair has moved an unreadable pack out of the trash', async () => {
    const { session, dir, clock, open } = await makeStore();
    await removeArtifacts(session, new Set([await putTree(session, 'tree')]));
    clock.pass(10);
    const [path] = await holders(session, textOf('tree', 3));
    const pack = `${dir}/.hsstore/${path}`;
    const bytes = await readFile(pack);
    await rm(pack);
    await writeFile(pack, bytes.subarray(0, -1), { mode: 0o444 });
    const unpurged = async () => (await purge(await open(), await putFile(session))).unpurged;
    expect(await unpurged()).toMatchObject({ message: expect.stringContaining('until hs fsck --repair') });
    expect((await fsck(await open({ unchecked: true }), REPAIR)).repairs).toMatchObject([
      { action: 'set-aside', subject: path, state: 'done' },
    ]);
    const { left } = await reclaimTrash(await open(), IMPATIENT);
    expect([left, await readdir(behind(session).layout.trash)]).toEqual([[], []]);
    // Nobody can tell what the pack holds, and the user is told where it is.
    const { quarantine } = behind(session).layout;
    expect(await unpurged()).toMatchObject({ hint: expect.stringContaining(`rm -rf '${quarantine}'`) });
    await rm(quarantine, { recursive: true });
    expect(await unpurged()).toBeUndefined();
  });
});
