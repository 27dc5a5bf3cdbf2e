import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { put } from '../../src/ops/put/put.js';
import { tmp } from '../helpers/tmp.js';
import { readAll } from '../sim/invariants.js';
import { keyOf } from './long-ledger.js';
import { storeOfThree } from './on-fake.js';

it('a bucket whose objects somebody removed is a typed error for who reads, and takes more', async () => {
  const { fake, on } = await storeOfThree();
  const entry = `${fake.objects.get(keyOf(2))}`;
  const [, pack] = /"packs":\["([0-9a-f]{64})/.exec(entry)!;
  for (const key of [...fake.objects.keys()]) if (key.includes(pack!)) fake.objects.delete(key);
  const other = await tmp();
  const reading = on(other, async (session) => {
    const live = await (await session.catalog()).live().all();
    return session.store.objects.read(live.find(({ name }) => name === 'b')!.content_hash);
  });
  await expect(reading).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
  await writeFile(`${other}/again`, 'again');
  await on(other, (session) => put(session, [{ path: `${other}/again` }], { name: 'again' }));
  expect(await on(other, async (session) => (await session.catalog()).counts.live)).toBe(4);
});

it('an entry that somebody removed from the middle of the ledger is named', async () => {
  const { fake, on } = await storeOfThree();
  fake.objects.delete(keyOf(2));
  await expect(on(await tmp(), readAll)).rejects.toMatchObject({
    code: 'LEDGER_BROKEN',
    message: expect.stringContaining('2'),
  });
});

it('an entry that somebody changed in the middle of the ledger is found by the chain', async () => {
  const { fake, on } = await storeOfThree();
  const changed = `${fake.objects.get(keyOf(2))}`.replace('"name":"b"', '"name":"x"');
  expect(changed).toContain('"name":"x"');
  fake.objects.set(keyOf(2), Buffer.from(changed));
  await expect(on(await tmp(), readAll)).rejects.toMatchObject({
    code: 'LEDGER_BROKEN',
    message: expect.stringContaining('does not follow'),
  });
});

it('the newest entry that somebody changed is found by whoever has seen it', async () => {
  const { fake, home, on } = await storeOfThree();
  const changed = `${fake.objects.get(keyOf(3))}`.replace('"name":"c"', '"name":"x"');
  fake.objects.set(keyOf(3), Buffer.from(changed));
  await expect(on(home, readAll)).rejects.toMatchObject({ code: 'ROLLED_BACK' });
});
