import { readdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ArchiveLimits } from '../../../src/archive/archive-limits.js';
import { memberPaths } from '../../../src/core/bundle/bundle-record.js';
import { encodeManifest } from '../../../src/core/manifest/manifest.js';
import { DEFAULT_POLICY } from '../../../src/core/policy/policy.js';
import { readBundle } from '../../../src/ops/bundle/bundle-source.js';
import { checkBundle } from '../../../src/ops/bundle/check-bundle.js';
import { importBundle } from '../../../src/ops/bundle/import-bundle.js';
import type { ImportedArtifact } from '../../../src/ops/bundle/register-members.js';
import { verifyBundle } from '../../../src/ops/bundle/verify-bundle.js';
import { exportArtifact } from '../../../src/ops/export/export.js';
import { promote } from '../../../src/ops/govern/promote.js';
import { behind } from '../../helpers/store.js';
import { END, header, type RawEntry } from '../../helpers/tar-writer.js';
import { makeTempDirectory, type TempDirectory } from '../../helpers/tmp.js';
import { type World, world } from '../export/helpers.js';
import {
  bundleFiles,
  defaultMembers,
  FILE_ID,
  type Files,
  manifestOf,
  TREE,
  TREE_ID,
  toTar,
} from './bundle-files.js';

const FILE = memberPaths(FILE_ID);
const TREE_AT = memberPaths(TREE_ID);
const evil = (raw: RawEntry) => toTar(bundleFiles(), [raw]);

/** The whole bundle with some files changed, or taken out. */
function changed(changes: Readonly<Record<string, string | Buffer | undefined>>): Buffer {
  const files: Files = bundleFiles();
  for (const [path, body] of Object.entries(changes)) {
    if (body === undefined) files.delete(path);
    else files.set(path, body);
  }
  return toTar(files);
}

function reindexed(change: (text: string) => string): Buffer {
  return changed({ 'bundle_index.json': change(String(bundleFiles().get('bundle_index.json'))) });
}

/** A manifest of FILE that says something else, with an index that agrees with it. */
function lowered(): Buffer {
  const high = manifestOf(FILE_ID, 'hello', {
    classification: 'high',
    exportable: false,
    retention_ttl_days: 3,
  });
  const files = bundleFiles([{ manifest: high, payload: 'hello' }]);
  const low = bundleFiles([{ manifest: manifestOf(FILE_ID, 'hello'), payload: 'hello' }]);
  for (const path of ['bundle_index.json', FILE.manifest]) files.set(path, low.get(path)!);
  return toTar(files);
}

const swapHash = (text: string) =>
  text.replace(/"content_hash":"[0-9a-f]{64}"/, `"content_hash":"${'0'.repeat(64)}"`);

/** Small for what it costs a reader that lists all that is wrong with it. */
const many = (n: number, value: string) => Array(n).fill(value).join(',');

