import { expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import type { HttpRequest } from '../../src/fsx/http.js';
import type { S3Backend } from '../../src/store/s3/s3-backend.js';
import { testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { FakeS3 } from './fake-s3.js';
import { storesOnFake, URL_OF_STORE } from './on-fake.js';

const keyOf = (n: number) => `some/prefix/ledger/${String(n).padStart(10, '0')}.json`;

/** A store with a segment, and the ledger as a machine that is new to it finds it. */
async function withSegment(forge: (lines: Buffer[]) => void) {
  const fake = new FakeS3();
  await (await testStore(URL_OF_STORE, { stores: storesOnFake(fake, await tmp()) })).close();
  const lines = [fake.objects.get(keyOf(0))!];
  for (let n = 1; n < 1024; n++) {
    lines.push(Buffer.from(`{"n":${n},"prev":"${sha256(lines[n - 1]!)}"}`));
    fake.objects.set(keyOf(n), lines[n]!);
  }
  const told = [...lines];
  forge(told);
  fake.objects.set('some/prefix/ledger-seg/0000000000', Buffer.from(told.map((l) => `${l}\n`).join('')));
  const { backend } = await storesOnFake(fake, await tmp()).open(URL_OF_STORE);
  fake.log.length = 0;
  const head = await backend.ledger.headSeq();
  const { mirror } = (backend as S3Backend).parts;
  const entries = await Promise.all(lines.map((_, n) => mirror.entry(n)));
  await backend.close();
  expect(head).toBe(1023);
  entries.forEach((bytes, n) => {
    expect(`${Buffer.from(bytes!)}`).toBe(`${lines[n]}`);
  });
  return fake.log.length;
}

it('a segment saves requests', async () => {
  expect(await withSegment(() => undefined)).toBeLessThan(10);
});

it('a segment that is not what the entries are is not believed', async () => {
  await withSegment((lines) => {
    lines[500] = Buffer.from('{"forged":true}');
  });
  await withSegment((lines) => {
    for (let n = 500; n < 1024; n++) lines[n] = Buffer.from(`{"f":${n},"prev":"${sha256(lines[n - 1]!)}"}`);
  });
});

it('an entry that a listing leaves out is there all the same', async () => {
  const fake = new FakeS3();
  await (await testStore(URL_OF_STORE, { stores: storesOnFake(fake, await tmp()) })).close();
  const { send } = fake.http();
  for (const n of [1, 2]) fake.objects.set(keyOf(n), Buffer.from(`{"n":${n}}`));
  const http = () => ({
    send: async (request: HttpRequest) => {
      const answer = await send(request);
      if (!request.target.includes('list-type')) return answer;
      const left = `${Buffer.from(answer.body)}`.replace(
        /<Contents><Key>[^<]*0001\.json<.*?<\/Contents>/,
        '',
      );
      return { ...answer, body: Buffer.from(left) };
    },
    close: () => undefined,
  });
  const open = async () => (await storesOnFake(fake, await tmp(), { http }).open(URL_OF_STORE)).backend;
  const whole = await open();
  expect(await whole.ledger.headSeq()).toBe(2);
  await whole.close();
  fake.objects.delete(keyOf(1));
  const holed = await open();
  await expect(holed.ledger.headSeq()).rejects.toMatchObject({ code: 'LEDGER_BROKEN' });
  await holed.close();
});
