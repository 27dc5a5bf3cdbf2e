import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/core/objects/hash.js';
import { toTimestamp } from '../../../src/core/objects/ids.js';
import { createBundle } from '../../../src/ops/bundle/create-bundle.js';
import { importBundle } from '../../../src/ops/bundle/import-bundle.js';
import { verifyBundle } from '../../../src/ops/bundle/verify-bundle.js';
import { exportArtifact } from '../../../src/ops/export/export.js';
import { promote } from '../../../src/ops/govern/promote.js';
import { reclassify } from '../../../src/ops/govern/reclassify.js';
import { inside } from '../../helpers/inside.js';
import { behind } from '../../helpers/store.js';
import { interceptDisk } from '../../sim/intercept-disk.js';
import { type World, world } from '../export/helpers.js';
import { bundleFiles, FILE_ID, manifestOf, toTar } from './bundle-files.js';

async function tarOf(w: World, artifact: string, name: string, more = {}): Promise<string> {
  const path = join(w.dir, name);
  await exportArtifact(w.session, { artifact, place: { kind: 'path', path }, format: 'tar', ...more });
  return path;
}

describe('a bundle', () => {
  it('written here and imported elsewhere gives the same content hashes and the same tar', async () => {
    const [here, there] = [await world(), await world()];
    const file = await here.put({ 'a.txt': 'hello' }, { name: 'file' });
    const tree = await here.put({ 'b/x': '1', 'c.txt': '2' }, { name: 'tree' });
    const made = await createBundle(here.session, [file, tree], { name: 'both' });
    const tar = await tarOf(here, made.artifactId, 'both.tar', { withManifest: true });
    const verified = await verifyBundle(here.session.disk, tar);
    expect(verified.contentHash).toBe(made.contentHash);
    await importBundle(there.session, tar);
    const [a, b] = [await here.session.catalog(), await there.session.catalog()];
    for (const id of [file, tree, made.artifactId])
      expect((await b.get(id))!.content_hash).toBe((await a.get(id))!.content_hash);
    const again = await tarOf(there, made.artifactId, 'again.tar', { withManifest: true });
    expect(sha256(await readFile(again))).toBe(sha256(await readFile(tar)));
  });

  it('imports frozen artifacts as ordinary work, and requires a TTL if one is needed', async () => {
    const w = await world();
    const frozen = manifestOf(FILE_ID, 'hello', { layer: 'L1', classification: 'high', exportable: false });
    const tar = join(w.dir, 'frozen.tar');
    await writeFile(tar, toTar(bundleFiles([{ manifest: frozen, payload: 'hello' }])));
    await expect(importBundle(w.session, tar)).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('--ttl'),
    });
    expect(await (await w.session.catalog()).get(FILE_ID)).toBeUndefined();
    const { artifacts } = await importBundle(w.session, tar, { ttl: 30 });
    expect(artifacts).toMatchObject([{ artifactId: FILE_ID, demoted: true }]);
    expect(await (await w.session.catalog()).get(FILE_ID)).toMatchObject({
      layer: 'L3',
      revision: 2,
      retention_ttl_days: 30,
    });
  });

  it('reports an expired TTL for new artifacts, but not for existing ones', async () => {
    const w = await world();
    const old = manifestOf(FILE_ID, 'hello', {
      created_at: toTimestamp(0),
      retention_ttl_days: 9,
    });
    const tar = join(w.dir, 'old.tar');
    await writeFile(tar, toTar(bundleFiles([{ manifest: old, payload: 'hello' }])));
    const over = async () => (await importBundle(w.session, tar)).artifacts.map((a) => a.ttlOver);
    expect([await over(), await over()]).toEqual([[true], [false]]);
    const hs = inside(w.dir);
    await hs(['init']);
    expect(await hs(['import', tar])).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/the TTL of '[0-9a-f]{8}' has expired: .*hs retain/),
    });
  });

  it('of a high, frozen artifact needs a TTL; if both have one, the shorter applies', async () => {
    const w = await world();
    const frozen = await w.put({ 'a.txt': 'a' });
    await promote(w.session, frozen, undefined);
    await promote(w.session, frozen, 'looked at it');
    await reclassify(w.session, frozen, { classification: 'high', reason: 'it names people' });
    await expect(createBundle(w.session, [frozen])).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('--ttl'),
    });
    const low = await w.put({ 'b.txt': 'b' }, { ttl: 9 });
    const ttlOf = async (members: string[], ttl: number) => {
      const { artifactId } = await createBundle(w.session, members, { ttl });
      return (await (await w.session.catalog()).get(artifactId))?.retention_ttl_days;
    };
    expect([await ttlOf([frozen], 7), await ttlOf([low], 20), await ttlOf([low], 3)]).toEqual([7, 9, 3]);
  });

  it('of bundles is checked to the bottom', async () => {
    const w = await world();
    const inner = await createBundle(w.session, [await w.put({ 'a.txt': 'hello' })], { name: 'inner' });
    const outer = await createBundle(w.session, [inner.artifactId, await w.put({ 'b.txt': 'b' })]);
    const { members } = await verifyBundle(w.session.disk, await tarOf(w, outer.artifactId, 'outer.tar'));
    expect(members.map((m) => m.manifest.kind).sort()).toEqual(['bundle', 'file']);
  });

  it('is as sensitive as the most sensitive of its members, with the shortest TTL, and as little exportable', async () => {
    const w = await world();
    const low = await w.put({ 'a.txt': 'a' }, { ttl: 9 });
    const high = await w.put({ 'b.txt': 'b' }, { classification: 'high', ttl: 4 });
    const { artifactId } = await createBundle(w.session, [low, high]);
    expect(await (await w.session.catalog()).get(artifactId)).toMatchObject({
      kind: 'bundle',
      classification: 'high',
      exportable: false,
      retention_ttl_days: 4,
    });
    const place = { kind: 'path', path: join(w.dir, 'out') } as const;
    await expect(exportArtifact(w.session, { artifact: artifactId, place })).rejects.toMatchObject({
      code: 'GUARD_BLOCKED',
      message: expect.stringContaining('b.txt'),
    });
  });

  it('is as sensitive as its members are when it is registered', async () => {
    const w = await world();
    const member = await w.put({ 'a.txt': 'a' });
    let isFirst = true;
    const late = interceptDisk(w.session.disk, async (operation, path) => {
      if (operation !== 'link' || !path.includes('/ledger/') || !isFirst) return;
      isFirst = false;
      await reclassify(w.session, member, { classification: 'high', ttl: 4, reason: 'r' });
    });
    const { artifactId } = await createBundle(await w.as('human:tester', { disk: late }), [member]);
    expect(isFirst).toBe(false);
    expect(await (await w.session.catalog()).get(artifactId)).toMatchObject({ classification: 'high' });
  });

  it('leaves out damaged and unreadable artifacts, and reports them', async () => {
    const w = await world();
    const good = await w.put({ 'a.txt': 'a' });
    const secret = await w.put({ 'b.txt': 'b' }, { classification: 'high', ttl: 4 });
    const lost = await w.put({ 'c.txt': 'c' });
    await w.session.disk.unlink(behind(w.session).layout.object(sha256(Buffer.from('c'))));
    const job = await w.as('ai_job:nightly');
    const made = await createBundle(job, [good, secret, lost]);
    expect(made.leftOut.map((l) => l.artifact_id).sort()).toEqual([secret, lost].sort());
    const { report } = await verifyBundle(w.session.disk, await tarOf(w, made.artifactId, 'b.tar'));
    expect(report.left_out).toEqual(made.leftOut);
  });

  it('of nothing fails as the first one that was left out, and records a refusal', async () => {
    const w = await world();
    const secret = await w.put({ 'b.txt': 'b' }, { classification: 'high', ttl: 4 });
    const lost = await w.put({ 'c.txt': 'c' });
    await w.session.disk.unlink(behind(w.session).layout.object(sha256(Buffer.from('c'))));
    const job = await w.as('ai_job:nightly');
    await expect(createBundle(job, [lost, secret])).rejects.toMatchObject({ exitStatus: 5 });
    await expect(createBundle(job, [secret, lost])).rejects.toMatchObject({ exitStatus: 6 });
    const { head } = await job.catalog();
    expect((await job.store.ledger.read(head.seq)).entry).toMatchObject({
      decision: 'deny',
      capability_id: 'artifact.read:restricted',
    });
  });

  it('refuses names that another system could not hold, unless told to take them', async () => {
    const w = await world();
    const tree = await w.put({ 'd/README': '1', 'd/readme': '2' });
    await expect(createBundle(w.session, [tree])).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    const made = await createBundle(w.session, [tree], { nonPortable: true });
    const tar = await tarOf(w, made.artifactId, 'b.tar');
    await expect(verifyBundle(w.session.disk, tar)).rejects.toMatchObject({ code: 'HOSTILE_INPUT' });
    expect((await verifyBundle(w.session.disk, tar, { nonPortable: true })).members).toHaveLength(1);
  });
});
