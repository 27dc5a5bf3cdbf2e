import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeBundleIndex } from '../../../src/core/objects/bundle-index.js';
import { sha256 } from '../../../src/core/objects/hash.js';
import { toSafePath } from '../../../src/core/paths/safe-path.js';
import { errnoError } from '../../../src/fsx/errno.js';
import { nodeDisk } from '../../../src/fsx/node-disk.js';
import { createBundle } from '../../../src/ops/bundle/create-bundle.js';
import { importBundle } from '../../../src/ops/bundle/import-bundle.js';
import { exportArtifact } from '../../../src/ops/export/export.js';
import type { ExportPlace } from '../../../src/ops/export/export-request.js';
import { planExport } from '../../../src/ops/export/plan-export.js';
import { assumeDead } from '../../../src/ops/gc/collect-garbage.js';
import { removeArtifacts } from '../../../src/ops/gc/remove-artifacts.js';
import { restore } from '../../../src/ops/gc/restore.js';
import { promote } from '../../../src/ops/govern/promote.js';
import { reclassify } from '../../../src/ops/govern/reclassify.js';
import { demandObjectRead } from '../../../src/ops/guard/read-gate.js';
import { showArtifact } from '../../../src/ops/inspect/show-artifact.js';
import { writeManifest } from '../../../src/ops/put/write-manifest.js';
import { alteredDisk } from '../../helpers/altered-disk.js';
import { behind } from '../../helpers/store.js';
import { interceptDisk } from '../../sim/intercept-disk.js';
import { type World, withPolicy, world } from './helpers.js';

const hash = (text: string) => sha256(Buffer.from(text));
const at = (w: World, name: string) => ({ kind: 'path' as const, path: join(w.dir, name) });

