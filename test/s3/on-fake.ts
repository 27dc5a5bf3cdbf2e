import { writeFile } from 'node:fs/promises';
import type { Environment } from '../../src/core/effects.js';
import type { Disk } from '../../src/fsx/disk.js';
import type { Http } from '../../src/fsx/http.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { nodeIndex } from '../../src/fsx/sync-read-file.js';
import { systemClock, systemRandom } from '../../src/fsx/system-effects.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import type { StoreHome } from '../../src/store/port/backend.js';
import { type S3Ports, s3Stores } from '../../src/store/s3/s3-stores.js';
import { openTestSession, testEnvironment, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { FakeS3 } from './fake-s3.js';

export const URL_OF_STORE = 's3://bucket/some/prefix';

export function fakeEnvironment(home: string, values: Record<string, string> = {}): Environment {
  return testEnvironment(home, {
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
    ...values,
  });
}

/** The stores of a fake service, as the program opens them on a machine whose home is this directory. */
export function storesOnFake(fake: FakeS3, home: string, more: Partial<S3Ports> = {}): StoreHome {
  const disk: Disk = nodeDisk();
  return s3Stores({
    disk,
    random: systemRandom(),
    env: fakeEnvironment(home),
    index: nodeIndex,
    http: () => fake.http(),
    clock: systemClock(),
    wait: async () => undefined,
    runProcess: async () => '',
    ...more,
  });
}

/** What the work comes to in a session of its own. */
export async function inSession<T>(stores: StoreHome, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await openTestSession(URL_OF_STORE, { stores });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** A store with three artifacts, and what works on it from a machine whose home is given. */
export async function storeOfThree() {
  const fake = new FakeS3();
  const on = <T>(home: string, work: (session: Session) => Promise<T>) =>
    inSession(storesOnFake(fake, home), work);
  const home = await tmp();
  await (await testStore(URL_OF_STORE, { stores: storesOnFake(fake, home) })).close();
  for (const name of ['a', 'b', 'c']) {
    await writeFile(`${home}/${name}`, name);
    await on(home, (session) => put(session, [{ path: `${home}/${name}` }], { name }));
  }
  return { fake, home, on };
}

/** The way to a fake service on which `run` comes between the objects and the entry of the next commit. */
export function beforeNextEntry(fake: FakeS3): {
  http: () => Http;
  run: (() => Promise<unknown>) | undefined;
} {
  const send: Http['send'] = async (request) => {
    const isEntry = request.method === 'PUT' && request.target.includes('/ledger/');
    const { run } = between;
    if (isEntry) {
      between.run = undefined;
      await run?.();
    }
    return fake.send(request);
  };
  const between: ReturnType<typeof beforeNextEntry> = {
    http: () => ({ send, close: () => undefined }),
    run: undefined,
  };
  return between;
}
