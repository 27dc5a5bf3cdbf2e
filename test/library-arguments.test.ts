import { readdir, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  type ArtifactStore,
  createStore,
  DEFAULT_POLICY,
  decodePlan,
  encodePlan,
  HsError,
  openStore,
  planHash,
} from '../src/index.js';
import { StoreHandle } from '../src/library/store-handle.js';
import { tmp } from './helpers/tmp.js';

async function setting() {
  const dir = await tmp();
  process.env.XDG_STATE_HOME = `${dir}/state`;
  const store = await createStore(dir);
  await writeFile(`${dir}/file`, 'file');
  await store.put(Buffer.from('x'), { name: 'x' });
  return { dir, store };
}

/** What no argument may be, whatever it is for. */
const NEVER = [null, 7, true, Symbol('s'), () => 1, [7], [''], [undefined], { nope: 1 }];

/** Every method with the kinds of its arguments: a `name` or `path` must be there, an optional one may be left out. */
const METHODS: readonly (readonly [string & keyof ArtifactStore, ...string[]])[] = [
  ['writeObjects', 'sources', 'options'],
  ['readObject', 'name', 'options'],
  ['streamObject', 'name', 'options'],
  ['hasObject', 'name', 'options'],
  ['readIndex', 'name', 'options'],
  ['writeIndex', 'from', 'options'],
  ['countObjects', 'options'],
  ['resolve', 'name', 'options'],
  ['list', 'options'],
  ['iterate', 'options'],
  ['manifest', 'name', 'options'],
  ['show', 'name', 'options'],
  ['files', 'name', 'options'],
  ['read', 'name', 'options'],
  ['stream', 'name', 'options'],
  ['diff', 'name', 'target', 'options'],
  ['usage', 'options'],
  ['usageTotals', 'options'],
  ['pins', 'options'],
  ['history', 'options'],
  ['lineage', 'name', 'options'],
  ['follow', 'options'],
  ['ledgerHead', 'options'],
  ['ledgerEntries', 'options'],
  ['note', 'name', 'options'],
  ['verifyLedger', 'options'],
  ['signLedger', 'name', 'options'],
  ['compareWithCheckpoint', 'name', 'name', 'options'],
  ['proveEntry', 'count', 'name', 'options'],
  ['proveGrowth', 'name', 'name', 'options'],
  ['fsck', 'options'],
  ['scan', 'names', 'options'],
  ['pin', 'selection', 'options'],
  ['unpin', 'names', 'options'],
  ['changePins', 'changes', 'options'],
  ['retain', 'selection', 'change', 'options'],
  ['retainLines', 'lines', 'options'],
  ['plan', 'options'],
  ['gc', 'options'],
  ['planRemoval', 'selection', 'options'],
  ['remove', 'selection', 'options'],
  ['restore', 'names', 'options'],
  ['restoreRun', 'name', 'options'],
  ['trash', 'options'],
  ['trashed', 'name', 'options'],
  ['purgeTrashed', 'names', 'options'],
  ['emptyTrash', 'options'],
  ['reports', 'options'],
  ['report', 'name', 'options'],
  ['rename', 'name', 'null', 'options'],
  ['label', 'name', 'change', 'options'],
  ['labelLines', 'lines', 'options'],
  ['reclassify', 'name', 'change', 'options'],
  ['promote', 'name', 'options'],
  ['policy', 'options'],
  ['checkPolicy', 'policy', 'options'],
  ['setPolicy', 'policy', 'options'],
  ['diffPolicies', 'policy', 'policy', 'options'],
  ['changePolicy', 'settings', 'options'],
  ['export', 'name', 'path?', 'options'],
  ['exportToStream', 'name', 'stream', 'options'],
  ['planExport', 'name', 'path?', 'options'],
  ['exportAttested', 'name', 'path', 'path?', 'options'],
  ['exportReport', 'name', 'path', 'options'],
  ['exportUsage', 'path', 'options'],
  ['bundle', 'names', 'options'],
  ['debugBundle', 'scope', 'options'],
  ['importBundle', 'path', 'options'],
  ['importLayout', 'path', 'options'],
  ['importWorkspace', 'path', 'options'],
  ['planWorkspaceImport', 'path', 'options'],
  ['push', 'store', 'names', 'options'],
  ['pull', 'store', 'names', 'options'],
  ['put', 'path', 'options'],
  ['putAll', 'names', 'options'],
  ['putLines', 'lines', 'options'],
  ['writeManifest', 'record', 'options'],
  ['writeManifests', 'lines', 'options'],
  ['run', 'names', 'options'],
];