describe('an export', () => {
  it('is decided in the ledger before it is recorded there, with everything that B7 asks for', async () => {
    const w = await world();
    const artifact = await w.put(
      { 'a.txt': 'hello' },
      { name: 'report', entities: [{ entity_kind: 'ticket', entity_id: '7' }] },
    );
    const done = await exportArtifact(w.session, { artifact, place: at(w, 'out.txt') });
    expect(await readFile(join(w.dir, 'out.txt'), 'utf8')).toBe('hello');
    const [decided] = await w.entries('export_decided');
    const [recorded] = await w.entries('export_record');
    expect(decided!.seq).toBeLessThan(recorded!.seq);
    expect([decided!.decision, decided!.capability_id]).toEqual(['allow', 'artifact.export']);
    const [record] = await w.records();
    expect(record).toMatchObject({
      export_id: done.exportId,
      actor: 'human:tester',
      source_entity_refs: [{ entity_kind: 'ticket', entity_id: '7' }],
      source_hashes: [hash('hello')],
      export_format: 'file',
      determinism_level: 'bitwise',
      hash_basis: 'payload_bytes',
      export_target: join(w.dir, 'out.txt'),
      redactions_applied: false,
      output_artifact_handles: [{ artifact_id: artifact, content_hash: hash('hello') }],
      materialized_paths: ['out.txt'],
      outcome: 'done',
      warnings: [],
      errors: [],
    });
  });

  it('without a destination, goes below the output root under the name, else the filename hint', async () => {
    const w = await world();
    await w.put({ 'a.txt': 'named' }, { name: 'deep/report' });
    const hinted = await w.put({ 'b.txt': 'hinted' });
    const place = { kind: 'default' } as const;
    await exportArtifact(w.session, { artifact: 'deep/report', place });
    await exportArtifact(w.session, { artifact: hinted, place });
    const root = join(w.session.store.local.workspace, 'hs-out');
    expect(await readFile(join(root, 'deep/report'), 'utf8')).toBe('named');
    expect(await readFile(join(root, 'b.txt'), 'utf8')).toBe('hinted');
  });

  it('records the real destination, whatever links were typed', async () => {
    const w = await world();
    const artifact = await w.put({ 'a.txt': 'hello' });
    const elsewhere = join(w.dir, 'elsewhere');
    await mkdir(elsewhere);
    await symlink(elsewhere, join(w.dir, 'link'));
    await exportArtifact(w.session, { artifact, place: at(w, 'link/b.txt') });
    const targets = (await w.records()).map((r) => r.export_target);
    expect(targets).toEqual([join(elsewhere, 'b.txt')]);
  });

  it('writes the paths of a directory into its record, sorted and relative', async () => {
    const w = await world();
    const artifact = await w.put({ 'b/z': '1', 'b-a': '2', ä: '3' });
    await exportArtifact(w.session, { artifact, place: at(w, 'out') });
    expect((await w.records())[0]).toMatchObject({
      materialized_paths: ['b-a', 'b/z', 'ä'],
      hash_basis: 'bundle_index',
      export_format: 'dir',
    });
  });

  it('of thousands of paths keeps the entry small and the record complete', async () => {
    const w = await world();
    const files = Object.fromEntries(
      Array.from({ length: 2000 }, (_, i) => [`d/${'x'.repeat(20)}-${i}`, '']),
    );
    const artifact = await w.put(files);
    await exportArtifact(w.session, { artifact, place: at(w, 'out') });
    const [entry] = await w.entries('export_record');
    expect(entry!.payload_object).toBeDefined();
    expect((await w.records())[0]!.materialized_paths).toHaveLength(2000);
  });

  it('that fails is recorded as failed, and says why', async () => {
    const w = await world();
    const artifact = await w.put({ 'a.txt': 'hello' });
    await writeFile(join(w.dir, 'out.txt'), 'mine');
    const attempt = exportArtifact(w.session, { artifact, place: at(w, 'out.txt') });
    await expect(attempt).rejects.toMatchObject({ code: 'DEST_EXISTS' });
    const [record] = await w.records();
    expect(record).toMatchObject({ outcome: 'failed', output_artifact_handles: [] });
    expect(record!.errors[0]).toContain('exists already');
    expect(record!.materialized_paths).toBeUndefined();
  });

  it('does not happen when its decision cannot be written', async () => {
    const w = await world();
    const artifact = await w.put({ 'a.txt': 'hello' });
    const { disk } = w.session;
    const broken = alteredDisk(disk, {
      link: async (from: string, to: string) => {
        if (to.includes('/ledger/')) throw Object.assign(new Error('EIO'), { code: 'EIO' });
        return disk.link(from, to);
      },
    });
    const session = await w.as('human:tester', { disk: broken });
    await expect(exportArtifact(session, { artifact, place: at(w, 'out') })).rejects.toThrow('EIO');
    expect(await readdir(w.dir)).not.toContain('out');
  });

  it('whose record cannot be written stands, and the next writing command records it', async () => {
    const w = await world();
    const artifact = await w.put({ 'a.txt': 'hello' });
    const { disk } = w.session;
    let appended = 0;
    const full = alteredDisk(disk, {
      link: async (from: string, to: string) => {
        if (to.includes('/ledger/') && ++appended > 1)
          throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
        return disk.link(from, to);
      },
    });
    const warnings: string[] = [];
    const session = await w.as('human:tester', { disk: full, warn: (m) => warnings.push(m) });
    await exportArtifact(session, { artifact, place: at(w, 'out') });
    expect(await readFile(join(w.dir, 'out'), 'utf8')).toBe('hello');
    expect([warnings.length, (await w.records()).length]).toEqual([1, 0]);
    await w.put({ 'b.txt': 'next' });
    expect((await w.records()).map((r) => r.outcome)).toEqual(['done']);
    expect(await w.session.store.leases.list()).toEqual([]);
  });

  it('replaces a directory that it wrote itself, and not one with something else in it', async () => {
    const w = await world();
    const first = await w.put({ 'a/x': '1', y: '2' });
    const second = await w.put({ 'a/x': '3' });
    await exportArtifact(w.session, { artifact: first, place: at(w, 'out') });
    await exportArtifact(w.session, { artifact: second, place: at(w, 'out'), force: true });
    expect(await readdir(join(w.dir, 'out'))).toEqual(['a']);
    await writeFile(join(w.dir, 'out/a/x'), 'edited');
    const attempt = exportArtifact(w.session, { artifact: first, place: at(w, 'out'), force: true });
    await expect(attempt).rejects.toMatchObject({ code: 'DEST_EXISTS', details: { paths: ['a/x'] } });
    await exportArtifact(w.session, {
      artifact: first,
      place: at(w, 'out'),
      force: true,
      discardExisting: true,
    });
    expect(await readFile(join(w.dir, 'out/a/x'), 'utf8')).toBe('1');
  });

  it('does not replace what another one has put there and not recorded yet, and says so', async () => {
    const w = await world();
    const first = await w.put({ 'a/x': '1', y: '2' });
    const second = await w.put({ 'a/x': '3' });
    const force = { artifact: second, place: at(w, 'out'), force: true };
    const { disk } = w.session;
    let appended = 0;
    let meanwhile: Promise<unknown> | undefined;
    const watched = alteredDisk(disk, {
      link: async (from: string, to: string) => {
        if (to.includes('/ledger/') && ++appended === 2) {
          meanwhile = exportArtifact(w.session, force).catch((e) => e);
          await meanwhile;
        }
        return disk.link(from, to);
      },
    });
    const other = await w.as('human:tester', { disk: watched });
    await exportArtifact(other, { artifact: first, place: at(w, 'out') });
    expect(await meanwhile).toMatchObject({
      code: 'CONFLICT',
      message: `another export to '${join(w.dir, 'out')}' is under way`,
    });
    expect((await readdir(join(w.dir, 'out'))).sort()).toEqual(['a', 'y']);
    await exportArtifact(w.session, force);
    expect(await readdir(join(w.dir, 'out'))).toEqual(['a']);
    await writeFile(join(w.dir, 'out/mine'), 'precious');
    await expect(exportArtifact(w.session, force)).rejects.toMatchObject({ code: 'DEST_EXISTS' });
  });

  it('as a layout is decided before its content is read', async () => {
    const w = await world();
    const artifact = await w.put({ large: 'x'.repeat(100_000), small: '' });
    const content = hash('x'.repeat(100_000));
    const events: string[] = [];
    const watched = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation === 'link') events.push('entry');
      if (path.endsWith(content) && /^(open|read)/.test(operation)) events.push('content');
    });
    const session = await w.as('human:tester', { disk: watched });
    await exportArtifact(session, { artifact, place: at(w, 'layout'), format: 'oci' });
    expect([events[0], events.at(-1), events.includes('content')]).toEqual(['entry', 'entry', true]);
  });

  it('does not wait for one that was given up before it was recorded', async () => {
    const w = await world();
    const artifact = await w.put({ a: '1', b: '2' });
    const { disk } = w.session;
    let appended = 0;
    const full = alteredDisk(disk, {
      link: async (from: string, to: string) => {
        if (to.includes('/ledger/') && ++appended > 1) throw errnoError('ENOSPC', 'link', to);
        return disk.link(from, to);
      },
    });
    const other = await w.as('human:tester', { disk: full });
    await exportArtifact(other, { artifact, place: at(w, 'out') });
    await assumeDead(w.session, await w.session.store.leases.list());
    await writeFile(join(w.dir, 'out/mine'), 'precious');
    const attempt = exportArtifact(w.session, { artifact, place: at(w, 'out'), force: true });
    await expect(attempt).rejects.toMatchObject({
      code: 'DEST_EXISTS',
      hint: expect.stringContaining('--discard-existing'),
    });
  });

  it('with its manifest is a directory with artifact.json in it, which the next export may replace', async () => {
    const w = await world();
    const artifact = await w.put({ 'a.txt': 'hello' });
    const request = { artifact, place: at(w, 'out'), withManifest: true };
    await exportArtifact(w.session, request);
    expect((await readdir(join(w.dir, 'out'))).sort()).toEqual(['a.txt', 'artifact.json']);
    const manifest = await readFile(join(w.dir, 'out/artifact.json'), 'utf8');
    expect(JSON.parse(manifest)).toMatchObject({ artifact_id: artifact, content_hash: hash('hello') });
    await exportArtifact(w.session, { ...request, force: true });
    const own = await w.put({ 'artifact.json': '{}', b: '' });
    await expect(exportArtifact(w.session, { ...request, artifact: own })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  it('to standard output is decided and recorded like any other', async () => {
    const w = await world();
    const artifact = await w.put({ 'a.txt': 'hello' });
    let out = '';
    const write = async (bytes: Uint8Array) => {
      out += Buffer.from(bytes).toString();
      return true;
    };
    await exportArtifact(w.session, { artifact, place: { kind: 'stdout', write } });
    expect(out).toBe('hello');
    expect((await w.records())[0]).toMatchObject({
      export_format: 'stdout',
      export_target: '-',
      materialized_paths: [],
      warnings: [],
    });
  });

  it('to standard output that is closed stops, and the record says so', async () => {
    const w = await world();
    const artifact = await w.put({ 'a.txt': 'hello', 'b.txt': 'x'.repeat(3_000_000) });
    let writes = 0;
    const write = async () => ++writes < 2;
    await exportArtifact(w.session, { artifact, place: { kind: 'stdout', write }, format: 'tar' });
    expect(writes).toBe(2);
    expect((await w.records())[0]).toMatchObject({ outcome: 'done', warnings: [/closed it before the end/] });
  });

  it.each(['file', 'tar'] as const)(
    'to standard output as a %s shows nothing where a byte is damaged',
    async (format) => {
      const w = await world();
      const files = format === 'file' ? { 'b.txt': 'hello' } : { 'a.txt': 'fine', 'sub/b.txt': 'hello' };
      const artifact = await w.put(files);
      const path = behind(w.session).layout.object(hash('hello'));
      await w.session.disk.chmod(path, 0o644);
      await writeFile(path, 'hullo');
      let out = 0;
      const write = async (bytes: Uint8Array) => {
        out += bytes.length;
        return true;
      };
      const place = { kind: 'stdout', write } as const;
      await expect(exportArtifact(w.session, { artifact, place, format })).rejects.toMatchObject({
        code: 'INTEGRITY',
      });
      expect(out).toBe(0);
    },
  );

  it('of a damaged payload shows nothing', async () => {
    const w = await world();
    const artifact = await w.put({ 'a.txt': 'hello' });
    const path = behind(w.session).layout.object(hash('hello'));
    await w.session.disk.chmod(path, 0o644);
    await writeFile(path, 'jello');
    const attempt = exportArtifact(w.session, { artifact, place: at(w, 'out') });
    await expect(attempt).rejects.toMatchObject({ code: 'INTEGRITY' });
    expect(await readdir(w.dir)).not.toContain('out');
    expect((await w.records())[0]).toMatchObject({ outcome: 'failed' });
  });
});

describe('a dry run', () => {
  it('lists what would be written, and leaves neither a file nor an entry nor a lease', async () => {
    const w = await world();
    const artifact = await w.put({ 'a/x': '1', y: '22' });
    const head = await w.session.store.ledger.headSeq();
    const plan = await planExport(w.session, { artifact, place: at(w, 'out') });
    expect(plan).toMatchObject({
      files: [
        { path: 'a/x', bytes: 1 },
        { path: 'y', bytes: 2 },
      ],
      bytes: 3,
    });
    expect(await w.session.store.ledger.headSeq()).toBe(head);
    expect(await readdir(w.dir)).not.toContain('out');
    await mkdir(join(w.dir, 'out'));
    await expect(planExport(w.session, { artifact, place: at(w, 'out') })).rejects.toMatchObject({
      code: 'DEST_EXISTS',
    });
  });
});

describe('an export by a job', () => {
  it('outside the output root is refused, and the ledger says so', async () => {
    const w = await world();
    const artifact = await w.put({ 'a.txt': 'hello' });
    const job = await w.as('ai_job:nightly', { jobId: 'job-1' });
    const attempt = exportArtifact(job, { artifact, place: at(w, 'out') });
    await expect(attempt).rejects.toMatchObject({ code: 'REFUSED' });
    expect(await readdir(w.dir)).not.toContain('out');
    const [decided] = await w.entries('export_decided');
    expect(decided).toMatchObject({
      actor: 'ai_job',
      actor_id: 'nightly',
      job_id: 'job-1',
      decision: 'deny',
    });
    expect((await w.records())[0]).toMatchObject({
      outcome: 'refused',
      actor: 'ai_job:nightly',
      job_id: 'job-1',
    });
  });

  it('to standard output is refused, since that is not below the output root', async () => {
    const w = await world();
    const artifact = await w.put({ 'a.txt': 'hello' });
    const job = await w.as('ai_job:nightly');
    const place = { kind: 'stdout', write: async () => true } as const;
    await expect(exportArtifact(job, { artifact, place })).rejects.toMatchObject({ code: 'REFUSED' });
  });

  it('that is refused for another reason too names no command, since none would do', async () => {
    const w = await world();
    const high = await w.put({ 'a.txt': 'hello' }, { classification: 'high', ttl: 9 });
    const job = await w.as('ai_job:nightly');
    const place = { kind: 'stdout', write: async () => true } as const;
    const { hint } = await exportArtifact(job, { artifact: high, place }).catch((e) => e);
    expect(hint).toBe('hs policy show lists the grants');
  });

  it('that is refused names a command that does it, whatever command was typed', async () => {
    const w = await world();
    const file = await w.put({ 'a.txt': 'hello' });
    const tree = await w.put({ 'd/a.txt': 'a', 'd/b.txt': 'b' });
    const job = await w.as('ai_job:nightly');
    const stdout = { kind: 'stdout', write: async () => true } as const;
    const hint = async (artifact: string, place: ExportPlace) =>
      (await exportArtifact(job, { artifact, place }).catch((e) => e)).hint;
    expect(await hint(file, stdout)).toBe(`hs cat-artifact ${file.slice(0, 8)} prints its bytes`);
    for (const [id, place] of [
      [file, at(w, 'out')],
      [tree, stdout],
    ] as const) {
      expect(await hint(id, place)).toBe(
        `hs export ${id.slice(0, 8)}, without a destination, writes below the output root`,
      );
    }
  });

  it('below the output root follows no link, and cannot leave by ..', async () => {
    const w = await world();
    const artifact = await w.put({ 'a.txt': 'hello' });
    const job = await w.as('ai_job:nightly');
    const root = join(w.session.store.local.workspace, 'hs-out');
    await mkdir(root);
    await symlink(w.dir, join(root, 'link'));
    const place = (path: string) => ({ kind: 'path' as const, path });
    await expect(exportArtifact(job, { artifact, place: place(`${root}/link/out`) })).rejects.toMatchObject({
      code: 'UNSAFE_PATH',
    });
    await expect(
      exportArtifact(job, { artifact, place: place(join(root, '../../out')) }),
    ).rejects.toMatchObject({
      code: 'REFUSED',
    });
    await exportArtifact(job, { artifact, place: place(`${root}/sub/out`) });
    expect(await readFile(join(root, 'sub/out'), 'utf8')).toBe('hello');
    expect(await readdir(w.dir)).not.toContain('out');
  });

  it('refuses an output root that is a link in the workspace, and follows the one that the policy names', async () => {
    const w = await world();
    const artifact = await w.put({ 'a.txt': 'hello' });
    const job = await w.as('ai_job:nightly');
    const elsewhere = join(w.dir, 'elsewhere');
    const root = join(w.session.store.local.workspace, 'hs-out');
    await mkdir(elsewhere);
    await symlink(elsewhere, root);
    // A person who names no destination has not chosen the link: the workspace may have come with it.
    const byPerson = exportArtifact(w.session, { artifact, place: { kind: 'default' } });
    await expect(byPerson).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    for (const place of [
      { kind: 'default' },
      { kind: 'path', path: join(root, 'x') },
      { kind: 'path', path: join(elsewhere, 'x') },
    ] as const)
      await expect(exportArtifact(job, { artifact, place })).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    expect(await readdir(elsewhere)).toEqual([]);
    await withPolicy(w.session, (p) => ({ ...p, export: { ...p.export, output_root: root } }));
    await exportArtifact(job, { artifact, place: { kind: 'default' } });
    expect(await readdir(elsewhere)).toEqual(['a.txt']);
  });

  it('keeps to its budget of bytes, files and bytes a file; a person has none', async () => {
    const w = await world();
    const artifact = await w.put({ 'a/1': 'xxxx', 'a/2': 'yy', 'a/3': 'z' });
    await withPolicy(w.session, (p) => ({
      ...p,
      export: { ...p.export, budgets: { ai_job: { total_bytes: 6, files: 2, file_bytes: 3 } } },
    }));
    const job = await w.as('ai_job:nightly');
    const attempt = exportArtifact(job, { artifact, place: { kind: 'default' } });
    await expect(attempt).rejects.toMatchObject({ code: 'BUDGET' });
    expect((await w.records())[0]!.errors).toHaveLength(3);
    await exportArtifact(w.session, { artifact, place: { kind: 'default' } });
  });
});

describe('the export guard', () => {
  it('blocks content that is not exportable, and high content without consent to exactly that content', async () => {
    const w = await world();
    const artifact = await w.put({ 'a.txt': 'secret' }, { classification: 'high', ttl: 3 });
    const request = { artifact, place: at(w, 'out') };
    await expect(exportArtifact(w.session, request)).rejects.toMatchObject({ code: 'GUARD_BLOCKED' });
    await reclassify(w.session, artifact, { exportable: true, reason: 'cleared' });
    await expect(exportArtifact(w.session, request)).rejects.toMatchObject({ code: 'GUARD_BLOCKED' });
    await expect(exportArtifact(w.session, { ...request, consents: [hash('other')] })).rejects.toMatchObject({
      code: 'GUARD_BLOCKED',
    });
    await exportArtifact(w.session, { ...request, consents: [hash('secret')] });
    expect((await stat(join(w.dir, 'out'))).mode & 0o777).toBe(0o600);
    const ids = (await w.records()).map((r) => r.export_id);
    expect(new Set(ids).size).toBe(4);
  });

  it('blocks a directory that contains restricted bytes', async () => {
    const w = await world();
    await w.put({ 'key.pem': 'secret' }, { classification: 'high', ttl: 3 });
    const directory = await w.put({ 'docs/readme': 'hi', 'conf/key': 'secret' });
    const attempt = exportArtifact(w.session, { artifact: directory, place: at(w, 'out') });
    await expect(attempt).rejects.toMatchObject({
      code: 'GUARD_BLOCKED',
      message: expect.stringContaining('conf/key'),
    });
  });

  it('blocks a slice of restricted content', async () => {
    const w = await world();
    const source = await w.put({ 'data.csv': 'a,b' }, { classification: 'high', ttl: 3 });
    const slice = await w.put(
      { 's.csv': 'a' },
      { kind: 'dataset_slice', exportable: true, sources: [source] },
    );
    await expect(exportArtifact(w.session, { artifact: slice, place: at(w, 'out') })).rejects.toMatchObject({
      code: 'GUARD_BLOCKED',
    });
  });

  it('blocks slices of restricted content at any distance, and what contains or bundles them', async () => {
    const w = await world();
    const slice = { kind: 'dataset_slice', exportable: true } as const;
    const source = await w.put({ 'data.csv': 'a,b' }, { classification: 'high', ttl: 3 });
    const s1 = await w.put({ 's1.csv': 'a' }, { ...slice, sources: [source] });
    const s2 = await w.put({ 's2.csv': '1' }, { ...slice, sources: [s1] });
    const holds = await w.put({ 'd/x': 'a,b', y: '2' });
    const cases = {
      'a slice of a slice': s2,
      'a slice of a directory': await w.put({ 's3.csv': '3' }, { ...slice, sources: [holds] }),
      'a directory with the slice in it': await w.put({ 'd/x': 'a', y: '4' }),
      'a slice of that': await w.put(
        { 's4.csv': '5' },
        { ...slice, sources: [await w.put({ 'd/x': 'a', z: '6' })] },
      ),
      'a directory with a file of a slice that is one': await w
        .put({ 'd/f': 'derived', y: '7' }, { ...slice, sources: [s2] })
        .then(() => w.put({ copy: 'derived', 'z/z': '8' })),
      'a bundle of the slice of a slice': (await createBundle(w.session, [s2])).artifactId,
    };
    for (const [what, artifact] of Object.entries(cases)) {
      const attempt = exportArtifact(w.session, { artifact, place: at(w, 'out') });
      await expect(attempt, what).rejects.toMatchObject({ code: 'GUARD_BLOCKED' });
    }
  });

  it('allows a slice of exportable content, but not of a directory that was purged', async () => {
    const w = await world();
    const file = await w.put({ 'data.csv': 'a,b' });
    const tree = await w.put({ 'd/x': '1', y: '2' });
    const slice = { kind: 'dataset_slice', exportable: true } as const;
    const s1 = await w.put({ 's1.csv': 'a' }, { ...slice, sources: [file, tree] });
    const s2 = await w.put({ 's2.csv': 'b' }, { ...slice, sources: [s1, tree] });
    await exportArtifact(w.session, { artifact: s2, place: at(w, 'out') });
    const index = (await (await w.session.catalog()).get(tree))!.content_hash;
    await w.session.disk.unlink(behind(w.session).layout.object(index));
    await expect(exportArtifact(w.session, { artifact: s2, place: at(w, 'o2') })).rejects.toMatchObject({
      code: 'GUARD_BLOCKED',
      message: expect.stringContaining('members cannot be read'),
    });
  });

  it('recognizes restricted bytes in any artifact or directory, even after their removal', async () => {
    const w = await world();
    const high = { classification: 'high', ttl: 3 } as const;
    await w.put({ 'secrets/k': 'in a directory', 'secrets/empty': '' }, high);
    const gone = await w.put({ 'd.txt': 'removed' });
    await reclassify(w.session, gone, { exportable: false, reason: 'r' });
    await removeArtifacts(w.session, new Set([gone]), { purge: false });
    const purged = await w.put({ 'p.txt': 'purged' }, high);
    await removeArtifacts(w.session, new Set([purged]), { purge: true });
    const cases = {
      'a file of the directory elsewhere': await w.put({ 'proj/secrets/k': 'in a directory', x: '1' }),
      'the same as a file': await w.put({ copy: 'in a directory' }),
      'what was removed, in a directory': await w.put({ 'dd/d.txt': 'removed', x: '2' }),
      'what was removed, put again': await w.put({ copy: 'removed' }),
      'what was purged, put again': await w.put({ copy: 'purged' }),
    };
    for (const [what, artifact] of Object.entries(cases)) {
      const attempt = exportArtifact(w.session, { artifact, place: at(w, 'out') });
      await expect(attempt, what).rejects.toMatchObject({ code: 'GUARD_BLOCKED' });
    }
    const empty = await w.put({ 'a/empty': '', b: 'b' });
    await exportArtifact(w.session, { artifact: empty, place: at(w, 'out') });
  });

  it('lets the same bytes go when that one is reclassified, and a member of a restricted bundle', async () => {
    const w = await world();
    const secret = await w.put({ s: 'secret' }, { classification: 'high', ttl: 3 });
    const copy = await w.put({ copy: 'secret' });
    const open = await w.put({ o: 'open' });
    await createBundle(w.session, [secret, open]);
    await exportArtifact(w.session, { artifact: open, place: at(w, 'open') });
    const out = { artifact: copy, place: at(w, 'out') };
    await expect(exportArtifact(w.session, out)).rejects.toMatchObject({
      code: 'GUARD_BLOCKED',
      hint: expect.stringContaining(secret.slice(0, 8)),
    });
    await reclassify(w.session, secret, { classification: 'low', exportable: true, reason: 'r' });
    await exportArtifact(w.session, out);
  });

  it('still restricts what only a restricted bundle contains, after its member directory was purged', async () => {
    const w = await world();
    const high = { classification: 'high', ttl: 3 } as const;
    const inner = await w.put({ 'd/k': 'key', x: 'x' }, high);
    const open = await w.put({ 'o/y': 'open', z: 'z' });
    const nested = await createBundle(w.session, [inner, open]);
    await createBundle(w.session, [nested.artifactId]);
    await removeArtifacts(w.session, new Set([inner, nested.artifactId]), { purge: false });
    const copy = await w.put({ copy: 'key' });
    await expect(exportArtifact(w.session, { artifact: copy, place: at(w, 'out') })).rejects.toMatchObject({
      code: 'GUARD_BLOCKED',
    });
    const catalog = await w.session.catalog();
    await expect(demandObjectRead(await w.as('ai_job:worker'), catalog, hash('key'))).rejects.toMatchObject({
      code: 'REFUSED',
    });
    await exportArtifact(w.session, { artifact: open, place: at(w, 'open') });
  });

  it('does not attribute bytes in a restricted bundle to a member by path alone', async () => {
    const w = await world();
    const open = await w.put({ o: 'open' });
    await w.put(
      { [`members/${open}/payload`]: 'key', x: 'x' },
      { kind: 'bundle', classification: 'high', ttl: 3 },
    );
    const copy = await w.put({ copy: 'key' });
    await expect(exportArtifact(w.session, { artifact: copy, place: at(w, 'out') })).rejects.toMatchObject({
      code: 'GUARD_BLOCKED',
    });
  });

  it('recognizes files of a slice whose source is restricted elsewhere', async () => {
    const [from, to] = [await world(), await world()];
    const source = await from.put({ s: 'rows' }, { classification: 'high', exportable: true, ttl: 3 });
    const slice = await from.put({ 'd/row': 'row', x: 'x' }, { kind: 'dataset_slice', sources: [source] });
    const bundle = (await createBundle(from.session, [slice])).artifactId;
    const place = at(from, 'b.tar');
    await exportArtifact(from.session, { artifact: bundle, place, format: 'tar', consents: [hash('rows')] });
    await importBundle(to.session, place.path);
    const copy = await to.put({ copy: 'row' });
    await expect(exportArtifact(to.session, { artifact: copy, place: at(to, 'out') })).rejects.toMatchObject({
      code: 'GUARD_BLOCKED',
    });
  });

  it('never creates a store from the content or name of an artifact', async () => {
    const w = await world();
    // put leaves it out, and an index may still name it.
    const { contentHash } = await w.session.write('artifact.create', [], async ({ batch }) => {
      const { id, size } = await batch.addBytes(Buffer.from('{}'));
      const path = toSafePath('a/.hsstore/format.json');
      const index = encodeBundleIndex([{ path, content_hash: id, size_bytes: size }]);
      const added = await batch.addBytes(index);
      await batch.publish();
      return { contentHash: added.id };
    });
    const given = { content_hash: contentHash, payload_type: 'directory', name: 'tree' };
    const tree = (await writeManifest(w.session, given)).artifact_id;
    const named = await w.put({ f: '{}' }, { name: '.hsstore/format.json' });
    const byEntry = exportArtifact(w.session, { artifact: tree, place: at(w, 'out') });
    await expect(byEntry).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    const byName = exportArtifact(w.session, { artifact: named, place: { kind: 'default' } });
    await expect(byName).rejects.toMatchObject({ code: 'REFUSED' });
    expect((await w.records()).map((r) => r.outcome)).toEqual(['failed', 'refused']);
  });

  it('exports purged bytes only with consent, to actors that may reclassify', async () => {
    const w = await world();
    const secret = await w.put({ s: 'same' }, { classification: 'high', ttl: 3 });
    const good = await w.put({ g: 'same' });
    const request = { artifact: good, place: at(w, 'out') };
    const consents = [hash('same')];
    await expect(exportArtifact(w.session, { ...request, consents })).rejects.toMatchObject({
      code: 'GUARD_BLOCKED',
    });
    await removeArtifacts(w.session, new Set([secret]), { purge: true });
    await expect(exportArtifact(w.session, request)).rejects.toMatchObject({
      code: 'GUARD_BLOCKED',
      hint: expect.stringContaining(`--consent ${hash('same')}`),
    });
    await withPolicy(w.session, (p) => ({
      ...p,
      grants: [
        ...p.grants,
        { actor: 'ai_job', capabilities: ['artifact.export', 'artifact.read:restricted'] },
      ],
    }));
    const job = await w.as('ai_job:nightly');
    await expect(exportArtifact(job, { ...request, consents })).rejects.toMatchObject({ code: 'REFUSED' });
    await exportArtifact(w.session, { ...request, consents });
    expect((await w.entries('export_decided')).at(-1)!.payload).toMatchObject({ consents });
  });

  it('suggests restoring and reclassifying what is in the trash, which works', async () => {
    const w = await world();
    const gone = await w.put({ s: 'same' }, { exportable: false });
    const good = await w.put({ g: 'same' });
    await removeArtifacts(w.session, new Set([gone]));
    const request = { artifact: good, place: at(w, 'out') };
    const id = gone.slice(0, 8);
    await expect(exportArtifact(w.session, request)).rejects.toMatchObject({
      hint: `hs restore ${id} brings it back, then hs reclassify ${id} --exportable --reason R changes that`,
    });
    await restore(w.session, [gone], { pin: true });
    await reclassify(w.session, gone, { exportable: true, reason: 'r' });
    await exportArtifact(w.session, request);
  });

  it('says of a slice that it has to be made again once its source is reclassified, which works', async () => {
    const w = await world();
    const slice = { kind: 'dataset_slice', exportable: true } as const;
    const source = await w.put({ 'data.csv': 'a,b' }, { exportable: false });
    const place = at(w, 'out');
    const before = await w.put({ s: 'a' }, { ...slice, sources: [source] });
    await expect(exportArtifact(w.session, { artifact: before, place })).rejects.toMatchObject({
      hint: expect.stringMatching(/hs reclassify .* changes that, for bundles and slices made afterwards/),
    });
    await reclassify(w.session, source, { exportable: true, reason: 'r' });
    await exportArtifact(w.session, {
      artifact: await w.put({ s: 'b' }, { ...slice, sources: [source] }),
      place,
    });
  });

  it('names each culprit on one line, with the reasons in the details', async () => {
    const w = await world();
    const app = await w.put({ 'a.js': 'a', 'd/b.js': 'b' }, { name: 'app', classification: 'high', ttl: 3 });
    const site = await w.put({ 'x/a.js': 'a', 'x/b.js': 'b', y: 'y' }, { name: 'site' });
    const bundle = (await createBundle(w.session, [app])).artifactId;
    await reclassify(w.session, bundle, { classification: 'low', exportable: true, reason: 'r' });
    const which = `'app' (${app.slice(0, 8)}), which is high and not exportable`;
    await expect(exportArtifact(w.session, { artifact: site, place: at(w, 'out') })).rejects.toMatchObject({
      message: `cannot export 'site': 'x/a.js' is also in ${which}`,
      details: { held_back_by: [{ artifact_id: app, rules: ['high', 'not-exportable'], path: 'x/a.js' }] },
    });
    await expect(exportArtifact(w.session, { artifact: bundle, place: at(w, 'out') })).rejects.toMatchObject({
      message: expect.stringMatching(`it contains '${which.slice(1)}$`.replace(/[()]/g, '.')),
    });
    expect((await showArtifact(w.session, site)).heldBackBy.map((c) => c.subject.artifactId)).toEqual([app]);
    expect((await showArtifact(w.session, app)).heldBackBy).toEqual([]);
  });

  it('needs one consent for a high directory that exists twice', async () => {
    const w = await world();
    const files = { 'a/x': '1', y: '2' };
    const ids = [];
    for (const _ of [1, 2]) {
      const artifact = await w.put(files, { classification: 'high', ttl: 3, exportable: true });
      ids.push(artifact);
    }
    const consents = [(await (await w.session.catalog()).get(ids[0]!))!.content_hash];
    await exportArtifact(w.session, { artifact: ids[0]!, place: at(w, 'out'), consents });
  });

  it('reads no index for an ordinary export, and blocks when one of a restricted directory is damaged', async () => {
    const w = await world();
    const artifact = await w.put({ 'a.txt': 'a' });
    const tree = await w.put({ 'a/x': '1', y: '2' });
    const index = behind(w.session).layout.object(
      (await (await w.session.catalog()).get(tree))!.content_hash,
    );
    await w.session.disk.unlink(index);
    await exportArtifact(w.session, { artifact, place: at(w, 'out') });
    await reclassify(w.session, tree, { exportable: false, reason: 'r' });
    await expect(exportArtifact(w.session, { artifact, place: at(w, 'o2') })).rejects.toMatchObject({
      code: 'GUARD_BLOCKED',
    });
  });

  it('blocks artifacts with an unreadable manifest or members', async () => {
    const w = await world();
    const artifact = await w.put({ 'a/x': '1', y: '2' });
    const catalog = await w.session.catalog();
    const record = (await catalog.get(artifact))!;
    for (const object of [record.manifest, record.content_hash]) {
      const path = behind(w.session).layout.object(object);
      const bytes = await readFile(path);
      await w.session.disk.unlink(path);
      const attempt = exportArtifact(w.session, { artifact, place: at(w, 'out') });
      await expect(attempt).rejects.toMatchObject({ code: 'GUARD_BLOCKED' });
      await writeFile(path, bytes);
    }
  });
});

describe('promotion', () => {
  it('promotes one layer at a time, reports all failed gates together, and freezes only with an attestation', async () => {
    const w = await world();
    const source = await w.put({ 's.txt': 'source' });
    const artifact = await w.put({ 'a.png': 'not a picture' }, { ttl: 5, sources: [source] });
    const refused = await promote(w.session, artifact, undefined).catch((e) => e);
    expect(refused).toMatchObject({ code: 'LAYER' });
    expect(refused.details.problems).toMatchObject([{ gate: 'content_type' }]);

    const good = await w.put({ 'a.txt': 'text' }, { ttl: 5, sources: [source] });
    await promote(w.session, good, undefined);
    const frozen = await promote(w.session, good, undefined).catch((e) => e);
    expect(frozen.details.problems.map((p: { gate: string }) => p.gate)).toEqual(['ttl', 'attestation']);
    await expect(promote(w.session, good, 'checked')).rejects.toMatchObject({ code: 'LAYER' });
  });
});
