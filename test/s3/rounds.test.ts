import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { put } from '../../src/ops/put/put.js';
import { openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { FakeS3 } from './fake-s3.js';
import { storesOnFake, URL_OF_STORE } from './on-fake.js';
import { inRounds } from './rounds.js';

/** Puts a small file, by exactly these requests in exactly these round trips. */
async function putInRounds(
  fake: FakeS3,
  home: string,
  rounds: readonly (readonly string[])[],
): Promise<void> {
  const { http, stray, left } = inRounds(fake, rounds);
  await writeFile(`${home}/file`, `bytes of ${home}, ${fake.objects.size}`);
  const session = await openTestSession(URL_OF_STORE, { stores: storesOnFake(fake, home, { http }) });
  await put(session, [{ path: `${home}/file` }], {});
  await session.close();
  expect({ stray, left }).toEqual({ stray: [], left: [] });
}

async function usedStore() {
  const fake = new FakeS3();
  const home = await tmp();
  await (await testStore(URL_OF_STORE, { stores: storesOnFake(fake, home) })).close();
  await writeFile(`${home}/file`, 'the first');
  const session = await openTestSession(URL_OF_STORE, { stores: storesOnFake(fake, home) });
  await put(session, [{ path: `${home}/file` }], {});
  await session.close();
  return { fake, home };
}

it('a put by a machine that is new to the store takes four round trips', async () => {
  const { fake } = await usedStore();
  await putInRounds(fake, await tmp(), [
    ['GET format.json', 'LIST ledger-seg', 'LIST ledger', 'GET ledger/0'],
    ['GET ledger/0', 'GET ledger/1', 'GET ledger/2', 'GET o'],
    ['PUT p'],
    ['PUT ledger/2'],
  ]);
});
