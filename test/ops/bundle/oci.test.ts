import { chmod, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copy, ensureDir, readJson } from 'fs-extra/esm';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/core/objects/hash.js';
import { importLayout } from '../../../src/ops/bundle/import-oci.js';
import { exportArtifact } from '../../../src/ops/export/export.js';
import { put } from '../../../src/ops/put/put.js';
import type { Session } from '../../../src/ops/session/session.js';
import { openTestSession, testStore } from '../../helpers/store.js';
import { tarball } from '../../helpers/tar-writer.js';
import { tmp } from '../../helpers/tmp.js';

let dir: string;
let here: Session;
let there: Session;
let layout: string;
let id: string;

const blob = (hash: string) => join(layout, 'blobs/sha256', hash);

interface Image {
  readonly config: { digest: string; size: number };
  readonly layers: { digest: string; size: number }[];
}

async function json(path: string) {
  return await readJson(path);
}

beforeEach(async () => {
  dir = await tmp();
  here = await testStore(dir);
  there = await testStore(await tmp());
  await ensureDir(`${dir}/tree/sub`);
  await writeFile(`${dir}/tree/run`, '#!/bin/sh\n');
  await chmod(`${dir}/tree/run`, 0o755);
  await writeFile(`${dir}/tree/sub/b`, 'b');
  const [made] = await put(here, [{ path: `${dir}/tree` }], { name: 'tree' });
  id = made!.artifactId;
  layout = `${dir}/layout`;
  await exported(id, layout);
});

function exported(artifact: string, path: string) {
  return exportArtifact(here, { artifact, place: { kind: 'path', path }, format: 'oci' });
}

/** Writes a blob in the place of another and everything that names it again, as a forger would. */
async function forge(change: {
  layer?: (bytes: Buffer) => Buffer;
  config?: (manifest: Record<string, unknown>) => void;
  image?: (image: Image) => void;
}) {
  const index = await json(`${layout}/index.json`);
  const at = (d: { digest: string }) => blob(d.digest.slice(7));
  const image = await json(at(index.manifests[0]));
  const write = async (d: { digest: string; size: number }, bytes: Buffer) => {
    d.digest = `sha256:${sha256(bytes)}`;
    d.size = bytes.length;
    await writeFile(at(d), bytes);
  };
  if (change.layer) await write(image.layers[0], change.layer(await readFile(at(image.layers[0]))));
  if (change.config) {
    const manifest = await json(at(image.config));
    change.config(manifest);
    const sorted = Object.fromEntries(Object.entries(manifest).sort(([a], [b]) => (a < b ? -1 : 1)));
    await write(image.config, Buffer.from(JSON.stringify(sorted)));
  }
  change.image?.(image);
  await write(index.manifests[0], Buffer.from(JSON.stringify(image)));
  await writeFile(`${layout}/index.json`, JSON.stringify(index));
}

