import { mkdir, writeFile } from 'node:fs/promises';
import { expect, it, vi } from 'vitest';
import { planCollection } from '../../../src/ops/gc/plan-collection.js';
import { put } from '../../../src/ops/put/put.js';
import { makeStore, putFile } from './helpers.js';

const FILES = 1200;

it('plans without reading the record of what stays as JSON', async () => {
  const { session, dir, clock, open } = await makeStore({ useIndex: true });
  await mkdir(`${dir}/many`);
  for (let i = 0; i < FILES; i++) await writeFile(`${dir}/many/${i}`, `one of many, ${i}`);
  await put(session, [{ path: `${dir}/many` }], { each: true, name: 'n' });
  for (let i = 0; i < 3; i++) await putFile(session, { ttl: 1 });
  await putFile(session, { pin: 'p' });
  await session.close();
  clock.pass(2);
  const later = await open();
  await later.catalog();
  const parse = vi.spyOn(JSON, 'parse');
  try {
    const { header } = await planCollection(later);
    expect([header.pruned, header.scanned]).toEqual([3, FILES + 4]);
    expect(parse.mock.calls.length).toBeLessThan(FILES / 10);
  } finally {
    parse.mockRestore();
  }
});