const GOOD: Readonly<Record<string, unknown>> = {
  options: {},
  change: {},
  record: {},
  names: ['x'],
  selection: ['x'],
  sources: [Buffer.from('x')],
  changes: [],
  lines: [],
  settings: { 'retention.trash_days': 8 },
  scope: { kind: 'artifact', artifact: 'x' },
  count: 0,
  null: null,
  policy: DEFAULT_POLICY,
  stream: new WritableStream(),
  store: Object.create(StoreHandle.prototype),
};
const good = (kind: string): unknown => (kind.endsWith('?') ? undefined : (GOOD[kind] ?? 'x'));

/** What each kind takes of all that nothing else does, and what it does not take besides. */
const TAKES: Readonly<Record<string, (value: unknown) => boolean>> = {
  count: (value) => value === 7,
  null: (value) => value === null,
  record: (value) => typeof value === 'object' && value !== null && 'nope' in value,
};
const NOR: Readonly<Record<string, readonly unknown[]>> = {
  options: ['x', [], { name: 7 }, { signal: {} }, { progress: { start() {} } }],
  change: ['x', [], undefined],
  record: ['x', undefined],
  names: ['', {}, undefined, 'x'],
  selection: [
    '',
    {},
    undefined,
    'x',
    { filters: [] },
    { filters: 'kind=file' },
    { filters: [''] },
    { filters: ['nope=1'] },
    { filters: ['kind=file'], names: ['x'] },
  ],
  name: ['', {}, undefined],
  target: ['', {}, undefined, { path: '' }, { path: 'a', artifact: 'x' }],
  path: ['', {}, undefined],
  null: ['', {}, undefined],
  sources: ['x', {}, undefined, [new ArrayBuffer(3)]],
  from: ['', {}, undefined, [{ path: 'a' }]],
  changes: ['x', {}, undefined, [{ change: 'pin', artifact: 'x' }], [{ change: 'hold' }]],
  settings: ['x', undefined, { 'retention.trash_days': 'x' }],
  lines: ['x', {}, undefined, ['x'], [{}], [{ source: 7 }], [{ source: 'a', nmae: 'x' }]],
  scope: ['', {}, undefined],
  stream: ['x', {}, undefined],
};
const bad = (kind: string): readonly unknown[] => [
  ...NEVER.filter((value) => TAKES[kind]?.(value) !== true),
  ...(NOR[kind] ?? ['', {}]),
];

async function call(store: ArtifactStore, method: string, args: readonly unknown[]): Promise<unknown> {
  try {
    const made = await (store as unknown as Record<string, (...a: readonly unknown[]) => unknown>)[method]!(
      ...args,
    );
    const isGenerator = typeof made === 'object' && made !== null && Symbol.asyncIterator in made;
    if (isGenerator) for await (const _ of made as AsyncIterable<unknown>) break;
    return undefined;
  } catch (e) {
    return e;
  }
}

const entriesIn = async (dir: string) => (await readdir(`${dir}/.hsstore/ledger/000000`)).length;

