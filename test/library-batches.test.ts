import { expect, it } from 'vitest';
import { type ArtifactStore, createStore, type HsError } from '../src/index.js';
import { tmp } from './helpers/tmp.js';

async function setting() {
  const dir = await tmp();
  process.env.XDG_STATE_HOME = `${dir}/state`;
  const store = await createStore(dir);
  for (const name of ['a', 'b', 'c']) await store.put(Buffer.from(name), { name, labels: { of: name } });
  return { dir, store };
}

const head = async (store: ArtifactStore) => (await store.ledgerHead()).seq;

it('changes what matches a filter as what is named, in one commit', async () => {
  const { store } = await setting();
  const before = await head(store);
  await store.pin({ filters: [['label.of', 'a']] }, { name: 'release' });
  expect((await store.pins()).map((pin) => pin.label)).toEqual(['a']);
  expect(await store.pins({ filters: ['name=b'] })).toEqual([]);
  expect(await store.retain({ filters: ['!pinned'] }, { ttl: 3 })).toHaveLength(2);
  expect(await head(store)).toBe(before + 2);
  expect((await store.list({ filters: ['ttl=3'] })).map((artifact) => artifact.name)).toEqual(['c', 'b']);
  const plan = await store.planRemoval({ filters: ['kind=file'] });
  expect([plan.header.pruned, plan.items.length]).toEqual([2, 3]);
  expect(await head(store)).toBe(before + 2);
  const { outcome, refused } = await store.remove({ filters: ['kind=file'] });
  expect([outcome.plan.header.pruned, refused.length]).toEqual([2, 1]);
  expect((await store.remove({ filters: ['name=none'] })).outcome.plan.header.pruned).toBe(0);
  await store.close();
});

const BATCHES: readonly (readonly [
  string,
  (s: ArtifactStore, bad: boolean) => Promise<readonly unknown[]>,
])[] = [
  [
    'retainLines',
    (s, bad) =>
      s.retainLines([
        { artifact: 'a', ttl: 3 },
        { artifact: bad ? 'nothing' : 'b', retentionClass: 'log' },
      ]),
  ],
  [
    'labelLines',
    (s, bad) =>
      s.labelLines([
        { artifact: 'a', labels: { x: 'y', of: null } },
        { artifact: bad ? 'nothing' : 'b', labels: { x: 'z' } },
      ]),
  ],
  [
    'writeManifests',
    async (s, bad) => {
      const { contentHash } = await s.resolve('a');
      return s.writeManifests([
        { manifest: { content_hash: contentHash, name: 'd' }, ref: 'd' },
        { manifest: { content_hash: contentHash, name: 'e' }, sources: [bad ? 'ref:none' : 'ref:d'] },
      ]);
    },
  ],
];

it.each(BATCHES)('%s() is one commit, or names the line and changes nothing', async (_, batch) => {
  const { store } = await setting();
  const before = await head(store);
  const e = await batch(store, true).catch((error: HsError) => error);
  expect(e).toMatchObject({ code: 'NOT_FOUND', message: expect.stringMatching(/^line 2: /) });
  expect(await head(store)).toBe(before);
  expect(await batch(store, false)).toHaveLength(2);
  expect(await head(store)).toBe(before + 1);
  await store.close();
});

it('refuses a line that changes nothing, and a line that names an artifact again', async () => {
  const { store } = await setting();
  for (const [code, lines] of [
    ['USAGE', [{ artifact: 'a' }]],
    ['USAGE', [{ artifact: 'a', ttl: 1, retention_class: 'log' }]],
    ['USAGE', [{ id: 'a', ttl: 1 }]],
    [
      'USAGE',
      [
        { artifact: 'a', ttl: 1 },
        { artifact: 'a', ttl: 2 },
      ],
    ],
  ] as const)
    await expect(store.retainLines(lines as never)).rejects.toMatchObject({ code });
  await expect(store.labelLines([{ artifact: 'a', labels: {} }])).rejects.toMatchObject({ code: 'USAGE' });
  await expect(store.writeManifests([{ manifest: 7 as never }])).rejects.toMatchObject({ code: 'USAGE' });
  await expect(store.writeManifests([{ manifest: { nope: 1 } }])).rejects.toMatchObject({
    code: 'INVALID_MANIFEST',
  });
  await store.close();
});

it('refuses a change of nothing, and a label that would be left out', async () => {
  const { store } = await setting();
  const before = await head(store);
  const labels = JSON.parse('{"__proto__":"x","k":"v"}');
  for (const call of [
    () => store.retain(['a'], {}),
    () => store.put(Buffer.from('x'), { labels }),
    () => store.label('a', labels),
    () => store.labelLines([{ artifact: 'a', labels }]),
  ])
    await expect(call()).rejects.toMatchObject({ code: 'USAGE' });
  expect(await head(store)).toBe(before);
  await store.close();
});
