import { describe, expect, it } from 'vitest';
import { registry } from '../../commands/registry.js';
import { candidates } from '../../src/cli/complete/candidates.js';
import type { Catalog } from '../../src/core/catalog/catalog.js';
import { add, Chain } from '../core/chain.js';

const records = [
  {
    artifact_id: '3e00affc-ffdb-4ebe-b9a8-3d7f11547446',
    name: 'nightly',
    kind: 'report',
    pins: [{ name: 'release' }],
  },
  { artifact_id: '2ead5ece-901d-4af3-8d4f-8587fa0bffb5', name: 'evil\x1b[2J', kind: 'file', pins: [] },
  { artifact_id: '2ead0000-901d-4af3-8d4f-8587fa0bffb5', filename_hint: 'x.txt', kind: 'file', pins: [] },
];
const reports = [
  { artifact_id: '9a8b7c6d-901d-4af3-8d4f-8587fa0bffb5', created_at: '2026-01-01T00:00:00.000Z' },
];
const named = (name: string) => (name === 'retention-report' ? reports : []);
const catalog = { live: () => records, named } as unknown as Catalog;
const complete = async (...words: string[]) => {
  const found = await candidates({ table: registry, catalog: async () => catalog }, words);
  return { shell: found.shell, words: found.words.map((w) => w.word) };
};
const words = async (...typed: string[]) => (await complete(...typed)).words;

describe('completion offers', () => {
  it('commands, each group once, and nothing hidden', async () => {
    const all = await words('');
    expect(all).toContain('put');
    expect(all.filter((word) => word === 'ledger')).toHaveLength(1);
    expect(all).not.toContain('__complete');
    expect(await words('has')).toEqual(['hash-object']);
    expect(await words('-C', '/tmp', 'has')).toEqual(['hash-object']);
  });

  it('the members of a group', async () => {
    expect(await words('ledger', 've')).toEqual(['verify']);
  });

  it('options of the command and the common ones', async () => {
    expect(await words('put', '--clas')).toEqual(['--class', '--classification']);
    expect(await words('put', '--stor')).toEqual(['--store']);
    expect(await words('--stor')).toEqual(['--store']);
  });

  it('values of options, in both forms', async () => {
    expect(await words('put', '--kind', 'tr')).toEqual(['transcript']);
    expect(await words('put', '--kind=tr')).toEqual(['--kind=transcript']);
    expect(await words('-q', 'put', '--layer', '')).toEqual(['L3', 'L4']);
    expect(await words('ls', '--color', 'a')).toEqual(['auto', 'always']);
  });

  it('names and ids of artifacts, but none that could steer a terminal', async () => {
    expect(await words('show', '')).toEqual(['nightly']);
    expect(await words('show', 'ni')).toEqual(['nightly']);
    expect(await words('show', '2ead')).toEqual([
      '2ead5ece-901d-4af3-8d4f-8587fa0bffb5',
      '2ead0000-901d-4af3-8d4f-8587fa0bffb5',
    ]);
    expect(await words('put', '--source', 'night')).toEqual(['nightly']);
  });

  it('pins, schemas and shells', async () => {
    expect(await words('put', '--pin', 'r')).toEqual(['release']);
    expect(await words('schema', 'hs.vers')).toEqual(['hs.version/1']);
    expect(await words('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  it('keys to sort by, and collections to undo', async () => {
    expect(await words('ls', '--sort', 'cr')).toEqual(['created']);
    expect(await words('ls', '--sort', '-cr')).toEqual(['-created']);
    expect(await words('for-each-artifact', '--sort=-si')).toEqual(['--sort=-size']);
    for (const typed of [
      ['restore', '--run', ''],
      ['report', ''],
    ]) {
      expect(await words(...typed)).toEqual(['9a8b7c6d-901d-4af3-8d4f-8587fa0bffb5']);
    }
  });

  it('files where files are named', async () => {
    expect(await complete('put', 'x')).toEqual({ shell: 'files', words: [] });
    expect(await complete('-C', '')).toEqual({ shell: 'directories', words: [] });
    expect(await complete('put', '--exclude-from=x')).toMatchObject({ shell: 'files' });
  });

  it('nothing after an unknown command, or one that takes no more arguments', async () => {
    expect(await complete('frobnicate', '')).toEqual({ shell: 'none', words: [] });
    expect(await complete('completion', 'bash', '')).toEqual({ shell: 'none', words: [] });
  });

  it('no names where there is no store', async () => {
    const found = await candidates({ table: registry, catalog: async () => undefined }, ['show', '']);
    expect(found.words).toEqual([]);
  });

  it('filters, labels and jobs that there are', async () => {
    const chain = new Chain();
    const labels = { env: 'prod', commit: '4f2a', 'env.x': 'a/b' };
    chain.commit(add(1, { name: 'n', job_id: 'nightly-7', labels }), add(2, { labels: { env: 'x y' } }));
    const stored = async (...typed: string[]) => {
      const found = await candidates({ table: registry, catalog: async () => chain.catalog }, typed);
      return found.words.map((w) => w.word);
    };
    expect(await stored('ls', '--label', '')).toEqual(['commit', 'env.x', 'env']);
    expect(await stored('ls', '--label', 'env=')).toEqual(['env=prod']);
    expect(await stored('ls', '--job', 'ni')).toEqual(['nightly-7']);
    expect(await stored('ls', '--filter', 'cl')).toEqual(['class', 'classification']);
    expect(await stored('rm', '--filter=label.e')).toEqual(['--filter=label.env.x', '--filter=label.env']);
    expect(await stored('ls', '--filter', 'label.commit=')).toEqual(['label.commit=4f2a']);
    expect(await stored('ls', '--filter', 'kind=rep')).toEqual(['kind=report']);
    expect(await stored('ls', '--filter', 'name=')).toEqual(['name=n']);
  });
});