const CASES: ReadonlyArray<readonly [what: string, bundle: () => Buffer, code: string, entry?: string]> = [
  [
    'a manifest with 450,000 bad references',
    () =>
      changed({
        [FILE.manifest]: `{"artifact_id":"${FILE_ID}","schema":"hs.manifest/1","source_artifact_refs":[${many(450_000, '1')}]}`,
      }),
    'INTEGRITY',
  ],
  [
    'an index of 200,000 bad members',
    () => changed({ 'bundle_index.json': `{"members":[${many(200_000, '{}')}],"schema":"hs.bundle/1"}` }),
    'INTEGRITY',
    'bundle_index.json',
  ],
  [
    'a report of 200,000 bad lines',
    () =>
      changed({
        'export_report.json': `{"included":[${many(200_000, '{}')}],"left_out":[],"schema":"hs.export-report/1"}`,
      }),
    'INTEGRITY',
    'export_report.json',
  ],
  ["a '..' component", () => evil({ name: '../evil', body: 'x' }), 'HOSTILE_INPUT', '../evil'],
  ["'..' further down", () => evil({ name: `${TREE_AT.payload}/../../x`, body: 'x' }), 'HOSTILE_INPUT'],
  ['an absolute name', () => evil({ name: '/tmp/evil', body: 'x' }), 'HOSTILE_INPUT', '/tmp/evil'],
  ['an empty component', () => evil({ name: 'a//b', body: 'x' }), 'HOSTILE_INPUT', 'a//b'],
  ["a '.' component", () => evil({ name: './a', body: 'x' }), 'HOSTILE_INPUT', './a'],
  ['a backslash', () => evil({ name: 'a\\b', body: 'x' }), 'HOSTILE_INPUT', 'a\\\\b'],
  [
    'a NUL in a name',
    () => evil({ name: Buffer.from('ok\0/../evil'), body: 'x' }),
    'HOSTILE_INPUT',
    'ok\\x00/../evil',
  ],
  ['a control character', () => evil({ name: 'a\x1b[2Jb', body: 'x' }), 'HOSTILE_INPUT', 'a\\x1b[2Jb'],
  [
    'a bidi character',
    () => evil({ name: 'a\u202egnp.exe', body: 'x' }),
    'HOSTILE_INPUT',
    'a\\u{202e}gnp.exe',
  ],
  ['a name of Windows', () => evil({ name: 'con.txt', body: 'x' }), 'HOSTILE_INPUT', 'con.txt'],
  ['names that differ in case', () => evil({ name: 'BUNDLE_INDEX.json', body: 'x' }), 'HOSTILE_INPUT'],
  [
    'names that differ in normal form',
    () =>
      toTar(bundleFiles(), [
        { name: 'caf\u00e9', body: 'x' },
        { name: 'cafe\u0301', body: 'x' },
      ]),
    'HOSTILE_INPUT',
  ],
  [
    "a file that is another's directory",
    () => evil({ name: `${FILE.payload}/x`, body: 'x' }),
    'HOSTILE_INPUT',
  ],
  [
    'a symbolic link',
    () => evil({ name: 'link', type: '2', linkname: '/etc/passwd' }),
    'HOSTILE_INPUT',
    'link',
  ],
  ['a hard link', () => evil({ name: 'link', type: '1', linkname: FILE.payload }), 'HOSTILE_INPUT', 'link'],
  ['a device', () => evil({ name: 'dev', type: '3' }), 'HOSTILE_INPUT', 'dev'],
  ['a FIFO', () => evil({ name: 'fifo', type: '6' }), 'HOSTILE_INPUT', 'fifo'],
  ['a sparse entry', () => evil({ name: 'sparse', type: 'S' }), 'HOSTILE_INPUT', 'sparse'],
  [
    'a negative size',
    () => evil({ name: 'n', size: Buffer.alloc(12, 0xff), body: 'x' }),
    'HOSTILE_INPUT',
    'n',
  ],
  ['a huge size', () => evil({ name: 'h', size: 0o77777777777, body: 'x' }), 'HOSTILE_INPUT', 'h'],
  [
    'an entry that is there twice',
    () => evil({ name: FILE.payload, body: 'hello' }),
    'HOSTILE_INPUT',
    FILE.payload,
  ],
  ['no end', () => toTar(bundleFiles()).subarray(0, -1024), 'HOSTILE_INPUT'],
  [
    'trailing bytes',
    () => Buffer.concat([toTar(bundleFiles()), Buffer.from('x'.repeat(512))]),
    'HOSTILE_INPUT',
  ],
  [
    'a PAX header that disagrees with its body',
    () =>
      toTar(bundleFiles(), [
        { name: 'pax', type: 'x', body: '10 size=9\n' },
        { name: 'p', body: 'x' },
      ]),
    'HOSTILE_INPUT',
    'p',
  ],
  [
    'a file that belongs to nobody',
    () => evil({ name: 'stray.txt', body: 'x' }),
    'HOSTILE_INPUT',
    'stray.txt',
  ],
  [
    'a member that the index does not list',
    () => changed({ 'members/33333333-3333-4333-8333-333333333333/payload': 'x' }),
    'HOSTILE_INPUT',
  ],
  ['no index', () => changed({ 'bundle_index.json': undefined }), 'INTEGRITY', 'bundle_index.json'],
  ['no report', () => changed({ 'export_report.json': undefined }), 'INTEGRITY', 'export_report.json'],
  [
    'an index that is not canonical',
    () => reindexed((t) => t.replace(':', ': ')),
    'INTEGRITY',
    'bundle_index.json',
  ],
  [
    'an index with a field more',
    () => reindexed((t) => t.replace('{', '{"a":1,')),
    'INTEGRITY',
    'bundle_index.json',
  ],
  ['an index that lies about a hash', () => reindexed(swapHash), 'INTEGRITY', FILE.manifest],
  [
    'an index that lies about a size',
    () => reindexed((t) => t.replace('"size_bytes":5', '"size_bytes":6')),
    'INTEGRITY',
    FILE.manifest,
  ],
  [
    'an index that lists a member twice',
    () => reindexed((t) => t.replace(/\[(.*?}),/, '[$1,$1,')),
    'INTEGRITY',
    'bundle_index.json',
  ],
  ['a payload that was changed', () => changed({ [FILE.payload]: 'jello' }), 'INTEGRITY', FILE.payload],
  ['a payload that is missing', () => changed({ [FILE.payload]: undefined }), 'INTEGRITY', FILE.payload],
  [
    'a file of a tree that was changed',
    () => changed({ [`${TREE_AT.payload}/a.txt`]: 'xxx' }),
    'INTEGRITY',
    TREE_AT.payload,
  ],
  [
    'a file too many in a tree',
    () => changed({ [`${TREE_AT.payload}/c.txt`]: 'x' }),
    'INTEGRITY',
    TREE_AT.payload,
  ],
  [
    'a manifest that was changed',
    () => changed({ [FILE.manifest]: encodeManifest(manifestOf(FILE_ID, 'hello')) }),
    'INTEGRITY',
    FILE.manifest,
  ],
  ['a manifest that lowers its classification', lowered, 'INTEGRITY', 'export_report.json'],
  [
    'a manifest that is no manifest',
    () => {
      const files = bundleFiles();
      const { length } = files.get(FILE.manifest)!;
      files.set(FILE.manifest, 'x'.repeat(length));
      return toTar(files);
    },
    'INTEGRITY',
    FILE.manifest,
  ],
  [
    'an artifact whose name would reach out',
    () =>
      toTar(
        bundleFiles([{ manifest: manifestOf(FILE_ID, 'hello', { name: '../../evil' }), payload: 'hello' }]),
      ),
    'HOSTILE_INPUT',
    FILE.manifest,
  ],
];

