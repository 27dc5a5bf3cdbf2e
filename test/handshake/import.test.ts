import { writeFileSync } from 'node:fs';
import { mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { remove } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import { reclassify } from '../../src/ops/govern/reclassify.js';
import { importWorkspace, planWorkspaceImport } from '../../src/ops/handshake/import-workspace.js';
import { manifestOf as storedManifest } from '../../src/ops/payload/read-manifest.js';
import { streamSource } from '../../src/ops/payload/stream-source.js';
import { put } from '../../src/ops/put/put.js';
import { openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { hash, idOf, manifestOf, placeOf, type Sample, writeWorkspace } from './workspace.js';

const A: Sample = { id: idOf(1), layer: 'L1', payload: 'hello' };
const B: Sample = {
  id: idOf(2),
  payload: { 'a.txt': 'hello', 'sub/b.txt': 'more' },
  manifest: {
    source_artifact_refs: [{ artifact_id: A.id, path: `.handshake/artifacts/L1/${A.id}/payload` }],
  },
};

async function world(samples: readonly Sample[]) {
  const [dir, workspace] = [await tmp(), await tmp()];
  const session = await testStore(dir);
  await writeWorkspace(workspace, samples);
  const get = async (id: string) => await (await session.catalog()).get(id as never);
  const manifest = async (id: string) => storedManifest(session, (await get(id))!);
  return { dir, workspace, session, get, manifest };
}

const kinds = (faults: readonly { fault: string }[]) => faults.map((f) => f.fault);
async function* once(text: string) {
  yield Buffer.from(text);
}

describe('the import of a workspace', () => {
  it('keeps ids, payloads, TTLs, pins, entities, sources and the stated hash', async () => {
    const full: Sample = {
      id: idOf(3),
      layer: 'L2',
      payload: 'secret',
      manifest: {
        kind: 'tool_output',
        classification: 'high',
        exportable: false,
        retention_ttl_days: 9,
        pinned: true,
        filename_hint: 'out.txt',
        created_by_job_id: 'job-7',
        source_entity_refs: [{ entity_kind: 'ticket', entity_id: 'HS-1' }],
      },
    };
    const w = await world([A, B, full]);
    const done = await importWorkspace(w.session, w.workspace);
    expect(done.refused).toEqual([]);
    expect(done.artifacts.map((a) => [a.artifactId, a.hashForm, a.layer, a.demoted])).toEqual([
      [A.id, 'payload', 'L1', true],
      [full.id, 'payload', 'L2', true],
      [B.id, 'bundle_index_v1', 'L3', false],
    ]);
    expect(await w.manifest(full.id)).toMatchObject({
      layer: 'L3',
      kind: 'tool_output',
      created_at: '2026-01-31T11:00:00.123Z',
      classification: 'high',
      exportable: false,
      retention_ttl_days: 9,
      filename_hint: 'out.txt',
      created_by_job_id: 'job-7',
      source_entity_refs: [{ entity_kind: 'ticket', entity_id: 'HS-1' }],
      provenance: { engine_id: 'handshake_core', input_hashes: [hash('secret')] },
      labels: { 'hs.import.layer': 'L2', 'hs.import.hash_form': 'payload' },
    });
    expect((await w.get(full.id))!.pins).toMatchObject([{ name: 'handshake' }]);
    const directory = await w.manifest(B.id);
    expect(directory.provenance!.input_hashes).toEqual([manifestOf(B).content_hash]);
    expect(directory.source_artifact_refs).toMatchObject([
      { artifact_id: A.id, content_hash: hash('hello') },
    ]);
    expect(Buffer.from(await w.session.store.objects.read(hash('more'))).toString()).toBe('more');
  });

  it('changes nothing the second time; a dry run predicts the import', async () => {
    const w = await world([A, B]);
    const before = await w.session.store.ledger.headSeq();
    const { artifacts } = await planWorkspaceImport(w.session, w.workspace);
    expect(await w.session.store.ledger.headSeq()).toBe(before);
    expect(await (await w.session.catalog()).get(A.id as never)).toBeUndefined();
    const done = await importWorkspace(w.session, w.workspace);
    expect(done.artifacts).toEqual(artifacts);
    const head = await w.session.store.ledger.headSeq();
    const again = await importWorkspace(w.session, w.workspace);
    expect(again.artifacts.every((a) => a.present && !a.tightened)).toBe(true);
    expect([again.report, await w.session.store.ledger.headSeq()]).toEqual([undefined, head]);
  });

  it('keeps every original manifest, byte for byte, in a report as sensitive as its subjects', async () => {
    const bad: Sample = {
      id: idOf(9),
      payload: 'x',
      manifest: { content_hash: hash('y'), classification: 'high' },
    };
    const w = await world([A, { ...B, manifest: { ...B.manifest, extra: { note: 'kept' } } }, bad]);
    const { report } = await importWorkspace(w.session, w.workspace);
    expect(await w.get(report!)).toMatchObject({
      kind: 'report',
      classification: 'high',
      name: 'import-report',
    });
    for (const sample of [A, bad]) {
      const text = JSON.stringify(manifestOf(sample), null, 2);
      expect(Buffer.from(await w.session.store.objects.read(hash(text))).toString()).toBe(text);
    }
    const job = await openTestSession(w.dir, { actor: 'ai_job:worker' });
    const { demandRead } = await import('../../src/ops/guard/read-gate.js');
    const read = demandRead(job, await job.catalog(), (await w.get(report!))!);
    await expect(read).rejects.toMatchObject({ code: 'REFUSED' });
  });

  it('applies the stricter level: of existing artifacts, and of restricted bytes', async () => {
    const w = await world([
      { ...A, manifest: { classification: 'high', exportable: false, retention_ttl_days: 3 } },
    ]);
    await importWorkspace(w.session, w.workspace);
    // Lower the second time: nothing changes. Higher: a new revision.
    await writeFile(join(placeOf(w.workspace, A), 'artifact.json'), JSON.stringify(manifestOf(A)));
    expect((await importWorkspace(w.session, w.workspace)).artifacts[0]).toMatchObject({ tightened: false });
    expect(await w.get(A.id)).toMatchObject({ classification: 'high', exportable: false });
    await reclassify(w.session, A.id, { classification: 'low', exportable: true, reason: 'r' });
    const high = { ...A, manifest: { classification: 'high', retention_ttl_days: 3 } };
    await writeFile(join(placeOf(w.workspace, A), 'artifact.json'), JSON.stringify(manifestOf(high)));
    expect((await importWorkspace(w.session, w.workspace)).artifacts[0]).toMatchObject({ tightened: true });
    expect(await w.get(A.id)).toMatchObject({ classification: 'high', revision: 3 });

    const other = await world([{ id: idOf(5), payload: 'known' }]);
    const source = { stream: streamSource(once('known')) };
    await put(other.session, [source], { classification: 'high', ttl: 4 });
    const { artifacts } = await importWorkspace(other.session, other.workspace);
    expect(kinds(artifacts[0]!.faults)).toEqual(['level-raised']);
    expect(await other.get(idOf(5))).toMatchObject({
      classification: 'high',
      exportable: false,
      retention_ttl_days: 4,
    });
  });

  it('also accepts the hash of an index here, without excluded files, and says which it was', async () => {
    const files = { 'a.txt': 'hello' };
    const ours = '8a1247a7cd533754624ad10d6cc3b918be359f9c082b7a838d15b788ee327141';
    const w = await world([
      { id: idOf(1), payload: files, manifest: { content_hash: ours, hash_basis: 'dir_index_v1' } },
      {
        id: idOf(2),
        payload: { ...files, 'cache.bin': 'z' },
        manifest: {
          content_hash: 'eaba6e628e5799ae67075274693ceffa496b8fde991c4ae1cb8ce23acf737a5d',
          hash_exclude_paths: ['cache.bin'],
          size_bytes: 6,
        },
      },
    ]);
    const { artifacts, refused } = await importWorkspace(w.session, w.workspace);
    expect([artifacts.map((a) => a.hashForm), refused]).toEqual([['bundle_index', 'bundle_index_v1'], []]);
    // All of the payload is here, under a hash that covers all of it.
    expect((await w.get(idOf(2)))!.size_bytes).toBe(6);
    expect((await w.manifest(idOf(2))).provenance!.input_hashes).toEqual([
      'eaba6e628e5799ae67075274693ceffa496b8fde991c4ae1cb8ce23acf737a5d',
    ]);
  });

  it('names sources that are missing or go in a circle, and keeps their ids', async () => {
    const from = (...ids: string[]) => ({
      source_artifact_refs: ids.map((artifact_id) => ({ artifact_id })),
    });
    const w = await world([
      { id: idOf(1), payload: '1', manifest: from(idOf(2)) },
      { id: idOf(2), payload: '2', manifest: from(idOf(1), idOf(3)) },
      { id: idOf(3), payload: '3', manifest: from(idOf(77)) },
      { id: idOf(4), payload: '4', manifest: from(idOf(4)) },
    ]);
    const { artifacts, refused } = await importWorkspace(w.session, w.workspace);
    expect(refused).toEqual([]);
    expect(artifacts.map((a) => kinds(a.faults))).toEqual([
      ['source-cyclic'],
      ['source-cyclic'],
      ['source-missing'],
      ['source-cyclic'],
    ]);
    expect((await w.manifest(idOf(2))).source_artifact_refs).toMatchObject([{ artifact_id: idOf(3) }]);
    expect((await w.manifest(idOf(3))).source_entity_refs).toEqual([
      { entity_kind: 'artifact', entity_id: idOf(77) },
    ]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['another hash', { content_hash: hash('other') }, 'hash-mismatch'],
    ['an unknown kind', { kind: 'gadget' }, 'manifest-invalid'],
    ['an unknown level', { classification: 'secret' }, 'manifest-invalid'],
    ['an unknown layer', { layer: 'L9' }, 'manifest-invalid'],
    ['a size that is none', { size_bytes: -1 }, 'manifest-invalid'],
    ['no time', { created_at: 'yesterday' }, 'manifest-invalid'],
    ['the id of another', { artifact_id: idOf(8) }, 'id-mismatch'],
    ['a name that reaches out', { filename_hint: '../../etc/passwd' }, 'unsafe-path'],
    ['high without a TTL', { classification: 'high' }, 'ttl-required'],
    ['a bundle that is a file', { kind: 'bundle' }, 'manifest-invalid'],
  ])('keeps out an artifact with %s, and takes the others', async (_what, manifest, fault) => {
    const w = await world([A, { id: idOf(6), payload: 'x', manifest }]);
    const { artifacts, refused } = await importWorkspace(w.session, w.workspace);
    expect(artifacts.map((a) => a.artifactId)).toEqual([A.id]);
    expect(refused.map((r) => [r.name, kinds(r.faults).at(-1)])).toEqual([[idOf(6), fault]]);
    // Not a byte of it is in the store, not even unnamed.
    expect(await w.session.store.objects.has(hash('x'))).toBe(false);
  });

  it.each<[string, (at: string, outside: string) => Promise<unknown>, string]>([
    [
      'a payload that is a link',
      async (at, o) => [await rm(`${at}/payload`), await symlink(o, `${at}/payload`)],
      'unsafe-path',
    ],
    [
      'a manifest that is a link',
      async (at, o) => [await rm(`${at}/artifact.json`), await symlink(o, `${at}/artifact.json`)],
      'unsafe-path',
    ],
    ['no manifest', (at) => rm(`${at}/artifact.json`), 'manifest-missing'],
    ['no payload', (at) => rm(`${at}/payload`), 'payload-missing'],
    ['a manifest without end', (at) => truncate(`${at}/artifact.json`, 9 << 20), 'manifest-too-large'],
    ['a manifest that is no JSON', (at) => writeFile(`${at}/artifact.json`, '{'), 'manifest-malformed'],
    [
      'a key twice',
      (at) => writeFile(`${at}/artifact.json`, '{"kind":"file","kind":"bundle"}'),
      'manifest-malformed',
    ],
    ['nesting without end', (at) => writeFile(`${at}/artifact.json`, '['.repeat(9999)), 'manifest-malformed'],
    ['a prototype', (at) => writeFile(`${at}/artifact.json`, '{"__proto__":{"kind":"file"}}'), 'manifest-'],
    [
      'a link in its payload',
      async (at, o) => [
        await rm(`${at}/payload`),
        await mkdir(`${at}/payload`),
        await symlink(o, `${at}/payload/l`),
      ],
      'unsafe-path',
    ],
    [
      'a control character in a path',
      async (at) => [
        await rm(`${at}/payload`),
        await mkdir(`${at}/payload`),
        await writeFile(`${at}/payload/a\nb`, ''),
      ],
      'unsafe-path',
    ],
    ['a directory that is a link', async (at, o) => [await remove(at), await symlink(o, at)], 'unsafe-path'],
  ])('keeps out an artifact with %s, and takes the others', async (_what, spoil, fault) => {
    const w = await world([A, { id: idOf(6), payload: 'x' }]);
    const outside = join(w.dir, 'outside');
    await writeFile(outside, 'not to be read');
    await spoil(placeOf(w.workspace, { id: idOf(6) }), outside);
    const { artifacts, refused } = await importWorkspace(w.session, w.workspace);
    expect(artifacts.map((a) => a.artifactId)).toEqual([A.id]);
    expect(refused).toHaveLength(1);
    expect(kinds(refused[0]!.faults).some((kind) => kind.startsWith(fault))).toBe(true);
    expect(await w.session.store.objects.has(hash('not to be read'))).toBe(false);
  });

  it('reads nothing through a link, unlike a naive reader', async () => {
    const w = await world([{ id: idOf(6), payload: 'x' }]);
    const outside = join(w.dir, 'outside');
    await writeFile(outside, 'not to be read');
    const at = placeOf(w.workspace, { id: idOf(6) });
    await rm(`${at}/payload`);
    await symlink(outside, `${at}/payload`);
    const naive = await readFile(join(at, 'payload'), 'utf8');
    expect(naive).toBe('not to be read');
    // Also where the manifest states the hash of what the link leads to.
    const lying = manifestOf({ id: idOf(6), payload: naive });
    await writeFile(`${at}/artifact.json`, JSON.stringify(lying));
    const { artifacts, refused } = await importWorkspace(w.session, w.workspace);
    expect([artifacts, refused.map((r) => r.error.code)]).toEqual([[], ['UNSAFE_PATH']]);
    expect(await w.session.store.objects.has(hash(naive))).toBe(false);
  });

  it('registers nothing when a payload changes between being compared and being stored', async () => {
    const w = await world([A]);
    const payload = join(placeOf(w.workspace, A), 'payload');
    const start = (label: string) => {
      if (label === 'storing') writeFileSync(payload, 'other');
    };
    const progress = { start, advance: () => undefined, done: () => undefined };
    const session = await openTestSession(w.dir, { progress });
    await expect(importWorkspace(session, w.workspace)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    expect(await w.get(A.id)).toBeUndefined();
    expect(await w.session.store.objects.has(hash('other'))).toBe(false);
  });

  it('stops at a signal, and nothing of it is there', async () => {
    const w = await world([A, B]);
    const stop = new AbortController();
    const progress = {
      start: () => undefined,
      advance: () => stop.abort(new Error('stop')),
      done: () => undefined,
    };
    const session = await openTestSession(w.dir, { signal: stop.signal, progress });
    await expect(importWorkspace(session, w.workspace)).rejects.toThrow('stop');
    expect(await w.get(A.id)).toBeUndefined();
    expect(await w.session.store.objects.has(hash('hello'))).toBe(false);
  });

  it('imports an id in two layers once, and neither of two contradicting copies', async () => {
    const w = await world([
      A,
      { ...A, layer: 'L3' },
      { id: idOf(2), payload: 'x' },
      { id: idOf(2), layer: 'L2', payload: 'y' },
    ]);
    const { artifacts, refused, strays } = await importWorkspace(w.session, w.workspace);
    expect(artifacts.map((a) => [a.artifactId, a.layer])).toEqual([[A.id, 'L1']]);
    expect(kinds(strays)).toEqual(['duplicate-copy']);
    expect(refused.map((r) => [r.name, r.error.code])).toEqual([
      [idOf(2), 'CONFLICT'],
      [idOf(2), 'CONFLICT'],
    ]);
  });

  it('imports L4 artifacts as ephemeral, and says so', async () => {
    const w = await world([{ id: idOf(4), layer: 'L4', payload: 'x' }]);
    const { artifacts } = await importWorkspace(w.session, w.workspace);
    expect(kinds(artifacts[0]!.faults)).toEqual(['ephemeral-layer']);
    expect(await w.get(idOf(4))).toMatchObject({ layer: 'L4' });
  });

  it('refuses an id that exists with other content, and reports stray files', async () => {
    const w = await world([A]);
    await importWorkspace(w.session, w.workspace);
    await writeWorkspace(w.workspace, [{ ...A, payload: 'changed' }]);
    await writeFile(join(w.workspace, '.handshake/artifacts/notes.txt'), '');
    await mkdir(join(w.workspace, '.handshake/artifacts/L3/not-a-uuid'));
    const { refused, strays } = await importWorkspace(w.session, w.workspace);
    expect(refused.map((r) => r.error.code)).toEqual(['CONFLICT']);
    expect(kinds(strays)).toEqual(['stray', 'stray']);
  });

  it('follows no link to the workspace', async () => {
    const w = await world([A]);
    const outer = await tmp();
    await symlink(join(w.workspace, '.handshake'), join(outer, '.handshake'));
    await expect(importWorkspace(w.session, outer)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    await expect(importWorkspace(w.session, await tmp())).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
