import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { readJson } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/core/objects/hash.js';
import { type ArtifactId, toTimestamp } from '../../../src/core/objects/ids.js';
import { nodeDisk } from '../../../src/fsx/node-disk.js';
import type { DiskOperation } from '../../../src/fsx/surround-disk.js';
import { fsck } from '../../../src/ops/fsck/fsck.js';
import { collect } from '../../../src/ops/gc/collect-garbage.js';
import { reclaimTrash } from '../../../src/ops/gc/empty-trash.js';
import { removeArtifacts } from '../../../src/ops/gc/remove-artifacts.js';
import { restore } from '../../../src/ops/gc/restore.js';
import { storeObjects } from '../../../src/ops/payload/store-objects.js';
import { put } from '../../../src/ops/put/put.js';
import type { Session } from '../../../src/ops/session/session.js';
import { Trash } from '../../../src/store/local/trash/trash.js';
import type { Lease } from '../../../src/store/port/lease-table.js';
import { alteredDisk } from '../../helpers/altered-disk.js';
import { inside } from '../../helpers/inside.js';
import { packContent } from '../../helpers/pack-content.js';
import { behind } from '../../helpers/store.js';
import { tmp } from '../../helpers/tmp.js';
import { interceptDisk } from '../../sim/intercept-disk.js';
import { readAll } from '../../sim/invariants.js';
import { FSCK } from '../fsck/sample-store.js';
import { IMPATIENT, makeStore, putFile } from './helpers.js';
import { collectOn, IN_PACKS, makeWorld, openSim } from './world.js';

// What the collector's safety rests on, each step where only its order keeps data.

/** The real disk, with `act` called once before the first operation that `is` describes. */
function once(is: (operation: DiskOperation, path: string) => boolean, act: () => Promise<void>) {
  let done = false;
  return interceptDisk(nodeDisk(), async (operation, path) => {
    if (done || !is(operation, path)) return;
    done = true;
    await act();
  });
}

function gate() {
  let open = () => {};
  const reached = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, reached };
}

/** A store with an object that nothing refers to, and the file that it came from. */
async function withLooseObject() {
  const made = await makeStore();
  const path = `${made.dir}/payload`;
  await writeFile(path, 'bytes that two commands are about to handle');
  await storeObjects(made.session, [{ path, directory: false }]);
  return { ...made, path };
}