/** Nothing registered, nothing staged, nothing beside the store. */
async function untouched(w: World, head: number): Promise<void> {
  const catalog = await w.session.catalog();
  expect(await catalog.live().all()).toEqual([]);
  expect(await w.session.store.ledger.headSeq()).toBe(head);
  expect(await readdir(behind(w.session).layout.tmp)).toEqual([]);
  expect((await readdir(w.dir)).sort()).toEqual(['evil.tar', 'work']);
}

describe('a hostile bundle', () => {
  // One store for all of them: that nothing was registered is looked at each time.
  let shared: World;
  let place: TempDirectory;
  beforeAll(async () => {
    place = await makeTempDirectory();
    shared = await world(place.path);
  });
  afterAll(() => place.remove());

  for (const [what, bundle, code, entry] of CASES) {
    it(`with ${what} is refused by import and verify, and leaves nothing`, async () => {
      const w = shared;
      const head = await w.session.store.ledger.headSeq();
      const path = join(w.dir, 'evil.tar');
      await writeFile(path, bundle());
      const expected = entry === undefined ? { code } : { code, details: { entry } };
      await expect(verifyBundle(w.session.disk, path)).rejects.toMatchObject(expected);
      await expect(importBundle(w.session, path)).rejects.toMatchObject(expected);
      await untouched(w, head);
    });
  }

  it.each(['[]', '{}', '[[]]', '0'])('with an index of millions of %s is refused unparsed', async (value) => {
    const index = `{"members":[${many(24_000_000 / (value.length + 1), value)}],"schema":"hs.bundle/1"}`;
    const path = join(shared.dir, 'bomb.tar');
    await writeFile(path, changed({ 'bundle_index.json': index }));
    await expect(verifyBundle(shared.session.disk, path)).rejects.toMatchObject({
      code: 'INTEGRITY',
      message: expect.stringMatching(/'bundle_index\.json' is not valid: more .* than its length allows$/),
    });
  });

  it('of more tiny entries than the limit is refused before the disk is full of them', async () => {
    const w = await world();
    const path = join(w.dir, 'evil.tar');
    const headers = Array.from({ length: 2001 }, (_, i) => header({ name: `members/${i}` }));
    await writeFile(path, Buffer.concat([...headers, END]));
    const limits = { maxEntries: 2000 };
    await expect(verifyBundle(w.session.disk, path, limits)).rejects.toMatchObject({ code: 'HOSTILE_INPUT' });
  });

  it('in a directory is refused for a link, a FIFO would be, and a file that was changed', async () => {
    const w = await world();
    const write = async (name: string, files: Files) => {
      for (const [path, body] of files) {
        await ensureDir(dirname(join(w.dir, name, path)));
        await writeFile(join(w.dir, name, path), body);
      }
      return join(w.dir, name);
    };
    const linked = await write('linked', bundleFiles());
    await symlink('/etc/passwd', join(linked, 'link'));
    await expect(importBundle(w.session, linked)).rejects.toMatchObject({ code: 'HOSTILE_INPUT' });
    const files = bundleFiles();
    files.set(FILE.payload, 'jello');
    await expect(importBundle(w.session, await write('changed', files))).rejects.toMatchObject({
      code: 'INTEGRITY',
    });
    expect(await (await w.session.catalog()).live().all()).toEqual([]);
    await importBundle(w.session, await write('whole', bundleFiles()));
    expect(await (await w.session.catalog()).live().all()).toHaveLength(2);
  });

  it('in a directory has the limits of an archive, and nothing beyond them is read', async () => {
    const w = await world();
    const dir = join(w.dir, 'bundle');
    const payload = join(dir, FILE.payload);
    await ensureDir(dirname(payload));
    await writeFile(payload, '');
    await writeFile(join(dir, 'bundle_index.json'), '');
    const verify = (limits: Partial<ArchiveLimits> = {}) => verifyBundle(w.session.disk, dir, limits);
    const refused = { code: 'HOSTILE_INPUT' };
    await expect(verify({ maxEntries: 2 })).rejects.toMatchObject(refused);
    await expect(verify({ maxNameBytes: 60 })).rejects.toMatchObject(refused);
    // Sparse: it costs nothing until somebody copies it.
    await truncate(payload, 200 * 1024 ** 3);
    await expect(verify()).rejects.toMatchObject({ ...refused, details: { entry: FILE.payload } });
    await expect(importBundle(w.session, dir)).rejects.toMatchObject(refused);
    await expect(verify({ maxFileBytes: 2 ** 50 })).rejects.toMatchObject(refused);
    expect(await readdir(behind(w.session).layout.tmp)).toEqual([]);
  });

  it('is refused for a file that belongs to no member before that is taken', async () => {
    const w = await world();
    const dir = join(w.dir, 'bundle');
    await ensureDir(join(dir, 'members'));
    await writeFile(join(dir, 'members/huge'), 'x');
    const take = async (): Promise<never> => {
      throw new Error('taken');
    };
    const check = checkBundle(readBundle(w.session.disk, dir), { stream: take, bytes: take });
    await expect(check).rejects.toMatchObject({ details: { entry: 'members/huge' } });
  });

  it('that brings known restricted bytes back as something that may leave is refused', async () => {
    const w = await world();
    await w.put({ 'a.txt': 'hello' }, { classification: 'high', ttl: 3 });
    const path = join(w.dir, 'b.tar');
    await writeFile(path, toTar(bundleFiles()));
    await expect(importBundle(w.session, path)).rejects.toMatchObject({
      code: 'HOSTILE_INPUT',
      details: { entry: FILE.manifest },
    });
    expect(await (await w.session.catalog()).live().all()).toHaveLength(1);
  });

  it('that brings a file of a restricted directory back as something that may leave is refused', async () => {
    const w = await world();
    await w.put({ 'd/a.txt': 'hello', b: 'b' }, { classification: 'high', ttl: 3 });
    const path = join(w.dir, 'b.tar');
    await writeFile(path, toTar(bundleFiles()));
    await expect(importBundle(w.session, path)).rejects.toMatchObject({ code: 'HOSTILE_INPUT' });
  });

  it('that hides known restricted bytes behind a forged member is refused', async () => {
    const w = await world();
    const high = { classification: 'high', retention_ttl_days: 3, exportable: true } as const;
    await w.put({ 'a.txt': 'hello' }, { classification: 'high', ttl: 3, exportable: true });
    const path = join(w.dir, 'b.tar');
    const members = [
      { manifest: manifestOf(FILE_ID, 'hello'), payload: 'hello' },
      { manifest: manifestOf(TREE_ID, 'hello', high), payload: 'hello' },
    ];
    await writeFile(path, toTar(bundleFiles(members)));
    await expect(importBundle(w.session, path)).rejects.toMatchObject({
      code: 'HOSTILE_INPUT',
      details: { entry: FILE.manifest },
    });
  });

  it('with an id that is here with other content is a conflict, and nothing of it comes in', async () => {
    const w = await world();
    const path = join(w.dir, 'b.tar');
    await writeFile(path, toTar(bundleFiles([{ manifest: manifestOf(FILE_ID, 'other'), payload: 'other' }])));
    await importBundle(w.session, path);
    await writeFile(path, toTar(bundleFiles()));
    await expect(importBundle(w.session, path)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await (await w.session.catalog()).live().all()).toHaveLength(1);
  });
});