describe('an OCI layout', () => {
  it('is the same bytes twice, with blobs named by their SHA-256 and the manifest as config', async () => {
    await exported(id, `${dir}/again`);
    const names = await readdir(`${layout}/blobs/sha256`);
    expect(await readdir(`${dir}/again/blobs/sha256`)).toEqual(names);
    for (const name of names) expect(sha256(await readFile(blob(name)))).toBe(name);
    expect(await readFile(`${dir}/again/index.json`)).toEqual(await readFile(`${layout}/index.json`));
    const { manifest } = (await (await here.catalog()).get(id as never))!;
    const image = await json(blob((await json(`${layout}/index.json`)).manifests[0].digest.slice(7)));
    expect(image.config).toMatchObject({ digest: `sha256:${manifest}` });
    expect(await json(`${layout}/oci-layout`)).toEqual({ imageLayoutVersion: '1.0.0' });
  });

  it('keeps ids, manifests, modes and content, and changes nothing when it is imported again', async () => {
    const { artifacts } = await importLayout(there, layout);
    expect(artifacts).toMatchObject([{ artifactId: id, present: false }]);
    const [mine, theirs] = [
      (await (await here.catalog()).get(id as never))!,
      (await (await there.catalog()).get(id as never))!,
    ];
    expect(theirs).toMatchObject({ content_hash: mine.content_hash, manifest: mine.manifest });
    const head = await there.store.ledger.head();
    expect((await importLayout(there, layout)).artifacts).toMatchObject([{ present: true }]);
    expect(await there.store.ledger.head()).toEqual(head);
  });

  it('of a file has its bytes as the layer', async () => {
    await writeFile(`${dir}/empty`, '');
    const made = await put(here, [{ path: `${dir}/tree/run` }, { path: `${dir}/empty` }], {});
    for (const [i, { artifactId, contentHash }] of made.entries()) {
      layout = `${dir}/file${i}`;
      await exported(artifactId, layout);
      await readFile(blob(contentHash));
      await importLayout(there, layout);
      const mine = await (await here.catalog()).get(artifactId);
      const theirs = await (await there.catalog()).get(artifactId);
      expect(theirs!.manifest).toBe(mine!.manifest);
    }
  });

  it('of a bundle is checked to its members', async () => {
    const { createBundle } = await import('../../../src/ops/bundle/create-bundle.js');
    const { artifactId } = await createBundle(here, [id], { name: 'b' });
    layout = `${dir}/bundle`;
    await exported(artifactId, layout);
    expect((await importLayout(there, layout)).artifacts).toMatchObject([{ artifactId }]);
    await forge({ layer: (tar) => Buffer.from(tar.toString('latin1').replace('"low"', '"odd"'), 'latin1') });
    await expect(importLayout(await testStore(await tmp()), layout)).rejects.toMatchObject({
      code: 'INTEGRITY',
    });
  });

  it('may be replaced with --force where the export wrote all of it, also after a revision', async () => {
    const { rename: renamed } = await import('../../../src/ops/govern/describe-artifacts.js');
    await renamed(here, id, 'other', undefined);
    const again = () =>
      exportArtifact(here, {
        artifact: id,
        place: { kind: 'path', path: layout },
        format: 'oci',
        force: true,
      });
    expect(await again()).toMatchObject({ replaced: true });
    await writeFile(`${layout}/blobs/sha256/mine`, '');
    await expect(again()).rejects.toMatchObject({ code: 'DEST_EXISTS' });
  });

  it('does not go to standard output, nor into the records of a store that cannot hold it', async () => {
    const place = { kind: 'stdout' as const, write: async () => true };
    await expect(exportArtifact(here, { artifact: id, place, format: 'oci' })).rejects.toMatchObject({
      code: 'USAGE',
    });
    const { format } = here.store;
    Object.assign(format, { features: format.features.filter((f) => f !== 'transfers') });
    await expect(exported(id, `${dir}/old`)).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('a hostile layout is refused, and nothing is registered:', () => {
  const cases: readonly [string, string, () => Promise<unknown>][] = [
    [
      'a blob that was changed',
      'INTEGRITY',
      async () => {
        const name = (await json(`${layout}/index.json`)).manifests[0].digest.slice(7);
        const bytes = await readFile(blob(name));
        bytes[0]! ^= 1;
        await writeFile(blob(name), bytes);
      },
    ],
    [
      'a blob that is missing',
      'INTEGRITY',
      async () => rm(blob((await readdir(`${layout}/blobs/sha256`))[0]!)),
    ],
    [
      'a blob that is a link',
      'HOSTILE_INPUT',
      async () => {
        const [name] = await readdir(`${layout}/blobs/sha256`);
        await rename(blob(name!), `${dir}/elsewhere`);
        await symlink(`${dir}/elsewhere`, blob(name!));
      },
    ],
    [
      'a directory of blobs that is a link',
      'UNSAFE_PATH',
      async () => {
        await rename(`${layout}/blobs`, `${dir}/blobs`);
        await symlink(`${dir}/blobs`, `${layout}/blobs`);
      },
    ],
    [
      'other files under the same manifest',
      'INTEGRITY',
      () => forge({ layer: () => tarball({ name: 'run', body: 'x' }) }),
    ],
    [
      'a file beside those of the manifest',
      'INTEGRITY',
      () => forge({ layer: () => tarball({ name: 'z', body: 'x' }) }),
    ],
    [
      'a path that leaves the directory',
      'HOSTILE_INPUT',
      () => forge({ layer: () => tarball({ name: '../x', body: 'x' }) }),
    ],
    [
      'a link in the tar',
      'HOSTILE_INPUT',
      () => forge({ layer: () => tarball({ name: 'l', type: '2', linkname: '/etc' }) }),
    ],
    ['a tar that ends too soon', 'HOSTILE_INPUT', () => forge({ layer: (tar) => tar.subarray(0, 700) })],
    [
      'a manifest with an unknown field',
      'INVALID_MANIFEST',
      () => forge({ config: (m) => Object.assign(m, { odd: 1 }) }),
    ],
    [
      'a name that leaves the directory',
      'HOSTILE_INPUT',
      () => forge({ config: (m) => Object.assign(m, { name: '../x' }) }),
    ],
    [
      'a tar with the same files and other bytes than its digest says',
      'INTEGRITY',
      async () => {
        const index = await json(`${layout}/index.json`);
        const image = await json(blob(index.manifests[0].digest.slice(7)));
        const path = blob(image.layers[0].digest.slice(7));
        const bytes = await readFile(path);
        // The last digit of the first time, and the checksum of that header.
        bytes[146]! ^= 1;
        const sum = bytes.subarray(0, 512).reduce((a, b, at) => a + (at >= 148 && at < 156 ? 32 : b), 0);
        bytes.write(sum.toString(8).padStart(6, '0'), 148);
        await writeFile(path, bytes);
      },
    ],
    [
      'a digest that is a path',
      'INVALID_RECORD',
      () => forge({ image: (i) => Object.assign(i.layers[0]!, { digest: 'sha256:../../../etc/passwd' }) }),
    ],
    [
      'a size that is not the blob’s',
      'INTEGRITY',
      () => forge({ image: (i) => Object.assign(i.layers[0]!, { size: 1 }) }),
    ],
    [
      'a layer beyond the limit',
      'HOSTILE_INPUT',
      () => forge({ image: (i) => Object.assign(i.layers[0]!, { size: 2 ** 50 }) }),
    ],
    ['two layers', 'INVALID_RECORD', () => forge({ image: (i) => i.layers.push(i.layers[0]!) })],
    [
      'an image of something else',
      'INVALID_RECORD',
      () =>
        forge({
          image: (i) => Object.assign(i.config, { mediaType: 'application/vnd.oci.image.config.v1+json' }),
        }),
    ],
    [
      'no image at all',
      'INVALID_RECORD',
      () => writeFile(`${layout}/index.json`, '{"schemaVersion":2,"manifests":[]}'),
    ],
    ['an index that is not JSON', 'INVALID_RECORD', () => writeFile(`${layout}/index.json`, '{')],
    [
      'another version of the layout',
      'INVALID_RECORD',
      () => writeFile(`${layout}/oci-layout`, '{"imageLayoutVersion":"2.0.0"}'),
    ],
    ['a directory that is no layout', 'INTEGRITY', () => rm(`${layout}/oci-layout`)],
  ];
  it.each(cases)('%s', async (_, code, spoil) => {
    await spoil();
    const head = await there.store.ledger.head();
    await expect(importLayout(there, layout)).rejects.toMatchObject({ code });
    expect(await there.store.ledger.head()).toEqual(head);
  });

  it.each([
    ['bytes', { bytes: 6800, entries: 99, recordBytes: 9999 }, 'HOSTILE_INPUT'],
    ['entries', { bytes: 99_999, entries: 6, recordBytes: 9999 }, 'HOSTILE_INPUT'],
    ['bytes of records', { bytes: 99_999, entries: 99, recordBytes: 700 }, 'INTEGRITY'],
  ])('more %s in all of its images than a layout may have', async (_, limits, code) => {
    await importLayout(await testStore(await tmp()), layout, {}, limits);
    await writeFile(`${dir}/tree/sub/b`, 'x'.repeat(3000));
    const [made] = await put(here, [{ path: `${dir}/tree` }], {});
    await exported(made!.artifactId, `${dir}/second`);
    await importLayout(await testStore(await tmp()), `${dir}/second`, {}, limits);
    await copy(`${dir}/second/blobs`, `${layout}/blobs`);
    const [index, more] = [await json(`${layout}/index.json`), await json(`${dir}/second/index.json`)];
    index.manifests.unshift(...more.manifests);
    await writeFile(`${layout}/index.json`, JSON.stringify(index));
    await importLayout(await testStore(await tmp()), layout);
    await expect(importLayout(there, layout, {}, limits)).rejects.toMatchObject({ code });
  });

  it('a lower classification than the same content has here', async () => {
    await forge({ config: (m) => Object.assign(m, { artifact_id: '00000000-0000-4000-8000-000000000001' }) });
    const { reclassify } = await import('../../../src/ops/govern/reclassify.js');
    await reclassify(here, id, { exportable: false, reason: 'r' });
    await expect(importLayout(here, layout)).rejects.toMatchObject({ code: 'HOSTILE_INPUT' });
  });

  it('a directory that does not exist is not found', async () => {
    await expect(importLayout(there, `${dir}/nowhere`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

it('the record of a killed export names the files of the layout', async () => {
  // `interrupted.test.ts` kills exports; here only what recovery derives is compared with what was written.
  const session = await openTestSession(dir);
  const { writtenFiles } = await import('../../../src/ops/export/written-files.js');
  const { readContent } = await import('../../../src/ops/payload/read-content.js');
  const content = await readContent(
    session.store.objects,
    (await (await session.catalog()).get(id as never))!,
  );
  const written = (await writtenFiles(session, content, 'oci', false)).map((e) => e.path);
  const last = await session.store.ledger.read((await session.store.ledger.head()).seq);
  expect(await session.store.payloadOf(last.entry)).toMatchObject({
    export_format: 'oci',
    materialized_paths: written,
  });
});
