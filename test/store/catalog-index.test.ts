import { spawnSync } from 'node:child_process';
import { cp, mkdir, open, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Catalog } from '../../src/core/catalog.js';
import type { ArtifactId } from '../../src/core/ids.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { readOnlyDisk } from '../../src/fsx/read-only-disk.js';
import { changePins } from '../../src/ops/pins.js';
import { put } from '../../src/ops/put.js';
import { openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';

/** Everything that a catalog answers. */
function answers(catalog: Catalog): unknown {
  const live = [...catalog.live()];
  return {
    head: catalog.head,
    counts: catalog.counts,
    policy: catalog.policyId,
    live,
    removed: [...catalog.removed()],
    got: live.map((r) => catalog.get(r.artifact_id)),
    named: ['n0', 'n1', 'none'].map((n) => [...catalog.named(n)].map((r) => r.artifact_id)),
    prefixes: live.map((r) => catalog.withPrefix(r.artifact_id.slice(0, 6), 10).map((f) => f.artifact_id)),
  };
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
  const [first] = [...(await session.catalog()).live()].filter((r) => r.pins.length === 0);
  const id = first!.artifact_id;
  await session.write('artifact.remove', [id], (tx) =>
    tx.commit(() => ({ type: 'note', payload: { text: 'x' }, ops: [{ op: 'remove', artifact_id: id }] })),
  );
  const expected = answers(await session.store.foldFromLedger());
  await session.close();
  const index = `${dir}/.hsstore/cache/catalog`;
  const answer = async (options: Parameters<typeof openTestSession>[1] = {}) => {
    const opened = await openTestSession(dir, options);
    try {
      return answers(await opened.catalog());
    } finally {
      await opened.close();
    }
  };
  return { dir, index, expected, answer };
}

const clean = (x: unknown) => JSON.parse(JSON.stringify(x));

describe('the catalog index', () => {
  it('answers what a fold of the ledger in memory answers', async () => {
    const { expected, answer } = await makeStore();
    expect(clean(await answer())).toEqual(clean(expected));
    expect(clean(await answer({ useIndex: false }))).toEqual(clean(expected));
  });

  it.each<[string, (index: string) => Promise<unknown>]>([
    ['it is deleted', (index) => rm(index, { recursive: true })],
    ['all of cache/ is deleted', (index) => rm(index.replace('/catalog', ''), { recursive: true })],
    ['its stamp is deleted', (index) => rm(`${index}/stamp.json`)],
    ['its stamp is rubbish', (index) => writeFile(`${index}/stamp.json`, 'rubbish')],
    ['its stamp is of another format', (index) => writeFile(`${index}/stamp.json`, '{"format":99}')],
    ['its data is deleted', (index) => rm(`${index}/data.mdb`)],
    ['its data is truncated', (index) => truncate(`${index}/data.mdb`, 5000)],
    ['its data is empty', (index) => truncate(`${index}/data.mdb`, 0)],
  ])('answers the same after %s', async (_, damage) => {
    const { index, expected, answer } = await makeStore();
    await damage(index);
    expect(clean(await answer())).toEqual(clean(expected));
    // And it is an index again afterwards.
    expect(await readdir(index)).toContain('data.mdb');
    expect(clean(await answer())).toEqual(clean(expected));
  });

  it('never answers with bytes that were flipped in its records', async () => {
    const { index, expected, answer } = await makeStore();
    const file = await open(`${index}/data.mdb`, 'r+');
    const bytes = await file.readFile();
    const text = bytes.toString('latin1');
    // A name within a record: lmdb has no checksum of its own, and would hand it out.
    let flipped = 0;
    for (let at = text.indexOf('"kind":"file"'); at !== -1; at = text.indexOf('"kind":"file"', at + 1)) {
      await file.write(Buffer.from('"kind":"f1le"', 'latin1'), 0, 13, at);
      flipped++;
    }
    await file.close();
    expect(flipped).toBeGreaterThan(0);
    expect(clean(await answer())).toEqual(clean(expected));
  });

  /** Changes a byte at `offset` of every place in the data file where `text` stands; the size stays. */
  async function flip(index: string, text: string, offset: number, to: string): Promise<void> {
    const file = await open(`${index}/data.mdb`, 'r+');
    const all = (await file.readFile()).toString('latin1');
    let flipped = 0;
    for (let at = all.indexOf(text); at !== -1; at = all.indexOf(text, at + 1)) {
      await file.write(Buffer.from(to, 'latin1'), 0, 1, at + offset);
      flipped++;
    }
    await file.close();
    expect(flipped).toBeGreaterThan(0);
  }

  const SECOND = 1;
  it.each<[string, (index: string, ids: readonly string[]) => Promise<void>]>([
    ['a record', (index, ids) => flip(index, `"artifact_id":"${ids[SECOND]}`, 20, 'x')],
    ['the key of a record', (index, ids) => flip(index, `a/${ids[SECOND]}`, 6, 'x')],
    ['a key, which then sorts after all others', (index, ids) => flip(index, `a/${ids[SECOND]}`, 0, 'z')],
    ['a key, which then sorts before all others', (index, ids) => flip(index, `a/${ids[SECOND]}`, 0, '0')],
    ['the stamp of its place in the chain', (index) => flip(index, '"policy":"', 12, 'x')],
  ])(
    'answers from the ledger when %s was damaged, and is made anew by the next command',
    async (_, damage) => {
      const { index, expected, answer } = await makeStore();
      const { live } = (await answer()) as { live: { artifact_id: string }[] };
      await damage(
        index,
        live.map((r) => r.artifact_id),
      );
      expect(clean(await answer())).toEqual(clean(expected));
      await expect(stat(index)).rejects.toMatchObject({ code: 'ENOENT' });
      expect(clean(await answer())).toEqual(clean(expected));
      expect(await readdir(dirname(index))).toEqual(['catalog']);
      expect(await readdir(index)).toContain('data.mdb');
    },
  );

  it('is to blame, and not the ledger, when an entry seems to contradict it', async () => {
    const { dir, index, expected, answer } = await makeStore();
    const { live } = (await answer()) as { live: { artifact_id: ArtifactId }[] };
    await cp(index, `${dir}/older`, { recursive: true });
    const session = await openTestSession(dir);
    await changePins(session, [{ change: 'pin', id: live[SECOND]!.artifact_id, name: 'later' }]);
    await session.close();
    await rm(index, { recursive: true });
    await cp(`${dir}/older`, index, { recursive: true });
    await flip(index, `a/${live[SECOND]!.artifact_id}`, 6, 'x');
    const now = clean(await answer());
    expect(now.counts.pins).toBe(clean(expected).counts.pins + 1);
    expect(clean(await answer())).toEqual(now);
  });

  it('finds by name what has lost the key of its record', async () => {
    const { dir, index, answer } = await makeStore();
    const { named } = (await answer()) as { named: string[][] };
    const ids = named[0]!;
    await flip(index, `a/${ids[0]}`, 6, 'x');
    const session = await openTestSession(dir);
    expect([...(await session.catalog()).named('n0')].map((r) => r.artifact_id)).toEqual(ids);
    await session.close();
  });

  it('leaves a view that is being read whole when another one meets damage', async () => {
    const { dir, index, answer, expected } = await makeStore();
    const { live } = (await answer()) as { live: { artifact_id: ArtifactId }[] };
    await flip(index, `"artifact_id":"${live[SECOND]!.artifact_id}`, 20, 'x');
    const session = await openTestSession(dir);
    const [one, other] = [await session.catalog(), await session.catalog()];
    const seen = [];
    for (const record of one.live()) {
      expect(other.get(record.artifact_id)).toEqual(record);
      seen.push(record);
      await session.catalog();
    }
    expect(clean(seen)).toEqual(clean(expected).live);
    await session.close();
  });

  it('is replaced by the ledger with what the entries keep in objects of their own', async () => {
    const { dir, index, answer } = await makeStore();
    const session = await openTestSession(dir);
    const paths = [];
    for (let i = 0; i < 120; i++) {
      paths.push({ path: `${dir}/in/many${i}` });
      await writeFile(`${dir}/in/many${i}`, `many ${i}`);
    }
    await put(session, paths, {});
    expect(
      (await session.store.ledger.read((await session.catalog()).head.seq)).entry.ops_object,
    ).toBeDefined();
    await session.close();
    const before = clean(await answer());
    await flip(index, `"artifact_id":"${before.live[SECOND].artifact_id}`, 20, 'x');
    expect(clean(await answer())).toEqual(before);
  });

  it('takes away what commands that died left of an index', async () => {
    const { index, answer } = await makeStore();
    await rm(index, { recursive: true });
    const cache = dirname(index);
    for (const name of ['new-0123456789abcdef', 'discarded-0123456789abcdef']) {
      await mkdir(`${cache}/${name}`);
      await writeFile(`${cache}/${name}/stamp.json`, '{}');
    }
    await answer();
    expect(await readdir(cache)).toEqual(['catalog']);
  });

  it('is made anew when it belongs to another chain or another store', async () => {
    const [a, b] = [await makeStore(), await makeStore()];
    await rm(b.index, { recursive: true });
    await cp(a.index, b.index, { recursive: true });
    expect(clean(await b.answer())).toEqual(clean(b.expected));
  });

  it('is done without where it cannot be written', async () => {
    const { index, expected, answer } = await makeStore();
    await rm(index, { recursive: true });
    expect(clean(await answer({ disk: readOnlyDisk(nodeDisk()) }))).toEqual(clean(expected));
  });

  it('is done without on a filesystem that is read-only', async (context) => {
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

  it('is caught up by reading only what is new', async () => {
    const { dir, answer, expected } = await makeStore();
    await answer();
    const opened = await openTestSession(dir);
    await opened.write('ledger.note', [], (tx) =>
      tx.commit(() => ({ type: 'note', payload: { text: 'x' } })),
    );
    await opened.close();
    const reads: string[] = [];
    const { interceptDisk } = await import('../../src/fsx/intercept-disk.js');
    const disk = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation === 'readFile' && path.includes('/ledger/')) reads.push(path);
    });
    const now = clean(await answer({ disk })) as { head: { seq: number } };
    expect(now.head.seq).toBe((clean(expected) as { head: { seq: number } }).head.seq + 1);
    expect(reads.length).toBeLessThan(6);
  });

  it('is discarded unopened when it lacks the end of its data file, which lmdb dies of', async () => {
    const { index, dir } = await makeStore();
    const { size } = await stat(`${index}/data.mdb`);
    await truncate(`${index}/data.mdb`, size - 4096);
    const opened = await openTestSession(dir);
    expect((await opened.catalog()).counts.live).toBe(11);
    await opened.close();
  });
});
