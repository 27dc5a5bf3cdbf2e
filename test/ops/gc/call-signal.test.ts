import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { noProgress } from '../../../src/core/effects.js';
import { collect } from '../../../src/ops/gc/collect-garbage.js';
import { planCollection } from '../../../src/ops/gc/plan-collection.js';
import { put } from '../../../src/ops/put/put.js';
import type { Session } from '../../../src/ops/session/session.js';
import { mark } from '../../../src/store/collector/mark.js';
import { IndexReader } from '../../../src/store/objects/index-reader.js';
import { makeStore } from './helpers.js';

/** Their records fill several blocks. */
const MANY = 300;
const enough = new Error('enough');

async function filled(useIndex: boolean) {
  const { session, dir, clock } = await makeStore({ useIndex });
  await mkdir(`${dir}/many`);
  for (let i = 0; i < MANY; i++) await writeFile(`${dir}/many/${i}`, `one of many, ${i}`);
  await put(session, [{ path: `${dir}/many` }], { each: true, ttl: 1 });
  clock.pass(2);
  return session;
}

/** The session of a call that is aborted once `left` artifacts were looked at, and how many then were. */
function aborting(session: Session, left: number) {
  const stop = new AbortController();
  let seen = 0;
  const advance = (count: number) => {
    seen += count;
    if (seen >= left) stop.abort(enough);
  };
  const call = session.during({ signal: stop.signal, progress: { ...noProgress, advance } });
  return { call, seen: () => seen };
}

describe.each([
  ['from an index', true],
  ['folded', false],
])('a call that is aborted while it reads the whole state, %s', (_, useIndex) => {
  it.each([
    ['at its beginning', 1],
    ['at its end', MANY],
  ])('plans and removes nothing, %s', async (_when, left) => {
    const session = await filled(useIndex);
    const before = await session.store.ledger.headSeq();
    for (const work of [planCollection, collect]) {
      const { call, seen } = aborting(session, left);
      await expect(work(call)).rejects.toBe(enough);
      expect(seen() < MANY).toBe(left < MANY);
    }
    expect(await session.store.ledger.headSeq()).toBe(before);
    expect((await collect(session)).outcome.plan.header.pruned).toBe(MANY);
  });

  it('marks no further', async () => {
    const { store } = await filled(useIndex);
    const stop = new AbortController();
    const look = store.withProvenCatalog(async (catalog) => {
      for await (const _lines of catalog.provenLiveLines()) stop.abort(enough);
    }, stop.signal);
    await expect(look).rejects.toBe(enough);
    await expect(mark(store, new IndexReader(store.objects), undefined, stop.signal)).rejects.toBe(enough);
  });
});