describe('an intact bundle', () => {
  it('is imported with ids, hashes and provenance; approved artifacts become ordinary work', async () => {
    const w = await world();
    const [file, tree] = defaultMembers();
    const provenance = { engine_id: 'render', engine_version: '2.1', program: 'render' };
    const members = [{ ...file!, manifest: manifestOf(FILE_ID, 'hello', { provenance }) }, tree!];
    const path = join(w.dir, 'b.tar');
    await writeFile(path, toTar(bundleFiles(members)));
    const { artifacts } = await importBundle(w.session, path);
    expect(artifacts.map((a) => [a.artifactId, a.present, a.demoted])).toEqual([
      [FILE_ID, false, false],
      [TREE_ID, false, true],
    ]);
    const catalog = await w.session.catalog();
    expect(await catalog.get(TREE_ID)).toMatchObject({
      layer: 'L3',
      revision: 2,
      content_hash: tree!.manifest.content_hash,
    });
    const stored = await w.session.store.objects.read((await catalog.get(FILE_ID))!.manifest);
    expect(Buffer.from(stored)).toEqual(encodeManifest(members[0]!.manifest));
    expect(Object.keys(TREE)).toHaveLength(2);
    const again = await importBundle(w.session, path);
    expect(again.artifacts.every((a) => a.present)).toBe(true);
    expect(await w.entries('bundle_imported')).toHaveLength(1);
  });

  const bring = async (w: World, more: Parameters<typeof manifestOf>[2], options = {}) => {
    const path = join(w.dir, 'b.tar');
    const supersedes = '0'.repeat(64) as never;
    const manifest = manifestOf(FILE_ID, 'hello', { revision: 2, supersedes, ...more });
    await writeFile(path, toTar(bundleFiles([{ manifest, payload: 'hello' }])));
    const { artifacts } = await importBundle(w.session, path, options);
    const [{ tightened, ttlOver }] = artifacts as [ImportedArtifact];
    return [tightened, (await (await w.session.catalog()).get(FILE_ID))!, ttlOver] as const;
  };

  it('makes existing artifacts as strict as it says, on record, and never laxer', async () => {
    const w = await world();
    await bring(w, {});
    expect(await bring(w, { exportable: false })).toMatchObject([
      true,
      { revision: 3, exportable: false },
      false,
    ]);
    const high = { classification: 'high', exportable: true, retention_ttl_days: 5 } as const;
    expect(await bring(w, high)).toMatchObject([
      true,
      { revision: 4, classification: 'high', exportable: false },
      false,
    ]);
    for (const laxer of [{}, high, { ...high, exportable: false }])
      expect(await bring(w, laxer)).toMatchObject([false, { revision: 4, exportable: false }, false]);
    const recorded = await w.entries('bundle_imported');
    expect(recorded.map((e) => e.ops?.map((op) => op.op))).toEqual([['add'], ['revise'], ['revise']]);
    const place = { kind: 'path', path: join(w.dir, 'out') } as const;
    const attempt = exportArtifact(w.session, { artifact: FILE_ID, place });
    await expect(attempt).rejects.toMatchObject({ code: 'GUARD_BLOCKED' });
  });

  const strict = { classification: 'high', exportable: false, retention_ttl_days: 0 } as const;

  it('does not end the life of an artifact that exists: without a TTL, it gets a window of the policy', async () => {
    const w = await world();
    await bring(w, {});
    const [, { created_at, retention_ttl_days: days }] = await bring(w, strict);
    const age = (Date.now() - Date.parse(created_at)) / 86_400_000;
    const { window_days: window } = DEFAULT_POLICY.retention.classes.result;
    expect(days).toBeGreaterThanOrEqual(Math.floor(age + window));
    expect(days).toBeLessThanOrEqual(Math.ceil(age + window) + 1);
    const other = await world();
    await bring(other, {});
    expect(await bring(other, { ...strict, retention_ttl_days: 36_000 })).toMatchObject([
      true,
      { retention_ttl_days: 36_000 },
      false,
    ]);
  });

  it('does not change a TTL that an artifact has here, and reports one that has expired', async () => {
    for (const [days, ttlOver] of [
      [9000, false],
      [9, true],
    ] as const) {
      const w = await world();
      await bring(w, { retention_ttl_days: days });
      expect(await bring(w, strict)).toMatchObject([true, { retention_ttl_days: days }, ttlOver]);
    }
  });

  it('requires a TTL for artifacts that become high, and does not change frozen ones', async () => {
    const w = await world();
    await bring(w, {});
    await promote(w.session, FILE_ID, undefined);
    await promote(w.session, FILE_ID, 'checked');
    await expect(bring(w, { exportable: false })).rejects.toMatchObject({ code: 'LAYER' });
    const frozen = { layer: 'L1', classification: 'high', exportable: false } as const;
    await expect(bring(w, frozen)).rejects.toMatchObject({ code: 'USAGE' });
    const [tightened, record] = await bring(w, frozen, { ttl: 4 });
    expect([tightened, record.layer, record.classification]).toEqual([true, 'L1', 'high']);
    expect(record.retention_ttl_days).toBeUndefined();
  });
});
