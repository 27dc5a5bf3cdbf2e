import { chmod, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import type { S3Backend } from '../../src/store/s3/s3-backend.js';
import { openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { IMPATIENT } from '../ops/gc/helpers.js';
import { interceptDisk } from '../sim/intercept-disk.js';
import { FakeS3 } from './fake-s3.js';
import { inSession, storesOnFake, URL_OF_STORE } from './on-fake.js';

const LARGE = 'x'.repeat(300_000);

async function world() {
  const fake = new FakeS3();
  const home = await tmp();
  const stores = storesOnFake(fake, home);
  await (await testStore(URL_OF_STORE, { stores })).close();
  const on = <T>(work: (session: Session) => Promise<T>) => inSession(stores, work);
  await writeFile(`${home}/file`, LARGE);
  const [made] = await on((session) => put(session, [{ path: `${home}/file` }], { ttl: 0 }));
  const fileOf = async (name: RegExp) => {
    const all = await readdir(`${home}/.cache/hs`, { recursive: true });
    return `${home}/.cache/hs/${all.find((path) => name.test(path))}`;
  };
  return { fake, home, stores, on, fileOf, id: made!.contentHash };
}

it('a file of the mirror that a power cut left empty does not say how large its object is', async () => {
  const { on, fileOf, id } = await world();
  const path = await fileOf(new RegExp(`/objects/.*${id}$`));
  await chmod(path, 0o600);
  await truncate(path);
  expect(await on((session) => session.store.objects.size(id))).toBe(LARGE.length);
});

it('nor one that was cut short, once the service was listed, nor to a commit', async () => {
  const { on, fileOf, id } = await world();
  const path = await fileOf(new RegExp(`/objects/.*${id}$`));
  await chmod(path, 0o600);
  await truncate(path, 1000);
  await on(async (session) => {
    await session.write('artifact.create', [], ({ batch }) => batch.reference(id, LARGE.length));
  });
  await writeFile(path, LARGE.slice(0, 1000));
  await on(async (session) => {
    await session.store.objects.sizesInUse([]);
    expect(await session.store.objects.size(id)).toBe(LARGE.length);
  });
});

it('the size of an object in the mirror is told without a read of its bytes', async () => {
  const { fake, home, id } = await world();
  let opened = 0;
  const disk = interceptDisk(nodeDisk(), (operation, path) => {
    if (path.endsWith(id) && /open|read/i.test(operation)) opened++;
  });
  const session = await openTestSession(URL_OF_STORE, { stores: storesOnFake(fake, home, { disk }) });
  expect(await session.store.objects.size(id)).toBe(LARGE.length);
  expect(opened).toBe(0);
  // The same disk sees a read.
  await session.store.objects.read(id);
  expect(opened).toBeGreaterThan(0);
  await session.close();
});

it('what this machine saw of the ledger is read again where the service has another head', async () => {
  const { stores, on, fileOf } = await world();
  await on((session) => collect(session, { emptyTrash: true, patience: IMPATIENT }));
  const path = await fileOf(/\/ledger-state$/);
  const seen = JSON.parse(`${await readFile(path)}`.split('\n')[0]!);
  expect(seen.condemnations).not.toEqual([]);
  const forged = JSON.stringify({ ...seen, condemnations: [], hash: 'f'.repeat(64) });
  await writeFile(path, `${forged}\n${sha256(Buffer.from(forged))}`);
  const { backend } = await stores.open(URL_OF_STORE);
  const { ledger } = backend as S3Backend;
  expect(await ledger.headSeq()).toBe(seen.seq);
  // The epoch of the next upload: a key of an older one may be condemned.
  expect(ledger.state.epoch).toBe(seen.condemnations.at(-1));
  await backend.close();
});
