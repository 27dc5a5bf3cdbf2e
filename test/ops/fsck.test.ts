import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ArtifactFacts } from '../../src/core/ledger/operation.js';
import { type Manifest, toManifest } from '../../src/core/manifest/manifest.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { surroundDisk } from '../../src/fsx/surround-disk.js';
import { fsck } from '../../src/ops/fsck/fsck.js';
import { addArtifact } from '../../src/ops/put/register-artifact.js';
import type { IndexTables } from '../../src/store/port/catalog-index.js';
import { openTestSession } from '../helpers/store.js';
import { world } from './export/helpers.js';

const ALL = { repair: false, secondOpinion: false, sample: 1 };

/** An artifact of those bytes, of which the ledger says something else than its manifest. */
async function withLie(lie: Partial<ArtifactFacts>, manifest: Partial<Manifest> = {}) {
  const w = await world();
  await w.put({ before: 'before' }, { name: 'before' });
  const bytes = Buffer.from('bytes');
  await w.session.write('artifact.create', [], async (tx) => {
    const { id, size } = await tx.batch.addBytes(bytes);
    const m = toManifest({
      schema: 'hs.manifest/1',
      artifact_id: '12345678-1234-4234-8234-123456789abc',
      revision: 1,
      layer: 'L3',
      kind: 'file',
      payload_type: 'file',
      mime: 'text/plain',
      created_at: '2026-01-31T12:00:00.000Z',
      content_hash: id,
      hash_basis: 'payload_bytes',
      size_bytes: size,
      classification: 'low',
      exportable: true,
      retention_class: 'result',
      determinism_level: 'bitwise',
      name: 'n',
      labels: { a: 'b' },
      created_by_job_id: 'job-1',
      source_entity_refs: [{ entity_kind: 'e', entity_id: '1' }],
      ...manifest,
    });
    const op = { ...(await addArtifact(tx, m)), ...lie } as { op: 'add' } & ArtifactFacts;
    await tx.commit(() => ({
      type: 'artifact_created',
      payload: { artifacts: 1, size_bytes: size },
      ops: [op],
    }));
  });
  await w.put({ after: 'after' }, { name: 'after' });
  return (await fsck(w.session, ALL)).findings.map((f) => f.message);
}

describe('fsck', () => {
  it.each([
    ['nothing', {}, []],
    ['name', { name: 'other' }, ['name']],
    ['labels', { labels: { a: 'c' } }, ['labels']],
    ['job_id', { job_id: 'job-2' }, ['job_id']],
    ['entities', { entities: [{ entity_kind: 'e', entity_id: '2' }] }, ['entities']],
    ['sources', { sources: [] }, ['sources']],
    ['classification', { classification: 'medium' as const }, ['classification']],
    ['retention_ttl_days', { retention_ttl_days: 0 }, ['retention_ttl_days']],
    ['revision', { revision: 2 }, ['revision']],
  ])('says where ledger and manifest of one artifact among others disagree: %s', async (_, lie, fields) => {
    const messages = await withLie(lie);
    expect(messages).toEqual(
      fields.map((f) => expect.stringMatching(`\\(12345678\\): ledger and manifest disagree about ${f}$`)),
    );
  });

  it('reads a pack once, from its beginning to its end', async () => {
    const w = await world();
    const files = Array.from({ length: 200 }, (_, i) => [`f${i}`, `${i} `.repeat(5000)] as const);
    await w.put({ ...Object.fromEntries(files), 'd/last': 'last' });
    const packs = join(w.dir, 'work', '.hsstore', 'packs');
    const [pack] = await readdir(packs);
    const { length } = await readFile(`${packs}/${pack}`);
    let [reads, bytes] = [0, 0];
    const disk = surroundDisk(nodeDisk(), async (operation, path, run) => {
      const result = await run();
      if (operation === 'file.read' && path.endsWith('.pack')) {
        reads += 1;
        bytes += result as unknown as number;
      }
      return result;
    });
    const session = await openTestSession(`${w.dir}/work`, { disk });
    const { ok, checked } = await fsck(session, ALL);
    await session.close();
    expect([ok, checked.objects]).toEqual([true, 204]);
    // Its index, and blocks of a MiB.
    expect(bytes).toBeLessThan(1.1 * length + 100_000);
    expect(reads).toBeLessThan(20);
  });
});

describe('a catalog index that is sealed and not what the ledger says', () => {
  /** The state of the index is changed, and saved under the seal of this user. */
  async function withIndex(change: (tables: IndexTables) => void) {
    const w = await world();
    await w.put({ a: 'a' }, { name: 'a', pin: 'p' });
    await w.put({ b: 'b' }, { name: 'b' });
    const before = await openTestSession(`${w.dir}/work`);
    await before.catalog();
    const { index } = before.store;
    const tables = (await index!.tables())!.fork();
    change(tables);
    await index!.advance(tables, 100, 1000);
    await before.close();
    return w;
  }

  it.each<[string, (tables: IndexTables) => void, string]>([
    ['a pin that nobody set', (t) => t.put(`p/${placeIn(t)}`, 1), 'its keys do not lead to its artifacts'],
    [
      'a name that is lost',
      (t) => t.remove([...t.range('n/')][0]!.key),
      'its keys do not lead to its artifacts',
    ],
    ['an artifact that is lost', (t) => t.remove([...t.range('a/')][0]!.key), 'artifacts are missing'],
    [
      'a classification that was lowered',
      (t) => {
        const { key, value } = [...t.range('a/')][0]!;
        t.put(key, (value as unknown[]).with(9, 2));
      },
      'is not what the ledger says',
    ],
  ])('is reported and made anew: %s', async (_, change, why) => {
    const { dir } = await withIndex(change);
    const session = await openTestSession(`${dir}/work`);
    const { findings } = await fsck(session, ALL);
    expect(findings).toEqual([
      expect.objectContaining({ severity: 'misplaced', message: expect.stringContaining(why) }),
    ]);
    expect(await (await session.catalog()).live().all()).toHaveLength(2);
    await session.close();
    const after = await openTestSession(`${dir}/work`);
    expect((await fsck(after, ALL)).findings).toEqual([]);
    await after.close();
  });
});

describe('a catalog index that is damaged', () => {
  it('is reported wherever the byte is, and made anew', async () => {
    const w = await world();
    await w.put({ a: 'a' }, { name: 'a', pin: 'p' });
    const dir = `${w.dir}/work`;
    const filling = await openTestSession(dir);
    await filling.catalog();
    const cache = join(dir, '.hsstore', 'cache');
    const files = async () =>
      (await readdir(cache, { recursive: true })).filter((name) => /\/(?:root|run-\w+)$/.test(name));
    await filling.close();
    expect(await files()).toHaveLength(2);
    for (const nth of [0, 1]) {
      for (let share = 0; share < 1; share += 0.1) {
        const path = join(cache, (await files()).sort()[nth]!);
        const bytes = await readFile(path);
        bytes[Math.floor(share * bytes.length)]! ^= 1;
        await writeFile(path, bytes);
        const session = await openTestSession(dir);
        const { findings } = await fsck(session, ALL);
        const where = `${path} at ${Math.floor(share * bytes.length)} of ${bytes.length}`;
        expect(findings, where).toEqual([
          expect.objectContaining({
            severity: 'misplaced',
            message: expect.stringContaining(' is damaged: '),
          }),
        ]);
        expect((await fsck(session, ALL)).findings).toEqual([]);
        expect(await session.store.index!.isKept()).toBe(true);
        await session.close();
      }
    }
  });
});

const placeIn = (tables: IndexTables) => [...tables.range('a/')][0]!.key.slice(2);
