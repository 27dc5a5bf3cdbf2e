import { expect, it } from 'vitest';
import { collect } from '../../../src/ops/gc/collect.js';
import { chaos } from './chaos.js';
import { IMPATIENT } from './helpers.js';

it('dbg', async () => {
  const r = await chaos(Number(process.env.SEED ?? 7), 10_000, (session) =>
    collect(session, { emptyTrash: true, patience: IMPATIENT }),
  );
  expect(r.lost).toEqual([]);
});
