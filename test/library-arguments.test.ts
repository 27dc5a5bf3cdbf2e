import { readdir, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  type ArtifactStore,
  createStore,
  decodePlan,
  encodePlan,
  HsError,
  openStore,
  planHash,
} from '../src/index.js';
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
  ['resolve', 'name'],
  ['list', 'options'],
  ['manifest', 'name'],
  ['show', 'name'],
  ['files', 'name'],
  ['read', 'name', 'options'],
  ['stream', 'name', 'options'],
  ['planExport', 'name', 'path?', 'options'],
  ['plan', 'options'],
  ['report', 'name'],
  ['history', 'options'],
  ['fsck', 'options'],
  ['signLedger', 'name', 'name?'],
  ['compareWithCheckpoint', 'name', 'name'],
  ['proveEntry', 'count', 'name'],
  ['proveGrowth', 'name', 'name'],
  ['scan', 'names', 'options'],
  ['put', 'path', 'options'],
  ['putAll', 'names', 'options'],
  ['pin', 'names', 'options'],
  ['unpin', 'names', 'name?'],
  ['export', 'name', 'path?', 'options'],
  ['exportAttested', 'name', 'path', 'path?', 'options'],
  ['gc', 'options'],
  ['remove', 'names', 'options'],
  ['restore', 'names', 'options'],
  ['note', 'name'],
  ['bundle', 'names', 'options'],
  ['debugBundle', 'scope', 'options'],
  ['importBundle', 'path', 'options'],
  ['importLayout', 'path', 'options'],
  ['planWorkspaceImport', 'path', 'options'],
  ['importWorkspace', 'path', 'options'],
  ['exportReport', 'name', 'path', 'options'],
  ['exportUsage', 'path', 'options'],
  ['retain', 'names', 'options'],
  ['rename', 'name'],
  ['label', 'name', 'options'],
  ['reclassify', 'name', 'options'],
  ['promote', 'name', 'name?'],
  ['run', 'names', 'options'],
];

const good = (kind: string): unknown =>
  kind.endsWith('?')
    ? undefined
    : kind === 'options'
      ? {}
      : kind === 'names'
        ? ['x']
        : kind === 'scope'
          ? { kind: 'artifact', artifact: 'x' }
          : kind === 'count'
            ? 0
            : 'x';
const bad = (kind: string): readonly unknown[] => [
  ...NEVER.filter((value) => kind !== 'count' || value !== 7),
  ...(kind === 'options' ? ['x', [], { name: 7 }] : ['', {}]),
  ...(kind === 'name' || kind === 'path' || kind === 'names' ? [undefined] : []),
  ...(kind === 'names' ? ['x'] : []),
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
          expect([...said, e instanceof HsError ? e.code : e]).toEqual([...said, 'USAGE']);
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
    // Without arguments, or with one that is a policy, which is checked as one.
    const others = [
      'constructor',
      'close',
      'pins',
      'reports',
      'policy',
      'verifyLedger',
      'checkPolicy',
      'setPolicy',
    ];
    const inner = ['path', 'key', 'exportRequest'];
    expect([...methods].sort()).toEqual([...METHODS.map(([m]) => m as string), ...others, ...inner].sort());
    for (const policy of NEVER) {
      for (const method of ['checkPolicy', 'setPolicy'] as const)
        expect(await call(store, method, [policy])).toBeInstanceOf(HsError);
    }
    await store.close();
  });

  it('says USAGE where a store is opened or made with what is no path or no option', async () => {
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
      () => openStore({ progress: {} as never }),
      () => openStore(null as never),
      () => openStore('here' as never),
      () => openStore({ jobID: 'x' } as never),
    ])
      await expect(make()).rejects.toMatchObject({ code: 'USAGE' });
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

  it('takes an option that is undefined for one that is not given', async () => {
    const { dir, store } = await setting();
    await store.put(`${dir}/file`, { name: undefined, ttl: undefined, filenameHint: undefined } as never);
    expect((await store.list({ sort: undefined } as never))[0]!.filename_hint).toBe('file');
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
