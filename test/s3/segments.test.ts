import { expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import type { HttpRequest } from '../../src/fsx/http.js';
import { appendNote } from '../../src/ops/govern/ledger-note.js';
import type { S3Backend } from '../../src/store/s3/s3-backend.js';
import { testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { FakeS3 } from './fake-s3.js';
import { grow, keyOf } from './long-ledger.js';
import { storesOnFake, URL_OF_STORE } from './on-fake.js';

const TAIL_KEY = 'some/prefix/ledger-seg/tail';
/** What could come after an entry. */
const follower = (line: Buffer) =>
  Buffer.from(`${line}`.replace(/"prev":"[0-9a-f]+"/, `"prev":"${sha256(line)}"`));

/** The ledger as a machine that is new to the store finds it. */
async function openedAnew(fake: FakeS3) {
  const { backend } = await storesOnFake(fake, await tmp()).open(URL_OF_STORE);
  fake.log.length = 0;
  const head = await backend.ledger.headSeq();
  const requests = fake.log.length;
  const { mirror } = (backend as S3Backend).parts;
  const entries: string[] = [];
  for (let n = 0; n <= head; n++) entries.push(Buffer.from((await mirror.entry(n))!).toString());
  await backend.close();
  return { head, requests, entries };
}

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
  const { head, requests, entries } = await openedAnew(fake);
  expect(head).toBe(1023);
  expect(entries).toEqual(lines.map(String));
  return requests;
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

it('whoever appends every 32nd entry leaves a tail, with which a new machine asks for a few of them', async () => {
  const fake = new FakeS3();
  const session = await testStore(URL_OF_STORE, { stores: storesOnFake(fake, await tmp()) });
  for (let n = 1; n < 34; n++) await appendNote(session, `note ${n}`);
  await session.close();
  const lines = Array.from({ length: 32 }, (_, n) => `${fake.objects.get(keyOf(n))}\n`);
  expect(`${fake.objects.get(TAIL_KEY)}`).toBe(lines.join(''));
  grow(fake, 1000);
  const { head, requests } = await openedAnew(fake);
  expect(head).toBe(999);
  expect(requests).toBeLessThan(20);
});

it.each<[string, (lines: Buffer[]) => Buffer[]]>([
  ['is another', (lines) => lines.map((_, n) => Buffer.from(`{"n":${n}}`))],
  ['was changed in part', (lines) => lines.with(3, Buffer.from(`${lines[3]}`.replace('note 3', 'note 4')))],
  [
    'is another chain',
    (lines) => {
      const chain = [Buffer.from(`${lines[0]}`.replace('note ', 'nota '))];
      for (const line of lines.slice(1)) {
        const prev = `"prev":"${sha256(chain.at(-1)!)}"`;
        chain.push(Buffer.from(`${line}`.replace(/"prev":"[0-9a-f]+"/, prev)));
      }
      return chain;
    },
  ],
  ['is longer than the ledger', (lines) => [...lines, follower(lines.at(-1)!)]],
  ['is of entries before', (lines) => lines.slice(5)],
])('a tail that %s is not believed', async (_, forge) => {
  for (const count of [40, 1064]) {
    const fake = new FakeS3();
    await (await testStore(URL_OF_STORE, { stores: storesOnFake(fake, await tmp()) })).close();
    const lines = grow(fake, count);
    const told = forge(lines.slice(count - 40, count - 8));
    fake.objects.set(TAIL_KEY, Buffer.from(told.map((l) => `${l}\n`).join('')));
    const { head, entries } = await openedAnew(fake);
    expect(head).toBe(count - 1);
    expect(entries).toEqual(lines.map(String));
  }
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
