import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeBundleIndex } from '../../../src/core/objects/bundle-index.js';
import { sha256 } from '../../../src/core/objects/hash.js';
import type { ArtifactId } from '../../../src/core/objects/ids.js';
import { createBundle } from '../../../src/ops/bundle/create-bundle.js';
import { createDebugBundle } from '../../../src/ops/debug/create-debug-bundle.js';
import { exportArtifact } from '../../../src/ops/export/export.js';
import type { ExportRequest } from '../../../src/ops/export/export-request.js';
import { planExport } from '../../../src/ops/export/plan-export.js';
import { fsck } from '../../../src/ops/fsck/fsck.js';
import { removeArtifacts } from '../../../src/ops/gc/remove-artifacts.js';
import { reclassify } from '../../../src/ops/govern/reclassify.js';
import { demandObjectRead, demandRead } from '../../../src/ops/guard/read-gate.js';
import { type World, world } from '../export/helpers.js';

const hash = (text: string) => sha256(Buffer.from(text));

/** `sec` is a high directory; everything returned holds a copy of a file of it, some way down. */
async function launderers(w: World) {
  await w.put({ 'keys/k': 'secret', readme: 'r' }, { classification: 'high', ttl: 9, name: 'sec' });
  const lib = await w.put({ 'a/k': 'secret', b: 'b' }, { name: 'lib' });
  const copy = await w.put({ copy: 'secret' });
  const open = await w.put({ o: 'open' });
  const bundle = async (...names: string[]) => (await createBundle(w.session, names)).artifactId;
  const [ofLib, ofFile] = [await bundle(lib), await bundle(copy, open)];
  const cases = {
    'a directory': lib,
    'a file': copy,
    'a bundle of the directory': ofLib,
    'a bundle of the file': ofFile,
    'a bundle of bundles': await bundle(ofLib, open),
    'a bundle of bundles of bundles': await bundle(await bundle(ofFile)),
    'a directory put as a bundle': await w.put({ 'x/k': 'secret', y: 'y' }, { kind: 'bundle' }),
    'the same with a path of a member': await w.put(
      { [`members/${open}/payload`]: 'secret', y: 'y' },
      { kind: 'bundle' },
    ),
    'a slice of the bundle': await w.put({ s: 's' }, { kind: 'dataset_slice', sources: [ofLib] }),
  };
  return { cases, open, ofOpen: await bundle(open) };
}