describe('a collection', () => {
  it('seals a batch with the leases that exist after the last object was moved', async () => {
    const { session, open } = await withLooseObject();
    let lease: Lease | undefined;
    // It begins while the sweep is at work, and may have seen the object where it was.
    const disk = once(
      (operation, path) => operation === 'rename' && path.includes('/trash/'),
      async () => {
        lease = await session.store.leases.take();
      },
    );
    const { purged, purge_pending: pending } = await reclaimTrash(await open({ disk }), IMPATIENT);
    expect(purged.objects).toBe(0);
    expect(pending.flatMap((p) => p.leases)).toEqual([lease!.token]);
    await lease!.release();
  });

  it('purges by what is in use once the last awaited command has ended', async () => {
    const { session, open, path } = await withLooseObject();
    const [atLink, goOn] = [gate(), gate()];
    // It has made sure that its objects are there, and does not look again before its entry.
    const writer = once(
      (operation, target) => operation === 'link' && target.includes('/ledger/'),
      async () => {
        atLink.open();
        await goOn.reached;
      },
    );
    const writing = put(await open({ disk: writer }), [{ path }], {});
    await atLink.reached;
    let waited = 0;
    const { purged } = await reclaimTrash(session, {
      ms: 1_000_000,
      wait: async () => {
        waited++;
        goOn.open();
        await writing;
      },
    });
    expect(waited).toBe(1);
    expect(purged.brought_back).toBeGreaterThan(0);
    expect(await readAll(await open())).toHaveLength(1);
  });

  describe('that finds in an old batch what was restored and removed again since', () => {
    /** A restore that has made sure of the bytes and stands still before its entry. */
    async function halfRestored({ open }: Awaited<ReturnType<typeof makeStore>>, id: ArtifactId) {
      const [atLink, goOn] = [gate(), gate()];
      const disk = once(
        (operation, target) => operation === 'link' && target.includes('/ledger/'),
        async () => {
          atLink.open();
          await goOn.reached;
        },
      );
      const restoring = restore(await open({ disk }), [id], { pin: false });
      await atLink.reached;
      return {
        async end() {
          goOn.open();
          expect((await restoring).failed).toEqual([]);
        },
      };
    }

    /** A removed artifact, brought back by a command that had made sure of its bytes before they were moved. */
    async function restoredLate() {
      const made = await makeStore();
      const { session, open, clock } = made;
      const id = await putFile(session);
      await removeArtifacts(session, new Set([id]), { patience: IMPATIENT });
      const restoring = await halfRestored(made, id);
      clock.ms += 1000;
      await collect(await open(), { patience: IMPATIENT });
      await restoring.end();
      const { content_hash: object } = (await (await session.catalog()).get(id))!;
      expect(await session.store.objects.sizeInUse(object)).toBeUndefined();
      return { ...made, id, object };
    }

    it('does not purge it before the commands that saw it live have ended', async () => {
      const { session, open, clock, id, object } = await restoredLate();
      clock.ms += 1000;
      const reader = await open();
      await reader.read(async (catalog) => {
        expect((await catalog.get(id))!.removed).toBeUndefined();
        clock.ms += 1000;
        await removeArtifacts(session, new Set([id]), { patience: IMPATIENT });
        await reclaimTrash(session, IMPATIENT);
        await reader.store.objects.read(object);
      });
      expect((await reclaimTrash(session, IMPATIENT)).purged.objects).toBeGreaterThan(0);
      await expect(session.store.objects.read(object)).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
    });

    it('keeps it for the trash window of the last removal', async () => {
      const { session, clock, id } = await restoredLate();
      clock.pass(30);
      await removeArtifacts(session, new Set([id]), { patience: IMPATIENT });
      await collect(session, { patience: IMPATIENT });
      clock.pass(1);
      await collect(session, { patience: IMPATIENT });
      expect((await restore(session, [id], { pin: false })).failed).toEqual([]);
    });

    it('keeps it for the trash window of a removal that comes while it is at work', async () => {
      const { session, open, clock, id } = await restoredLate();
      clock.pass(30);
      const disk = once(
        (operation, path) => operation === 'readdir' && path.endsWith('/trash'),
        async () => {
          clock.ms += 1000;
          await removeArtifacts(await open(), new Set([id]), { patience: IMPATIENT });
        },
      );
      await reclaimTrash(await open({ disk }), IMPATIENT);
      expect((await fsck(session, FSCK)).findings).toEqual([]);
      expect((await restore(session, [id], { pin: false })).failed).toEqual([]);
    });

    it.each<[string, (operation: DiskOperation, path: string) => boolean, boolean]>([
      ['seals it', (operation, path) => operation === 'rename' && path.includes('/trash/'), false],
      ['is killed', (operation, path) => operation === 'unlink' && path.endsWith('/seal.json.tmp'), true],
    ])('removed before the one that moved it %s: no purge is a loss', async (_, at, dies) => {
      const made = await makeStore();
      const { session, open, clock } = made;
      const id = await putFile(session);
      await removeArtifacts(session, new Set([id]), { patience: IMPATIENT });
      const restoring = await halfRestored(made, id);
      clock.ms += 1000;
      const disk = once(at, async () => {
        await restoring.end();
        clock.ms += 1000;
        await removeArtifacts(session, new Set([id]), { patience: IMPATIENT });
        if (dies) throw new Error('killed');
      });
      const collecting = collect(await open({ disk }), { patience: IMPATIENT });
      await (dies ? expect(collecting).rejects.toThrow('killed') : collecting);
      clock.ms += 1000;
      await reclaimTrash(session, IMPATIENT);
      expect((await fsck(session, FSCK)).findings).toEqual([]);
    });

    it('purges it at once where the last removal says so', async () => {
      const { session, clock, id, object } = await restoredLate();
      clock.ms += 1000;
      await removeArtifacts(session, new Set([id]), { purge: true, patience: IMPATIENT });
      await expect(session.store.objects.read(object)).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
    });
  });

  it('keeps the good bytes that a put stored while it moved damaged ones of that name', async () => {
    const { session, open } = await makeStore();
    const content = 'bytes that rot, and are put again';
    const id = await putFile(session, { content });
    const path = behind(session).layout.object(sha256(Buffer.from(content)));
    await rm(path);
    await writeFile(path, content.toUpperCase(), { mode: 0o444 });
    const [staged, trashed, committed] = [gate(), gate(), gate()];
    const putting = interceptDisk(nodeDisk(), async (operation, target) => {
      if (operation !== 'rename' || target !== path) return;
      staged.open();
      await trashed.reached;
    });
    const sweeping = alteredDisk(nodeDisk(), {
      rename: async (from, to) => {
        await nodeDisk().rename(from, to);
        if (from !== path) return;
        trashed.open();
        await committed.reached;
      },
    });
    const again = putFile(await open({ disk: putting }), { content }).finally(committed.open);
    await staged.reached;
    await Promise.all([again, removeArtifacts(await open({ disk: sweeping }), new Set([id]))]);
    expect(await readFile(path, 'utf8')).toBe(content);
  });

  it('says which command it waits for, and judges each lease once per look, a dead one never again', async () => {
    const { session, open, clock, dir } = await makeStore();
    const { store } = session;
    const trash = new Trash(behind(session).disk, behind(session).layout, session.random);
    const dead = Array.from({ length: 20 }, (_, i) => String(i).padStart(24, '0'));
    for (const token of dead) await writeFile(`${dir}/.hsstore/leases/${token}`, '', { mode: 0o600 });
    const living = await store.leases.take();
    for (let i = 0; i < 30; i++) {
      const batch = await trash.create('zero', toTimestamp(clock.now()));
      await trash.seal(batch, { sealed_at: toTimestamp(clock.now()), leases: [...dead, living.token] });
    }
    const said: string[] = [];
    let judged = 0;
    const disk = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation === 'open:update' && path.includes('/leases/')) judged++;
    });
    const progress = { start: (label: string) => void said.push(label), advance() {}, done() {} };
    const looks = 3;
    const other = await open({ disk, progress });
    const { purge_pending: pending } = await reclaimTrash(other, { ms: looks * 25, wait: async () => {} });
    expect(pending).toHaveLength(30);
    expect(pending[0]!.leases).toEqual([living.token]);
    expect(judged).toBe(dead.length + looks + 1);
    expect(said).toContain(`waiting for the command of lease ${living.token}`);
    // What a look takes is waiting, too.
    let looked = 0;
    const slow = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation !== 'open:update' || !path.endsWith(living.token)) return;
      looked++;
      clock.ms += 1000;
    });
    await reclaimTrash(await open({ disk: slow }), { ms: 3000, wait: async () => {} });
    expect(looked).toBe(3);
    await living.release();
  });

  it('that repacks removes no pack before the rest has a durable name', async () => {
    const { sim, clock } = await makeWorld(IN_PACKS);
    let unlinked = 0;
    sim.inject(({ process, operation, path }) => {
      if (process !== 'gc') return undefined;
      if (unlinked > 0) return 'kill';
      if (operation === 'unlink' && /\/packs\/.*\.pack$/.test(path)) unlinked++;
      return undefined;
    });
    const gc = sim.process('gc');
    const outcome = await gc.run(() => collectOn(gc, clock, IN_PACKS));
    expect([unlinked, outcome.status]).toEqual([1, 'killed']);
    for (let seed = 0; seed < 60; seed++) {
      await readAll(await openSim(sim.afterCrash(seed).process('reader'), clock, IN_PACKS));
    }
  });
});

