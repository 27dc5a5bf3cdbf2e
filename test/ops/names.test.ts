import { mkdir } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ArtifactStore } from '../../src/library/artifact-store.js';
import { testStore } from '../helpers/store.js';
import { makeTempDirectory, type TempDirectory } from '../helpers/tmp.js';

let temp: TempDirectory;
let made = 0;
beforeAll(async () => {
  temp = await makeTempDirectory();
});
afterAll(() => temp.remove());

async function newStore(): Promise<ArtifactStore> {
  const dir = `${temp.path}/${made++}`;
  await mkdir(dir);
  return new ArtifactStore(await testStore(dir));
}

/** Letters that have several spellings: composed, decomposed, singletons, marks in any order, Hangul. */
const LETTERS = ['é', 'Å', '\u212b', 'ḍ̇', 'd\u0307\u0323', '한', 'ñ', 'Ω', '\u2126', 'ﬁ', 'e', 'x'];
const NAMES = ['é', 'Å', 'ḍ̇/한', 'éx', 'ex', 'ñ.Ω', 'ﬁ'] as const;
const FORMS = ['NFC', 'NFD'] as const;

/** The same text, some of its characters composed and some not. */
const spelling = (name: string) =>
  fc
    .array(fc.constantFrom(...FORMS), { minLength: name.length, maxLength: name.length })
    .map((forms) => [...name.normalize('NFC')].map((c, i) => c.normalize(forms[i])).join(''));
const anyName = fc.constantFrom(...NAMES).chain(spelling);

type Step = {
  readonly do:
    | 'put'
    | 'find'
    | 'version'
    | 'list'
    | 'pin'
    | 'unpin'
    | 'source'
    | 'remove'
    | 'restore'
    | 'bundle';
  readonly name: string;
};
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom(
    'put',
    'put',
    'put',
    'find',
    'version',
    'list',
    'pin',
    'unpin',
    'source',
    'remove',
    'restore',
    'bundle',
  ),
  name: anyName,
});

/** Names without any cleverness: a list of what was put, the newest last. */
class Model {
  readonly #all: {
    readonly name: string;
    readonly id: string;
    removed: boolean;
    readonly pins: Set<string>;
  }[] = [];

  of(name: string, removed = false) {
    return this.#all
      .filter((a) => a.removed === removed && a.name.normalize('NFC') === name.normalize('NFC'))
      .reverse();
  }
  put(name: string, id: string) {
    this.#all.push({ name, id, removed: false, pins: new Set() });
  }
}

async function take(store: ArtifactStore, model: Model, { do: what, name }: Step): Promise<void> {
  const [newest, second] = model.of(name);
  switch (what) {
    case 'put': {
      const { artifactId } = await store.put(Buffer.from(name), { name, labels: { said: name } });
      model.put(name, artifactId);
      expect((await store.manifest(artifactId)).labels).toEqual({ said: name.normalize('NFC') });
      return;
    }
    case 'list':
      expect((await store.list({ filters: [['name', name]] })).map((r) => r.artifactId)).toEqual(
        model.of(name).map((a) => a.id),
      );
      return;
    case 'restore': {
      const [removed] = model.of(name, true);
      if (removed === undefined || newest !== undefined) return;
      await store.restore([name], { pin: false });
      removed.removed = false;
      return;
    }
  }
  if (newest === undefined) {
    await expect(store.resolve(name)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    return;
  }
  switch (what) {
    case 'find':
      for (const typed of [name, `name:${name}`])
        expect((await store.resolve(typed)).artifactId).toBe(newest.id);
      return;
    case 'version': {
      const found = store.resolve(`${name}@{1}`);
      if (second === undefined) await expect(found).rejects.toMatchObject({ code: 'NOT_FOUND' });
      else expect((await found).artifactId).toBe(second.id);
      return;
    }
    case 'pin':
      await store.pin([name], { name: 'held' });
      newest.pins.add('held');
      return;
    case 'unpin':
      if (!newest.pins.delete('held')) return;
      await store.unpin([name], { name: 'held' });
      return;
    case 'source': {
      const { artifactId } = await store.put(Buffer.from('made of it'), { sources: [name] });
      const { source_artifact_refs: refs } = await store.manifest(artifactId);
      expect(refs?.map((r) => r.artifact_id)).toEqual([newest.id]);
      return;
    }
    case 'bundle': {
      const { artifactId } = await store.bundle([name], { name: `of/${name}` });
      expect((await store.resolve(`of/${name.normalize('NFC')}`)).artifactId).toBe(artifactId);
      return;
    }
    case 'remove': {
      const { refused } = await store.remove([name]);
      expect(refused.map((r) => r.item.artifactId)).toEqual(newest.pins.size > 0 ? [newest.id] : []);
      newest.removed = newest.pins.size === 0;
    }
  }
}

describe('names', () => {
  it('mean the same in every spelling, in every command', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const store = await newStore();
        try {
          const model = new Model();
          for (const one of steps) await take(store, model, one);
        } finally {
          await store.close();
        }
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  it('that do not look the same are not the same', async () => {
    const store = await newStore();
    const ids = new Map<string, string>();
    for (const name of LETTERS)
      ids.set(name.normalize('NFC'), (await store.put(Buffer.from('x'), { name })).artifactId);
    for (const [name, id] of ids) expect((await store.resolve(name)).artifactId).toBe(id);
    expect(new Set(ids.values()).size).toBe(9);
    await store.close();
  });
});
