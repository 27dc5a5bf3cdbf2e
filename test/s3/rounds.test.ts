import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { changePins } from '../../src/ops/govern/pins.js';
import { showArtifact } from '../../src/ops/inspect/show-artifact.js';
import { resolveArtifact } from '../../src/ops/naming/resolve-artifact.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import { openTestSession, type TestStoreOptions, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { FakeS3 } from './fake-s3.js';
import { grow } from './long-ledger.js';
import { storesOnFake, URL_OF_STORE } from './on-fake.js';
import { inRounds } from './rounds.js';

type Rounds = readonly (readonly string[])[];

/** Works on the store by exactly these requests in exactly these round trips. */
async function sessionInRounds(
  fake: FakeS3,
  home: string,
  rounds: Rounds,
  work: (session: Session) => Promise<unknown>,
  options: TestStoreOptions = {},
): Promise<void> {
  const { http, stray, left } = inRounds(fake, rounds);
  const stores = storesOnFake(fake, home, { http });
  const session = await openTestSession(URL_OF_STORE, { stores, ...options });
  await work(session);
  await session.close();
  expect({ stray, left }).toEqual({ stray: [], left: [] });
}

/** What a machine asks that is new to the store. */
const COLD = ['GET format.json', 'LIST ledger-seg', 'GET ledger-seg', 'LIST ledger', 'GET ledger/0'];
const entriesOf = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, n) => `GET ledger/${first + n}`);

/** Puts a small file so, as the command does. */
async function putInRounds(fake: FakeS3, home: string, rounds: Rounds): Promise<void> {
  await writeFile(`${home}/file`, `bytes of ${home}, ${fake.objects.size}`);
  const work = (session: Session) => put(session, [{ path: `${home}/file` }], { name: 'file' });
  await sessionInRounds(fake, home, rounds, work, { adds: true });
}

async function usedStore() {
  const fake = new FakeS3();
  const home = await tmp();
  await (await testStore(URL_OF_STORE, { stores: storesOnFake(fake, home) })).close();
  await writeFile(`${home}/file`, 'the first');
  const session = await openTestSession(URL_OF_STORE, { stores: storesOnFake(fake, home) });
  await put(session, [{ path: `${home}/file` }], { name: 'file' });
  await session.close();
  return { fake, home };
}

it('a put by a machine that is new to the store takes four round trips', async () => {
  const { fake } = await usedStore();
  await putInRounds(fake, await tmp(), [
    COLD,
    ['GET ledger/0', 'GET ledger/1', 'GET ledger/2', 'GET o'],
    ['PUT p'],
    ['PUT ledger/2'],
  ]);
});

it('also when the ledger has a tail, and when it has segments', async () => {
  const { fake } = await usedStore();
  grow(fake, 42);
  await putInRounds(fake, await tmp(), [COLD, [...entriesOf(31, 42), 'GET o'], ['PUT p'], ['PUT ledger/42']]);
  grow(fake, 1064);
  await putInRounds(fake, await tmp(), [
    COLD,
    ['GET ledger-seg', 'GET ledger/1023', 'LIST ledger', 'GET o'],
    [...entriesOf(1055, 1064), 'PUT p'],
    ['PUT ledger/1064'],
  ]);
});

it('a put by a machine that knows the store takes three requests in two round trips', async () => {
  const { fake, home } = await usedStore();
  await putInRounds(fake, home, [['LIST ledger', 'PUT p'], ['PUT ledger/2']]);
});

it('and one more for what others have appended', async () => {
  const { fake, home } = await usedStore();
  const other = await tmp();
  await writeFile(`${other}/file`, 'bytes of the other');
  const session = await openTestSession(URL_OF_STORE, { stores: storesOnFake(fake, other) });
  await put(session, [{ path: `${other}/file` }], {});
  await session.close();
  await putInRounds(fake, home, [['LIST ledger', 'PUT p'], ['GET ledger/2'], ['PUT ledger/3']]);
});

it('a pin takes two requests, and a look at an artifact one', async () => {
  const { fake, home } = await usedStore();
  const toShow = (session: Session) => showArtifact(session, 'file');
  await sessionInRounds(fake, home, [['LIST ledger']], toShow, { writes: false });
  const toPin = async (session: Session) => {
    const { artifact_id: id } = await resolveArtifact(await session.catalog(), 'file');
    await changePins(session, [{ change: 'pin', id, name: 'kept' }]);
  };
  await sessionInRounds(fake, home, [['LIST ledger'], ['PUT ledger/2']], toPin);
});
