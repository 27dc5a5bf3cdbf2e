import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import { removeArtifacts } from '../../src/ops/gc/remove-artifacts.js';
import { label } from '../../src/ops/govern/describe-artifacts.js';
import { type LineageQuery, lineage } from '../../src/ops/inspect/lineage.js';
import { showArtifact } from '../../src/ops/inspect/show-artifact.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import { add, Chain, idOf } from '../core/chain.js';
import { testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';

async function rowsOf(session: Pick<Session, 'catalog' | 'signal'>, name: string, query?: LineageQuery) {
  const rows: string[] = [];
  for await (const row of lineage(session as Session, name, query)) {
    const more = [row.state === 'live' ? '' : ` ${row.state}`, row.repeated ? ' again' : ''].join('');
    rows.push(`${row.relation} ${row.depth} ${row.name ?? '?'}${more}`);
  }
  return rows;
}

async function stored() {
  const dir = await tmp();
  await writeFile(`${dir}/f`, 'f');
  const session = await testStore(dir);
  const make = async (name: string, ...sources: string[]) => {
    await put(session, [{ path: `${dir}/f` }], { name, sources });
  };
  return { session, make };
}

const over = (chain: Chain) => ({ catalog: async () => chain.catalog, signal: new AbortController().signal });

it('follows sources and what was made, each once, and through removed ones', async () => {
  const { session, make } = await stored();
  await make('raw');
  await make('left', 'raw');
  await make('right', 'raw');
  await make('page', 'left', 'right');
  const { artifact_id } = (await (await session.catalog()).named('left').first())!;
  await removeArtifacts(session, new Set([artifact_id]));
  expect(await rowsOf(session, 'page')).toEqual([
    'self 0 page',
    'source 1 left removed',
    'source 2 raw',
    'source 1 right',
    'source 2 raw again',
  ]);
  const down = await rowsOf(session, 'raw', { direction: 'down' });
  expect(down.slice(1).sort()).toEqual([
    'derived 1 left removed',
    'derived 1 right',
    'derived 2 page',
    'derived 2 page again',
  ]);
  expect(await rowsOf(session, 'raw', { depth: 1 })).toHaveLength(3);
  const { relatives } = await showArtifact(session, 'page');
  expect(relatives.sources.map((r) => [r.name, r.state])).toEqual([
    ['left', 'removed'],
    ['right', 'live'],
  ]);
  expect((await showArtifact(session, 'raw')).relatives.derived).toHaveLength(2);
});

it('has no cycles: a source is there before what names it, and no revision changes the sources', async () => {
  const { session, make } = await stored();
  await expect(make('a', 'b')).rejects.toThrow("there is no artifact 'b'");
  await make('b');
  await make('a', 'b');
  const before = await rowsOf(session, 'a');
  await label(session, 'b', { note: 'later than a' });
  expect(await rowsOf(session, 'a')).toEqual(before);
});

it('ends even where a forged import named its own descendant', async () => {
  const chain = new Chain();
  chain.commit(
    add(1, { name: 'one', sources: [idOf(2)] }),
    add(2, { name: 'two', sources: [idOf(1), idOf(9)] }),
  );
  expect(await rowsOf(over(chain), 'one', { direction: 'up' })).toEqual([
    'self 0 one',
    'source 1 two',
    'source 2 one again',
    'source 2 ? unknown',
  ]);
});

it('follows a chain of 20,000 to its end', async () => {
  const chain = new Chain();
  const link = (i: number) => add(i, i === 0 ? { name: 'first' } : { sources: [idOf(i - 1) as ArtifactId] });
  chain.commit(...Array.from({ length: 20_000 }, (_, i) => link(i)));
  let deepest = 0;
  for await (const row of lineage(over(chain) as unknown as Session, 'first'))
    deepest = Math.max(deepest, row.depth);
  expect(deepest).toBe(19_999);
});