describe('the library', () => {
  it.each(METHODS)(
    '%s() says USAGE of an argument that is none, and does nothing',
    async (method, ...kinds) => {
      const { dir, store } = await setting();
      const before = await entriesIn(dir);
      for (const [i, kind] of kinds.entries()) {
        for (const value of bad(kind)) {
          const args = kinds.map((other, k) => (k === i ? value : good(other)));
          const e = await call(store, method, args);
          const said = [method, i, typeof value === 'symbol' ? 'symbol' : value];
          // A policy is a document, and is checked as one.
          const code = kind === 'policy' ? 'INVALID_RECORD' : 'USAGE';
          expect([...said, e instanceof HsError ? e.code : e]).toEqual([...said, code]);
        }
      }
      expect(await entriesIn(dir)).toBe(before);
      await store.close();
    },
  );

  it('has every method of a store in the table above', async () => {
    const { store } = await setting();
    const methods = new Set<string>();
    for (
      let proto = Object.getPrototypeOf(store);
      proto !== Object.prototype;
      proto = Object.getPrototypeOf(proto)
    ) {
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(proto)))
        if (typeof value === 'function') methods.add(name);
    }
    const inner = [
      'constructor',
      'close',
      'begin',
      'catalog',
      'resolveAll',
      'selected',
      'batch',
      'path',
      'key',
    ];
    expect([...methods].sort()).toEqual([...METHODS.map(([m]) => m as string), ...inner].sort());
    await store.close();
  });

  it.each(METHODS)('%s() of a signal that was aborted throws its reason, and does nothing', async (...m) => {
    const { dir, store } = await setting();
    const before = await entriesIn(dir);
    const [method = '', ...kinds] = m;
    const args = kinds.map((kind) =>
      kind === 'options' ? { signal: AbortSignal.abort('enough') } : good(kind),
    );
    expect(await call(store, method, args)).toBe('enough');
    expect(await entriesIn(dir)).toBe(before);
    await store.close();
  });

  it('says USAGE of every method when the store was closed', async () => {
    const { store } = await setting();
    await store.close();
    await store.close();
    for (const [method, ...kinds] of METHODS) {
      const said = await call(store, method, kinds.map(good));
      expect([method, said]).toEqual([method, expect.objectContaining({ code: 'USAGE' })]);
    }
  });

  it('throws USAGE for invalid paths and options when a store is opened or created', async () => {
    const { dir } = await setting();
    for (const make of [
      () => createStore(''),
      () => createStore(undefined as never),
      () => createStore('a\0b'),
      () => createStore(dir, { store: dir } as never),
      () => openStore({ store: '' }),
      () => openStore({ now: 'today' as never }),
      () => openStore({ now: new Date(Number.NaN) }),
      () => openStore({ signal: {} as never }),
      () => openStore({ offline: 'yes' as never }),
      () => openStore({ progress: {} as never }),
      () => openStore(null as never),
      () => openStore('here' as never),
      () => openStore({ jobID: 'x' } as never),
    ])
      await expect(make()).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('takes the times that a timestamp can say, and no others', async () => {
    const { dir, store } = await setting();
    for (const year of ['+010000', '-000001', '+275760']) {
      const time = new Date(`${year}-01-01T00:00:00Z`);
      for (const call of [
        () => store.pin(['x'], { until: time }),
        () => store.changePins([{ change: 'pin', artifact: 'x', name: 'p', until: time }]),
        () => openStore({ store: dir, now: time }),
        () => createStore(dir, { now: time }),
      ])
        await expect(call()).rejects.toMatchObject({ code: 'USAGE', message: /the years 0 to 9999/ });
    }
    const until = new Date('9999-12-31T23:59:59.999Z');
    await store.pin(['x'], { until });
    expect(await store.pins()).toMatchObject([{ until: until.toISOString() }]);
  });

  it('stores no stream of anything but bytes', async () => {
    const { dir, store } = await setting();
    const head = await entriesIn(dir);
    async function* of(...chunks: readonly unknown[]) {
      yield* chunks;
    }
    for (const source of [
      of('text'),
      of(Buffer.from('a'), 'text'),
      of(7),
      of(null),
      of(undefined),
      of([1, 2]),
      of(new Uint16Array(2)),
      of(new ArrayBuffer(2)),
      Readable.from(['text']),
      new ArrayBuffer(3),
      new DataView(new ArrayBuffer(3)),
      [Buffer.from('x')],
      new URL(`file://${dir}/file`),
    ])
      await expect(store.put(source as never)).rejects.toMatchObject({ code: 'USAGE' });
    expect(await entriesIn(dir)).toBe(head);
    expect(await readdir(`${dir}/.hsstore/tmp`)).toEqual([]);
    const foreign = runInNewContext('new Uint8Array([104, 105])');
    const { artifactId } = await store.put(foreign);
    expect(Buffer.from(await store.read(artifactId)).toString()).toBe('hi');
    expect(Buffer.from(await store.read((await store.put(of(foreign) as never)).artifactId)).toString()).toBe(
      'hi',
    );
    await store.close();
  });

  it('treats an undefined option as not given', async () => {
    const { dir, store } = await setting();
    await store.put(`${dir}/file`, { name: undefined, ttl: undefined, filenameHint: undefined } as never);
    expect((await store.list({ sort: undefined } as never))[0]!.filenameHint).toBe('file');
    await store.close();
  });

  it('says USAGE of a plan that is none', async () => {
    const { store } = await setting();
    const plan = await store.plan();
    expect(decodePlan(encodePlan(plan)).plan).toEqual(plan);
    for (const not of [
      undefined,
      null,
      {},
      { header: {}, items: [] },
      { ...plan, items: [{}] },
      { ...plan, more: 1 },
    ]) {
      expect(() => encodePlan(not as never)).toThrow(expect.objectContaining({ code: 'USAGE' }));
      expect(() => planHash(not as never)).toThrow(expect.objectContaining({ code: 'USAGE' }));
      if (not !== undefined)
        await expect(store.gc({ plan: not as never })).rejects.toMatchObject({ code: 'USAGE' });
    }
    for (const not of [undefined, 'text', {}])
      expect(() => decodePlan(not as never)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    await store.close();
  });
});
