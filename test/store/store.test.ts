import { expect, it } from 'vitest';
import { testStore, openTestSession } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';

it('smoke', async () => {
  await (async (dir: string) => {
  const s = await testStore(dir);
  const c = await s.catalog();
  expect(c.head.seq).toBe(0);
  await s.write('ledger.note', [], (tx) => tx.commit(() => ({ type: 'note', payload: { text: 'x' } })));
  expect((await s.catalog()).head.seq).toBe(1);
  await s.close();
  const t = await openTestSession(dir);
  expect((await t.catalog()).head.seq).toBe(1);
  const t0 = performance.now();
  for (let i = 0; i < 200; i++) await t.write('ledger.note', [], (tx) => tx.commit(() => ({ type: 'note', payload: { text: 'x' } })));
  console.log((performance.now() - t0) / 200, 'ms a commit');
  await t.close();
  })(await tmp());
});