describe('a new lease', () => {
  it('that a judge removes before it is locked is replaced by another', async () => {
    const { session, open } = await makeStore();
    let locked = '';
    const disk = once(
      (operation, path) => operation === 'file.tryLock' && path.includes('/leases/'),
      async () => {
        const [token] = await session.store.leases.list();
        locked = token!;
        await (await session.store.leases.judge(token!))!.clear();
      },
    );
    const other: Session = await open({ disk });
    const lease = await other.store.leases.take();
    expect(lease.token).not.toBe(locked);
    expect(await session.store.leases.list()).toEqual([lease.token]);
    expect(await session.store.leases.judge(lease.token)).toBeUndefined();
    await lease.release();
    await collect(session);
  });
});

describe('a broken chain', () => {
  it.each([
    ['an entry that was edited', (root: string) => `${root}/ledger/000000/0000000001.json`],
    ['operations that are damaged', (_: string, pack: string) => pack],
  ])('stops a plan as it stops what is planned: %s', async (_, where) => {
    const dir = await tmp();
    const hs = inside(dir);
    await hs(['init']);
    await mkdir(`${dir}/many`);
    for (let i = 0; i < 120; i++) await writeFile(`${dir}/many/f${i}`, `${i}`);
    await hs(['put', '--each', 'many', '--name', 'm']);
    await writeFile(`${dir}/last`, 'last');
    await hs(['put', 'last', '--name', 'last']);
    const root = `${dir}/.hsstore`;
    const entry = await readJson(`${root}/ledger/000000/0000000001.json`);
    const packs = (await readdir(`${root}/packs`)).map((name) => `${root}/packs/${name}`);
    const files = await Promise.all(packs.map((pack) => readFile(pack)));
    // The operations are in a pack of their own.
    const pack = packs.find((_, n) => packContent(files[n]!)!.includes('"op":"add"'))!;
    expect([packs.length, entry.ops_object]).toEqual([2, expect.any(String)]);
    const path = where(root, pack);
    const bytes = await readFile(path);
    bytes[Math.max(20, bytes.indexOf('"actor_id":"') + 14)]! ^= 1;
    await rm(path);
    await writeFile(path, bytes, { mode: 0o444 });
    for (const argv of [['gc', '--dry-run'], ['plan-prune'], ['rm', 'last', '--dry-run'], ['gc', '--yes']])
      expect([argv, (await hs(argv)).status]).toEqual([argv, 5]);
  });
});
