import { execFile } from 'node:child_process';
import { chmod, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { PassThrough, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { copy, ensureDir } from 'fs-extra/esm';
import { expect, it } from 'vitest';
import { type CallOptions, createStore, decodePlan, encodePlan, hash, openStore } from '../src/index.js';
import { hsEnvironment } from './helpers/hs.js';
import { tmp } from './helpers/tmp.js';

const example = fileURLToPath(new URL('../examples/nightly.mjs', import.meta.url));

async function scratch(): Promise<string> {
  const dir = await tmp();
  process.env.XDG_STATE_HOME = `${dir}/state`;
  return dir;
}

const DAYS = 86_400_000;

it('the example program works as documented', async () => {
  const dir = await tmp();
  const { stdout } = await promisify(execFile)(process.execPath, [example, dir], {
    env: await hsEnvironment(),
  });
  expect(stdout).toBe(
    `stored 26 bytes as 05791f49b09d2a28243f474cfb8502fac92a338dc54f8daa4fafd73f460eb814
pinned a release of 1 file(s)
keep nightly/report: held
keep release: pinned
removed 1 of 2
brought back 1: {"passed":118,"failed":0}
7 entries, 0 problems
`,
  );
});

it('stores bytes, streams and paths, and gives the same bytes back', async () => {
  const dir = await scratch();
  const store = await createStore(dir);
  async function* chunks() {
    yield Buffer.from('in ');
    yield Buffer.from('parts');
  }
  await store.put(Buffer.from('at once'), { name: 'bytes', filenameHint: 'a.txt' });
  await store.put(chunks(), { name: 'stream' });
  await ensureDir(`${dir}/tree/sub`);
  await writeFile(`${dir}/tree/sub/file`, 'below');
  const tree = await store.put(`${dir}/tree`, { name: 'tree', labels: { stage: 'test' } });
  const text = async (name: string, path?: string) =>
    Buffer.from(await store.read(name, path === undefined ? {} : { path })).toString();
  expect([await text('bytes'), await text('stream'), await text('tree', 'sub/file')]).toEqual([
    'at once',
    'in parts',
    'below',
  ]);
  const streamed: Buffer[] = [];
  for await (const chunk of store.stream('stream')) streamed.push(Buffer.from(chunk));
  expect(Buffer.concat(streamed).toString()).toBe('in parts');
  expect((await store.files('tree')).map((f) => f.path)).toEqual(['sub/file']);
  expect((await store.list({ sort: 'name' })).map((r) => r.name)).toEqual(['bytes', 'stream', 'tree']);
  expect(await store.manifest('tree')).toMatchObject({ labels: { stage: 'test' } });
  expect((await store.resolve(tree.artifactId.slice(0, 8))).artifactId).toBe(tree.artifactId);
  await store.export('tree', `${dir}/out`);
  expect(await readFile(`${dir}/out/sub/file`, 'utf8')).toBe('below');
  await store.close();
});

it('hands out bytes that are never written to again, however they are passed on', async () => {
  const dir = await scratch();
  const store = await createStore(dir);
  // Of more than two chunks, no two of them alike.
  const bytes = Buffer.alloc(5 * 1024 * 1024 + 7);
  for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32LE(i, Math.min(i, bytes.length - 4));
  const { artifactId, contentHash } = await store.put(bytes, { name: 'large' });
  const kept: Uint8Array[] = [];
  for await (const chunk of store.stream('large')) kept.push(chunk);
  const gathered = {
    'a loop that keeps chunks': Buffer.concat(kept),
    'Readable.toArray': Buffer.concat(await Readable.from(store.stream('large')).toArray()),
    'a Response': Buffer.from(
      await new Response(Readable.toWeb(Readable.from(store.stream('large')))).arrayBuffer(),
    ),
    'a PassThrough': Buffer.concat(
      await Readable.from(store.stream('large')).pipe(new PassThrough()).toArray(),
    ),
  };
  for (const [how, got] of Object.entries(gathered)) expect([how, got.equals(bytes)]).toEqual([how, true]);
  const again = await store.put(Readable.from(store.stream('large')).pipe(new PassThrough()));
  expect(again.contentHash).toBe(contentHash);
  expect(Buffer.from(await store.read(artifactId)).equals(bytes)).toBe(true);
  await store.close();
});

it('applies a saved plan, keeps artifacts pinned since, and restores removed ones', async () => {
  const dir = await scratch();
  const old = await createStore(dir, { now: new Date(Date.now() - 30 * DAYS) });
  await old.put(Buffer.from('1'), { name: 'one', ttl: 7 });
  const { artifactId } = await old.put(Buffer.from('2'), { name: 'two', ttl: 7 });
  await old.close();
  const store = await openStore({ store: dir });
  const saved = encodePlan(await store.plan());
  await store.pin(['one'], { name: 'hold', reason: 'needed' });
  const { outcome } = await store.gc({ plan: decodePlan(saved).plan });
  expect(outcome.sparedSince.map((i) => i.name)).toEqual(['one']);
  expect((await store.list()).map((r) => r.name)).toEqual(['retention-report', 'one']);
  expect((await store.report((await store.reports())[0]!.report)).header).toMatchObject({
    pruned: 1,
    spared: 1,
  });
  await store.restore([artifactId]);
  expect((await store.show('two')).retention).toMatchObject({ verdict: 'keep', rule: 'pinned' });
  expect((await store.fsck()).ok).toBe(true);
  await store.close();
});

it('refuses what the command refuses, with its code and a hint', async () => {
  const dir = await scratch();
  await expect(openStore({ store: dir })).rejects.toMatchObject({ code: 'NO_STORE' });
  const store = await createStore(dir, { actor: 'plugin_tool:lint' });
  await expect(createStore(dir)).rejects.toMatchObject({ code: 'CONFLICT' });
  await store.put(Buffer.from('x'), { name: 'x' });
  await expect(store.export('x', `${dir}/x`)).rejects.toMatchObject({ code: 'REFUSED' });
  await expect(store.resolve('y')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await store.close();
});

it('renames and labels by new revisions', async () => {
  const store = await createStore(await scratch());
  const { artifactId } = await store.put(Buffer.from('a'), { name: 'old', labels: { k: 'v', gone: '1' } });
  expect(await store.rename('old', 'new')).toMatchObject({
    artifactId,
    revision: 2,
    name: 'new',
  });
  const { labels } = await store.label('new', { k: 'w', gone: null }, { reason: 'tidied' });
  expect(labels).toEqual({ k: 'w' });
  expect(await store.rename('new', null)).not.toHaveProperty('name');
  for (const bad of [{}.constructor, { k: 1 }, { k: '' }]) {
    await expect(store.label(artifactId, bad as never)).rejects.toMatchObject({ code: 'USAGE' });
  }
  await store.close();
});

it('opens an older copy read-only with a warning, and writes nothing to it', async () => {
  const dir = await scratch();
  const store = await createStore(dir);
  await store.put(Buffer.from('a'), { name: 'a' });
  await copy(`${dir}/.hsstore`, `${dir}/copy/.hsstore`);
  await store.put(Buffer.from('b'));
  await store.close();
  await expect(openStore({ store: `${dir}/copy` })).rejects.toMatchObject({ code: 'ROLLED_BACK' });
  for (const [at, code, told] of [
    ['copy', 'USAGE', 1],
    ['.', 'USAGE', 0],
  ] as const) {
    const warnings: string[] = [];
    const read = await openStore({
      store: `${dir}/${at}`,
      readOnly: true,
      warn: (text) => warnings.push(text),
    });
    expect(Buffer.from(await read.read('a')).toString()).toBe('a');
    await expect(read.put(Buffer.from('c'))).rejects.toMatchObject({ code });
    await expect(read.export('a', `${dir}/out`)).rejects.toMatchObject({ code });
    expect(warnings).toHaveLength(told);
    await read.close();
  }
});

it('warns of a damaged manifest, and lists and shows nothing of a ledger that lost its end', async () => {
  const dir = await scratch();
  const warned: string[] = [];
  const store = await createStore(dir, { warn: (message) => warned.push(message) });
  await store.put(Buffer.from('1'), { name: 'one' });
  const { manifest } = await store.resolve('one');
  expect(await store.show('one')).toMatchObject({ damage: undefined });
  expect(warned).toEqual([]);
  const path = `${dir}/.hsstore/objects/${manifest.slice(0, 2)}/${manifest}`;
  await chmod(path, 0o644);
  await writeFile(path, 'changed');
  expect((await store.show('one')).damage).toContain('does not match its name');
  expect(warned).toEqual([expect.stringMatching(/^the manifest of '[0-9a-f-]{36}' is damaged: /)]);
  await store.put(Buffer.from('2'), { name: 'two' });
  const entries = `${dir}/.hsstore/ledger/000000`;
  await unlink(`${entries}/${(await readdir(entries)).sort().at(-1)}`);
  for (const attempt of [store.list(), store.show('one'), store.resolve('one')])
    await expect(attempt).rejects.toMatchObject({ code: 'ROLLED_BACK' });
  await store.close();
});

it('acts on nothing of a ledger that lost its end while the store is open, and loses nothing when it is back', async () => {
  const dir = await scratch();
  const store = await createStore(dir);
  await store.put(Buffer.from('1'.repeat(100_000)), { name: 'one' });
  await store.put(Buffer.from('2'.repeat(100_000)), { name: 'two', pin: 'kept' });
  const entries = `${dir}/.hsstore/ledger/000000`;
  const last = `${entries}/${(await readdir(entries)).sort().at(-1)}`;
  const lost = await readFile(last);
  await unlink(last);
  const stream = async () => {
    for await (const _ of store.stream('one'));
  };
  const attempts = {
    put: () => store.put(Buffer.from('3')),
    note: () => store.note('x'),
    pin: () => store.pin(['one']),
    retain: () => store.retain(['one'], { ttl: 1 }),
    remove: () => store.remove(['one'], { purge: true }),
    plan: () => store.plan(),
    gc: () => store.gc({ emptyTrash: true }),
    emptyTrash: () => store.emptyTrash(),
    trash: () => store.trash(),
    export: () => store.export('one', `${dir}/out`),
    read: () => store.read('one'),
    stream,
    manifest: () => store.manifest('one'),
    pins: () => store.pins(),
    usage: () => store.usage(),
  };
  for (const [name, attempt] of Object.entries(attempts))
    await expect(attempt(), name).rejects.toMatchObject({ code: 'ROLLED_BACK' });
  expect((await store.verifyLedger()).problems).toHaveLength(1);
  await writeFile(last, lost);
  expect((await store.read('two')).length).toBe(100_000);
  expect(await store.pins()).toHaveLength(1);
  await store.close();
});

it('accepts a signal and progress per call, and leaves nothing half done when aborted', async () => {
  const dir = await scratch();
  const store = await createStore(dir);
  const stages: string[] = [];
  let advanced = 0;
  const progress = {
    start: (label: string) => void stages.push(label),
    advance: (amount: number) => {
      advanced += amount;
    },
    done: () => undefined,
  };
  await store.put(Buffer.alloc(1000), { name: 'first', progress });
  expect([stages.length > 0, advanced]).toEqual([true, 1000]);
  await store.put(Buffer.alloc(1000), { name: 'second' });
  expect(advanced).toBe(1000);

  const stop = new AbortController();
  async function* endless() {
    yield Buffer.from('a');
    stop.abort(new Error('enough'));
    for (;;) yield Buffer.alloc(65_536);
  }
  const { seq } = await store.ledgerHead();
  await expect(store.put(endless(), { signal: stop.signal })).rejects.toThrow('enough');
  expect((await store.ledgerHead()).seq).toBe(seq);
  expect(await readdir(`${dir}/.hsstore/tmp`)).toEqual([]);
  await expect(hash(endless(), { signal: stop.signal })).rejects.toThrow('enough');
  // The store goes on, and so does a call with another signal.
  expect((await store.list({ signal: new AbortController().signal })).length).toBe(2);
  const whole = new AbortController();
  const opened = await openStore({ store: dir, signal: whole.signal });
  whole.abort(new Error('all of it'));
  await expect(opened.list({ signal: new AbortController().signal })).rejects.toThrow('all of it');
  await opened.close();
  await store.close();
});

it('follows the ledger until its signal is aborted', async () => {
  const store = await createStore(await scratch());
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const row of store.follow({ last: 1, signal: stop.signal })) {
    seen.push(row.type);
    if (seen.length === 1) await store.note('one');
    if (seen.length === 2) stop.abort();
  }
  expect(seen).toEqual(['store_created', 'note']);
  await store.close();
});

it('exports to a stream of Node or of the web, waits for it, and says so when nobody reads any more', async () => {
  const dir = await scratch();
  const store = await createStore(dir);
  const bytes = Buffer.alloc(3 * 1024 * 1024 + 5, 'ab');
  await store.put(bytes, { name: 'large' });
  const slow = new PassThrough({ highWaterMark: 1024 });
  const [exported, got] = await Promise.all([
    store.exportToStream('large', slow).finally(() => slow.end()),
    slow.toArray(),
  ]);
  expect([exported.target, Buffer.concat(got).equals(bytes)]).toEqual(['-', true]);
  const parts: Uint8Array[] = [];
  const web = new WritableStream<Uint8Array>({ write: (chunk) => void parts.push(chunk) });
  await store.exportToStream('large', web);
  expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  await web.close();
  const gone = new PassThrough();
  gone.on('data', () => gone.destroy());
  const early = await store.exportToStream('large', gone);
  expect(early.warnings.join()).toMatch(/reader|closed/);
  expect(slow.listenerCount('error') + gone.listenerCount('error')).toBeLessThan(3);
  await store.close();
});

it('stops every long call at its first sign of progress, with nothing written and nothing left behind', async () => {
  const dir = await scratch();
  const store = await createStore(dir);
  await ensureDir(`${dir}/tree`);
  for (let i = 0; i < 40; i++) await writeFile(`${dir}/tree/${i}`, Buffer.alloc(50_000, i));
  await store.put(`${dir}/tree`, { name: 'tree' });
  await store.put(Buffer.alloc(5_000_000, 7), { name: 'large' });
  await store.bundle(['tree', 'large'], { name: 'bundle' });
  await store.export('bundle', `${dir}/bundle.tar`);
  await ensureDir(`${dir}/other`);
  const other = await createStore(`${dir}/other`);
  const state = async () => ({
    outside: (await readdir(dir)).sort(),
    staged: await readdir(`${dir}/.hsstore/tmp`),
    here: (await store.list()).map((r) => [r.artifactId, r.revision]),
    there: (await other.list()).length,
  });
  const before = await state();
  const calls: Record<string, (options: CallOptions) => Promise<unknown>> = {
    put: (o) => store.put(`${dir}/tree`, o),
    putAll: (o) => store.putAll([`${dir}/tree`], o),
    writeObjects: (o) => store.writeObjects([`${dir}/tree`], o),
    'export of a directory': (o) => store.export('tree', `${dir}/out`, o),
    'export of a file': (o) => store.export('large', `${dir}/out`, o),
    'export of an archive': (o) => store.export('tree', `${dir}/out.tar`, o),
    importBundle: (o) => other.importBundle(`${dir}/bundle.tar`, o),
    pull: (o) => other.pull(store, 'all', o),
    bundle: (o) => store.bundle(['tree'], o),
    remove: (o) => store.remove(['large'], o),
    gc: (o) => store.gc(o),
    fsck: (o) => store.fsck(o),
    usage: (o) => store.usage(o),
    countObjects: (o) => store.countObjects(o),
    verifyLedger: (o) => store.verifyLedger(o),
    hash: (o) => hash(`${dir}/tree`, o),
  };
  for (const [name, call] of Object.entries(calls)) {
    const stop = new AbortController();
    const abort = () => stop.abort(new Error('enough'));
    const progress = { start: abort, advance: abort, done: () => undefined };
    const error = await call({ signal: stop.signal, progress }).catch((e: unknown) => e);
    // An export says of its destination what became of it.
    const ends = name.startsWith('export') ? { code: 'INTERRUPTED' } : { message: 'enough' };
    expect([name, error]).toEqual([name, expect.objectContaining(ends)]);
  }
  expect(await state()).toEqual(before);
  await other.close();
  await store.close();
});