describe('bytes of a restricted directory', () => {
  it('cannot leave in any form', async () => {
    const w = await world();
    const { cases, open, ofOpen } = await launderers(w);
    const stdout = { kind: 'stdout', write: async () => expect.unreachable('a byte left') } as const;
    const path = { kind: 'path', path: join(w.dir, 'out') } as const;
    const ways = [
      { place: path },
      { place: path, withManifest: true },
      { place: path, format: 'tar' },
      { place: path, format: 'tar.gz' },
      { place: stdout, format: 'tar' },
      { place: { kind: 'default' } },
    ] as const satisfies readonly Omit<ExportRequest, 'artifact'>[];
    for (const [what, artifact] of Object.entries(cases)) {
      for (const way of ways) {
        const said = `${what}: ${JSON.stringify(way)}`;
        const blocked = { code: 'GUARD_BLOCKED' };
        await expect(exportArtifact(w.session, { artifact, ...way }), said).rejects.toMatchObject(blocked);
        await expect(planExport(w.session, { artifact, ...way }), said).rejects.toMatchObject(blocked);
      }
    }
    expect(await readdir(w.dir)).not.toContain('out');
    for (const artifact of [open, ofOpen]) await planExport(w.session, { artifact, place: path });
  });

  it('say through which file of a bundle they would leave', async () => {
    const w = await world();
    const { cases } = await launderers(w);
    const artifact = cases['a bundle of the directory'];
    const attempt = planExport(w.session, { artifact, place: { kind: 'default' } });
    await expect(attempt).rejects.toMatchObject({
      message: expect.stringMatching(/payload\/a\/k' is also in 'sec' \(\w{8}\), which is high/),
    });
  });

  it('are read by no job, nor bundled by one', async () => {
    const w = await world();
    const { cases, open } = await launderers(w);
    const job = await w.as('ai_job:worker');
    const catalog = await job.catalog();
    await expect(demandObjectRead(job, catalog, hash('secret'))).rejects.toMatchObject({ code: 'REFUSED' });
    for (const [what, id] of Object.entries(cases)) {
      if (what === 'a slice of the bundle') continue;
      const read = demandRead(job, catalog, (await catalog.get(id))!, 'all');
      await expect(read, what).rejects.toMatchObject({ code: 'REFUSED' });
      await expect(createBundle(job, [id]), what).rejects.toMatchObject({ code: 'REFUSED' });
    }
    const { leftOut } = await createBundle(job, [open, cases['a directory']]);
    expect(leftOut.map((l) => l.artifact_id)).toEqual([cases['a directory']]);
  });
});

describe('restricted bytes', () => {
  const high = { classification: 'high', ttl: 9 } as const;

  it('stay so when the directory, or the bundle, that had them is purged, for readers and for exports', async () => {
    const w = await world();
    const sec = await w.put({ 'keys/k': 'of a directory', r: 'r' }, high);
    const forged = await w.put({ 'x/k': 'of a bundle', y: 'y' }, { kind: 'bundle', ...high });
    const bundle = (await createBundle(w.session, [sec])).artifactId;
    const copies = { 'of a directory': '', 'of a bundle': '' };
    for (const text of Object.keys(copies) as (keyof typeof copies)[])
      copies[text] = await w.put({ copy: text });
    await removeArtifacts(w.session, new Set([sec, forged, bundle]), { purge: true });
    const job = await w.as('ai_job:worker');
    for (const [text, artifact] of Object.entries(copies)) {
      const catalog = await job.catalog();
      await expect(demandObjectRead(job, catalog, hash(text)), text).rejects.toMatchObject({
        code: 'REFUSED',
      });
      const attempt = planExport(w.session, { artifact, place: { kind: 'default' } });
      await expect(attempt, text).rejects.toMatchObject({ code: 'GUARD_BLOCKED' });
    }
    // The bytes themselves are gone, but for those that something else holds.
    expect(await w.session.store.objects.has(hash('r'))).toBe(false);
    const report = await fsck(w.session, { repair: false, secondOpinion: false, sample: 1 });
    expect([report.ok, report.unreferenced?.objects]).toEqual([true, 0]);
  });

  it('stay so in a bundle that was reclassified when the member that had them is purged', async () => {
    const w = await world();
    const sec = await w.put({ 'keys/k': 'secret', r: 'r' }, high);
    const bundle = (await createBundle(w.session, [sec])).artifactId;
    await reclassify(w.session, bundle, { classification: 'low', exportable: true, reason: 'r' });
    await removeArtifacts(w.session, new Set([sec]), { purge: true });
    const job = await w.as('ai_job:worker');
    const catalog = await job.catalog();
    await expect(demandObjectRead(job, catalog, hash('secret'))).rejects.toMatchObject({ code: 'REFUSED' });
    await expect(demandRead(job, catalog, (await catalog.get(bundle))!, 'all')).rejects.toMatchObject({
      code: 'REFUSED',
    });
  });
});

describe('a debug bundle', () => {
  const high = { classification: 'high', ttl: 9 } as const;
  /** Files with bytes that are restricted for one reason each, and one with bytes that are not. */
  async function twins(w: World) {
    const twin = (why: string) => w.put({ t: `text ${why}` });
    await w.put({ a: 'text high' }, high);
    await w.put({ a: 'text held' }, { exportable: false });
    await w.put({ 'd/a': 'text inside', b: 'b' }, high);
    const gone = await w.put({ a: 'text gone' }, high);
    const held = [await twin('high'), await twin('held'), await twin('inside'), await twin('gone')];
    await removeArtifacts(w.session, new Set([gone]), { purge: true });
    const source = await w.put({ a: 'source' }, high);
    const slice = await w.put({ t: 'text of a slice' }, { kind: 'dataset_slice', sources: [source] });
    return { held, slice, open: await twin('open') };
  }
  async function filesOf({ session: { store } }: World, id: ArtifactId) {
    const record = (await (await store.catalog()).get(id))!;
    const index = decodeBundleIndex(await store.objects.read(record.content_hash));
    const read = async (path: string) => {
      const { content_hash } = index.find((e) => e.path === path)!;
      return Buffer.from(await store.objects.read(content_hash)).toString();
    };
    return { paths: index.map((e) => e.path), read };
  }
  const of = (artifact: ArtifactId) => ({ kind: 'artifact', artifact }) as const;

  it('in mode workspace shows no bytes that may not leave, whoever makes it', async () => {
    const w = await world();
    const { held, slice, open } = await twins(w);
    for (const session of [w.session, await w.as('ai_job:worker')]) {
      const shown = async (id: ArtifactId) => {
        const made = await createDebugBundle(session, { scope: of(id), mode: 'workspace' });
        return (await filesOf(w, made.artifactId)).read('artifacts.jsonl');
      };
      expect(await shown(open)).toContain('text open');
      for (const id of [...held, slice]) expect(await shown(id)).not.toContain('text ');
    }
  });

  it('in mode full holds no bytes that its maker may not read', async () => {
    const w = await world();
    const { held, open } = await twins(w);
    const job = await w.as('ai_job:worker');
    const made = (session: typeof job, id: ArtifactId) =>
      createDebugBundle(session, { scope: of(id), mode: 'full' });
    for (const id of held) {
      const { artifactId, leftOut } = await made(job, id);
      const { paths, read } = await filesOf(w, artifactId);
      expect(paths.filter((p) => p.startsWith('members/'))).toEqual([]);
      expect(leftOut).toEqual([{ artifact_id: id, reason: expect.stringContaining('restricted bytes') }]);
      expect(await read('retention_report.json')).toContain('"access_denied"');
      expect((await made(w.session, id)).leftOut).toEqual([]);
    }
    expect((await made(job, open)).leftOut).toEqual([]);
  });
});
