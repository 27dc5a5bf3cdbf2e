import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { copy, remove } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import type { Catalog } from '../../src/core/catalog/catalog.js';
import { expandBlock } from '../../src/core/objects/compressed-block.js';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { changePins } from '../../src/ops/govern/pins.js';
import { put } from '../../src/ops/put/put.js';
import type { LayeredTables } from '../../src/store/local/index/layered-tables.js';
import { PieceRanges } from '../../src/store/local/index/line-ranges.js';
import type { BlockFact, GroupFact, RunFact } from '../../src/store/local/index/sorted-run-format.js';
import { openTestSession, testEnvironment, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { interceptDisk } from '../sim/intercept-disk.js';
import { readOnlyDisk } from '../sim/read-only-disk.js';

const idsOf = (records: readonly { readonly artifact_id: ArtifactId }[]) => records.map((r) => r.artifact_id);

/** Everything that a catalog answers. */
async function answers(catalog: Catalog) {
  const live = await catalog.live().all();
  const got: unknown[] = [];
  const prefixes: ArtifactId[][] = [];
  for (const { artifact_id: id } of live) {
    got.push(await catalog.get(id));
    prefixes.push(idsOf(await catalog.withPrefix(id.slice(0, 6), 10)));
  }
  const named: ArtifactId[][] = [];
  for (const name of ['n0', 'n1', 'none']) named.push(idsOf(await catalog.named(name).all()));
  const removed = await catalog.removed().all();
  const { head, counts, policyId } = catalog;
  return { head, counts, policyId, live, removed, got, named, prefixes };
}

/** A store with artifacts, revisions of a name, pins and removals. */
async function makeStore() {
  const dir = await tmp();
  const session = await testStore(dir);
  await mkdir(`${dir}/in`);
  for (let i = 0; i < 12; i++) {
    await writeFile(`${dir}/in/${i}`, `${i}`);
    await put(session, [{ path: `${dir}/in/${i}` }], {
      name: `n${i % 2}`,
      ...(i % 3 === 0 ? { pin: 'p' } : {}),
    });
  }
  const [first] = (await (await session.catalog()).live().all()).filter((r) => r.pins.length === 0);
  const id = first!.artifact_id;
  await session.write('artifact.remove', [id], (tx) =>
    tx.commit(() => ({ type: 'note', payload: { text: 'x' }, ops: [{ op: 'remove', artifact_id: id }] })),
  );
  const expected = await answers(await session.store.foldFromLedger());
  await session.close();
  const cache = `${dir}/.hsstore/cache`;
  const [name] = await readdir(cache);
  const index = `${cache}/${name}`;
  const answer = async (options: Parameters<typeof openTestSession>[1] = {}) => {
    const opened = await openTestSession(dir, options);
    try {
      return await answers(await opened.catalog());
    } finally {
      await opened.close();
    }
  };
  return { dir, index, expected, answer };
}

const clean = (x: unknown) => JSON.parse(JSON.stringify(x));

describe('the catalog index', () => {
  it('answers like a fold of the ledger in memory', async () => {
    const { expected, answer } = await makeStore();
    expect(clean(await answer())).toEqual(clean(expected));
    expect(clean(await answer({ useIndex: false }))).toEqual(clean(expected));
  });

  /** The file of an index whose name begins so. */
  const fileOf = async (index: string, begin: string) =>
    `${index}/${(await readdir(index)).find((name) => name.startsWith(begin))}`;

  it.each<[string, (index: string) => Promise<unknown>]>([
    ['it is deleted', (index) => remove(index)],
    ['all of cache/ is deleted', (index) => remove(dirname(index))],
    ['its root is deleted', (index) => rm(`${index}/root`)],
    ['its root is rubbish', (index) => writeFile(`${index}/root`, 'rubbish')],
    ['its root is endless', (index) => writeFile(`${index}/root`, Buffer.alloc(1 << 20))],
    ['its root is a directory', (index) => rm(`${index}/root`).then(() => mkdir(`${index}/root`))],
    ['its run is deleted', async (index) => rm(await fileOf(index, 'run-'))],
    ['its run is empty', async (index) => truncate(await fileOf(index, 'run-'), 0)],
    ['its run is gigabytes', async (index) => truncate(await fileOf(index, 'run-'), 3_000_000_000)],
    [
      'its run is a link',
      async (index) => {
        const run = await fileOf(index, 'run-');
        await rename(run, `${index}/../../elsewhere`);
        await symlink('../../elsewhere', run);
      },
    ],
    [
      'it is what an earlier version made',
      async (index) => {
        await remove(index);
        await mkdir(`${dirname(index)}/catalog`);
        await writeFile(`${dirname(index)}/catalog/data.mdb`, 'rubbish');
      },
    ],
  ])('answers the same after %s', async (_, damage) => {
    const { index, expected, answer } = await makeStore();
    await damage(index);
    expect(clean(await answer())).toEqual(clean(expected));
    expect(clean(await answer())).toEqual(clean(expected));
    // And it is an index again afterwards.
    expect(await readdir(dirname(index))).toEqual([basename(index)]);
    expect(await readdir(index)).toEqual(['lock', 'reserve', 'root', expect.stringMatching(/^run-/)]);
  });

  it('never crashes and never answers differently with any byte flipped', async () => {
    const { dir, index, expected, answer } = await makeStore();
    await copy(index, `${dir}/kept`);
    for (const name of ['root', basename(await fileOf(index, 'run-'))]) {
      const whole = await readFile(`${dir}/kept/${name}`);
      // Each part of the file, and each of its first and last bytes.
      const step = Math.ceil(whole.length / 150);
      for (let at = 0; at < whole.length; at += at < 20 || at > whole.length - 20 ? 1 : step) {
        await remove(index);
        await copy(`${dir}/kept`, index);
        const damaged = Buffer.from(whole);
        damaged[at]! ^= 1 << (at % 8);
        await writeFile(`${index}/${name}`, damaged);
        expect([name, at, clean(await answer())]).toEqual([name, at, clean(expected)]);
      }
    }
  }, 120_000);

  it('never crashes and never answers differently when truncated anywhere', async () => {
    const { dir, index, expected, answer } = await makeStore();
    await copy(index, `${dir}/kept`);
    for (const name of ['root', basename(await fileOf(index, 'run-'))]) {
      const { size } = await stat(`${dir}/kept/${name}`);
      for (let cut = 0; cut < size; cut += Math.ceil(size / 40)) {
        await remove(index);
        await copy(`${dir}/kept`, index);
        await truncate(`${index}/${name}`, cut);
        expect([name, cut, clean(await answer())]).toEqual([name, cut, clean(expected)]);
      }
    }
  }, 120_000);

  /** Changes a byte of every block in which `text` stands. */
  async function damage(index: string, text: string): Promise<void> {
    let damaged = 0;
    const [, facts] = (await readFile(`${index}/root`, 'utf8')).split('\n');
    for (const { name, bytes, groups_bytes } of JSON.parse(facts!) as RunFact[]) {
      const run = await readFile(`${index}/${name}`);
      const json = (from: number, length: number) => JSON.parse(run.toString('utf8', from, from + length));
      for (const [, offset, dataBytes, listBytes] of json(
        bytes - groups_bytes,
        groups_bytes,
      ) as GroupFact[]) {
        let at = offset;
        for (const [, stored, , , size] of json(offset + dataBytes, listBytes) as BlockFact[]) {
          if (expandBlock(run.subarray(at, at + stored), size)!.includes(text)) {
            run[at + (stored >> 1)]! ^= 1;
            damaged++;
          }
          at += stored;
        }
      }
      await writeFile(`${index}/${name}`, run);
    }
    expect(damaged).toBeGreaterThan(0);
  }

  const SECOND = 1;
  it('of another user is not trusted, even if consistent', async () => {
    const { index, expected, answer } = await makeStore();
    // Without one row of what is restricted, and with all hashes and a seal of its own.
    const { BlocksAlone, encodeRun } = await import('../../src/store/local/index/sorted-run-format.js');
    const { encodeRoot } = await import('../../src/store/local/index/root-file.js');
    const lines = new PieceRanges([Buffer.from('m\t{"live":0}\n')]);
    const pieces = encodeRun('run-0123456789abcdef', lines, new BlocksAlone(true));
    const parts: Buffer[] = [];
    let next = pieces.next();
    for (; !next.done; next = pieces.next()) parts.push(next.value);
    await writeFile(`${index}/run-0123456789abcdef`, Buffer.concat(parts));
    await writeFile(`${index}/root`, encodeRoot('f'.repeat(64), 'an id', [next.value]));
    expect(clean(await answer())).toEqual(clean(expected));
  });

  it('of another home directory is kept; the oldest of many are deleted', async () => {
    const { dir, index, expected, answer } = await makeStore();
    const names = new Set([basename(index)]);
    for (let home = 0; home < 5; home++) {
      const environment = testEnvironment(dir, { XDG_STATE_HOME: `${dir}/home${home}` });
      expect(clean(await answer({ environment }))).toEqual(clean(expected));
      for (const name of await readdir(dirname(index))) names.add(name);
    }
    expect(names.size).toBe(6);
    expect(await readdir(dirname(index))).toHaveLength(4);
  });

  it('stays at a few runs, and matches a fold in memory', async () => {
    const dir = await tmp();
    const session = await testStore(dir);
    await writeFile(`${dir}/f`, 'x');
    const ids: ArtifactId[] = [];
    for (let i = 0; i < 150; i++) {
      const [made] = await put(session, [{ path: `${dir}/f` }], { name: `n${i % 2}` });
      ids.push(made!.artifactId);
      if (i % 3 === 0) await changePins(session, [{ change: 'pin', id: ids.at(-1)!, name: 'p' }]);
      if (i % 40 === 39) {
        const gone = (await (await session.catalog()).live().all())
          .filter((r) => r.pins.length === 0)
          .slice(0, 5)
          .map((r) => r.artifact_id);
        await session.write('artifact.remove', gone, (tx) =>
          tx.commit(() => ({
            type: 'note',
            payload: { text: 'x' },
            ops: gone.map((artifact_id) => ({ op: 'remove' as const, artifact_id })),
          })),
        );
      }
      if (i % 50 === 0) {
        expect(clean(await answers(await session.catalog()))).toEqual(
          clean(await answers(await session.store.foldFromLedger())),
        );
      }
    }
    const expected = clean(await answers(await session.store.foldFromLedger()));
    expect(clean(await answers(await session.catalog()))).toEqual(expected);
    await session.close();
    const cache = `${dir}/.hsstore/cache`;
    const files = await readdir(`${cache}/${(await readdir(cache))[0]}`);
    expect(files.filter((name) => name.startsWith('run-')).length).toBeLessThan(5);
    const again = await openTestSession(dir);
    expect(clean(await answers(await again.catalog()))).toEqual(expected);
    await again.close();
  }, 120_000);

  it('is distrusted, not the ledger, if an entry contradicts it', async () => {
    const { dir, index, expected, answer } = await makeStore();
    const { live } = (await answer()) as { live: { artifact_id: ArtifactId }[] };
    await copy(index, `${dir}/older`);
    const session = await openTestSession(dir);
    await changePins(session, [{ change: 'pin', id: live[SECOND]!.artifact_id, name: 'later' }]);
    await session.close();
    await remove(index);
    await copy(`${dir}/older`, index);
    const now = clean(await answer());
    expect(now.counts.pins).toBe(clean(expected).counts.pins + 1);
    expect(clean(await answer())).toEqual(now);
  });

  it('finds artifacts by name after the key of a record was damaged', async () => {
    const { dir, index, answer } = await makeStore();
    const { named } = (await answer()) as { named: string[][] };
    const ids = named[0]!;
    await damage(index, `["${ids.at(-1)}`);
    const session = await openTestSession(dir);
    expect((await (await session.catalog()).named('n0').all()).map((r) => r.artifact_id)).toEqual(ids);
    await session.close();
  });

  it('keeps a view valid while another one meets damage', async () => {
    const { dir, index, answer, expected } = await makeStore();
    await answer();
    await damage(index, '"n0"');
    const session = await openTestSession(dir);
    const [one, other] = [await session.catalog(), await session.catalog()];
    const seen = [];
    for await (const record of one.live()) {
      expect(await other.get(record.artifact_id)).toEqual(record);
      seen.push(record);
      await session.catalog();
    }
    expect(clean(seen)).toEqual(clean(expected).live);
    await session.close();
  });

  it('is replaced by the ledger while a view is read, waiting for each entry', async () => {
    const { dir, index, answer } = await makeStore();
    const session = await openTestSession(dir);
    const paths = [...Array(120).keys()].map((i) => ({ path: `${dir}/in/many${i}` }));
    for (const { path } of paths) await writeFile(path, path);
    // Such an entry keeps its operations in an object, and fills several blocks of the index.
    await put(session, paths, {});
    const { head } = await session.catalog();
    expect((await session.store.ledger.read(head.seq)).entry.ops_object).toBeDefined();
    await session.close();
    await remove(index);
    const before = clean(await answer());
    await damage(index, '"many119"');
    let entries = 0;
    const disk = interceptDisk(nodeDisk(), async (operation, path) => {
      if (operation !== 'readFile' || !path.includes('/ledger/')) return;
      entries++;
      await setTimeout(1);
    });
    const again = await openTestSession(dir, { disk });
    const catalog = await again.catalog();
    entries = 0;
    expect(clean(await catalog.live().all())).toEqual(before.live);
    expect(entries).toBe(head.seq + 1);
    expect(clean(await answers(catalog))).toEqual(before);
    await again.close();
  });

  it('is kept when a view has outlived the runs that it was made of', async () => {
    const { dir, index, answer } = await makeStore();
    const before = await openTestSession(dir);
    const paths = [...Array(120).keys()].map((i) => ({ path: `${dir}/in/many${i}` }));
    for (const { path } of paths) await writeFile(path, path);
    await put(before, paths, {});
    await before.close();
    // Made anew, it fills several blocks.
    await remove(index);
    const expected = clean(await answer());
    const session = await openTestSession(dir);
    const catalog = await session.catalog();
    // As after some dozens of entries that put runs together.
    for (const run of ((await session.store.index!.tables()) as LayeredTables).runs) run.close();
    expect(clean(await answers(catalog))).toEqual(expected);
    expect(session.store.index!.damage).toBeUndefined();
    expect(await session.store.index!.isKept()).toBe(true);
    await session.close();
  });

  it('deletes leftovers of indexes of dead commands', async () => {
    const { index, answer } = await makeStore();
    await remove(index);
    const cache = dirname(index);
    for (const name of ['new-0123456789abcdef', 'discarded-0123456789abcdef']) {
      await mkdir(`${cache}/${name}`);
      await writeFile(`${cache}/${name}/root`, '{}');
    }
    await answer();
    expect(await readdir(cache)).toEqual([basename(index)]);
  });

  it('deletes them before it is written, so that who fails to leaves that to the next one', async () => {
    const { index, answer, expected } = await makeStore();
    await remove(index);
    const cache = dirname(index);
    await mkdir(`${cache}/discarded-0123456789abcdef`);
    const disk = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation === 'readdir' && path.endsWith('/cache'))
        throw Object.assign(new Error('EIO'), { code: 'EIO', errno: -5, syscall: 'scandir' });
    });
    expect(clean(await answer({ disk }))).toEqual(clean(expected));
    expect(clean(await answer())).toEqual(clean(expected));
    expect(await readdir(cache)).toEqual([basename(index)]);
  });

  it('deletes them so that no power cut brings them back beside it', async () => {
    const { index, answer } = await makeStore();
    await writeFile(`${index}/root`, 'damaged');
    await mkdir(`${dirname(index)}/new-0123456789abcdef`);
    const done: string[] = [];
    const disk = interceptDisk(nodeDisk(), (operation, path) => {
      const name = path.slice(dirname(index).length + 1);
      if (/^(removeTree|mkdir)$/.test(operation) && name !== '')
        done.push(`${operation} ${name.split('-')[0]}`);
      if (operation === 'syncDir' && path === dirname(index)) done.push(operation);
    });
    await answer({ disk });
    expect(done).toEqual(['removeTree discarded', 'syncDir', 'mkdir catalog', 'removeTree new', 'syncDir']);
  });

  it('is rebuilt if it belongs to another chain or another store', async () => {
    const [a, b] = [await makeStore(), await makeStore()];
    await remove(b.index);
    await copy(a.index, b.index);
    expect(clean(await b.answer())).toEqual(clean(b.expected));
  });

  it('is not needed if it cannot be written', async () => {
    const { index, expected, answer } = await makeStore();
    await remove(index);
    expect(clean(await answer({ disk: readOnlyDisk(nodeDisk()) }))).toEqual(clean(expected));
  });

  it('is not needed on a read-only filesystem', async (context) => {
    const { dir } = await makeStore();
    const readOnly = ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--chdir', dir];
    context.skip(spawnSync('bwrap', [...readOnly, 'true']).status !== 0, 'needs bubblewrap');
    const { status, stdout, stderr } = spawnSync(
      'bwrap',
      [...readOnly, process.execPath, resolve('bin/hs.js'), 'ls', '-q'],
      { encoding: 'utf8' },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toHaveLength(11);
  });

  it('is updated by reading only new entries', async () => {
    const { dir, answer, expected } = await makeStore();
    await answer();
    const opened = await openTestSession(dir);
    await opened.write('ledger.note', [], (tx) =>
      tx.commit(() => ({ type: 'note', payload: { text: 'x' } })),
    );
    await opened.close();
    const reads: string[] = [];
    const disk = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation === 'readFile' && path.includes('/ledger/')) reads.push(path);
    });
    const now = clean(await answer({ disk })) as { head: { seq: number } };
    expect(now.head.seq).toBe((clean(expected) as { head: { seq: number } }).head.seq + 1);
    expect(reads.length).toBeLessThan(12);
  });

  it('may be saved by several calls of one program at once, each of which is answered', async () => {
    const { dir } = await makeStore();
    await remove(`${dir}/.hsstore/cache`);
    await mkdir(`${dir}/.hsstore/cache`, { mode: 0o700 });
    let tidies = () => {};
    const tidying = new Promise<void>((resolve) => {
      tidies = resolve;
    });
    let second: Promise<unknown> = Promise.resolve();
    let saves = 0;
    // The second call finds that another has saved it, while the first removes what is left of older ones.
    const disk = interceptDisk(nodeDisk(), async (operation, path) => {
      if (operation === 'mkdir' && ++saves === 2) await tidying;
      if (operation !== 'readdir' || !path.endsWith('/cache')) return;
      tidies();
      await second;
    });
    const session = await openTestSession(dir, { disk });
    const first = session.catalog();
    second = session.catalog();
    expect((await first).counts).toEqual(((await second) as Catalog).counts);
    expect(saves).toBe(2);
    await session.close();
  });
});
