import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { HsError } from '../../src/errors/hs-error.js';
import type { Disk } from '../../src/fsx/disk.js';
import type { Http } from '../../src/fsx/http.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { type Collected, collect } from '../../src/ops/gc/collect-garbage.js';
import { put } from '../../src/ops/put/put.js';
import type { S3Backend } from '../../src/store/s3/s3-backend.js';
import { openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { IMPATIENT } from '../ops/gc/helpers.js';
import { readAll } from '../sim/invariants.js';
import { FakeS3 } from './fake-s3.js';
import { beforeNextEntry, inSession, storesOnFake, URL_OF_STORE } from './on-fake.js';

it.each(['format.json', 'ledger/0000000000.json'])(
  'a store whose %s was sent without an answer may be there: init does not say that another made it',
  async (key) => {
    const fake = new FakeS3();
    fake.fate = (what) => (what === `PUT some/prefix/${key}` ? 'dropped' : 'served');
    const stores = storesOnFake(fake, await tmp());
    await expect(testStore(URL_OF_STORE, { stores })).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    fake.fate = () => 'served';
    await (await testStore(URL_OF_STORE, { stores })).close();
  },
);

/** A disk that may have no room for entries and for what is known of them. */
function fullDisk(): { readonly disk: Disk; isFull: boolean } {
  const real = nodeDisk();
  const full = { isFull: false } as { disk: Disk; isFull: boolean };
  const rename: Disk['rename'] = async (from, to) => {
    if (full.isFull && /\/ledger\/|ledger-state$/.test(to)) {
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC', errno: -28 });
    }
    return real.rename(from, to);
  };
  full.disk = new Proxy(real, {
    get: (target, name) => {
      if (name === 'rename') return rename;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return full;
}

it('a commit for whose entry the mirror has no room succeeds, and is seen by the next command', async () => {
  const fake = new FakeS3();
  const home = await tmp();
  const full = fullDisk();
  const stores = storesOnFake(fake, home, { disk: full.disk });
  await (await testStore(URL_OF_STORE, { stores })).close();
  await writeFile(`${home}/file`, 'bytes');
  const session = await openTestSession(URL_OF_STORE, { stores });
  full.isFull = true;
  await put(session, [{ path: `${home}/file` }], {});
  await put(session, [{ path: `${home}/file` }], {});
  await session.close();
  expect([...fake.objects.keys()].filter((key) => key.includes('/ledger/'))).toHaveLength(3);
  const next = await openTestSession(URL_OF_STORE, { stores });
  expect(await next.store.ledger.headSeq()).toBe(2);
  await next.close();
});

it('a command that cannot clean the mirror at its end has done what it did', async () => {
  const stores = storesOnFake(new FakeS3(), await tmp());
  await (await testStore(URL_OF_STORE, { stores })).close();
  const { backend } = await stores.open(URL_OF_STORE);
  await backend.ledger.headSeq();
  const { condemned } = (backend as S3Backend).parts;
  Object.defineProperty(condemned, 'epoch', { value: 1 });
  (backend as S3Backend).ledger.state.seen?.condemnations.push(1);
  condemned.list = () => Promise.reject(new HsError('SYSTEM', 'gone'));
  await backend.close();
});

describe('a mistake of the program behind a commit', () => {
  const opened = async (signal?: AbortSignal) => {
    const stores = storesOnFake(new FakeS3(), await tmp(), { signal });
    const session = await testStore(URL_OF_STORE, { stores });
    await session.close();
    const backend = (await stores.open(URL_OF_STORE)).backend as S3Backend;
    await backend.ledger.headSeq();
    return backend;
  };
  const failing = async (backend: S3Backend, error: unknown) => {
    backend.parts.mirror.keepEntry = () => Promise.reject(error);
    return backend.ledger.append({ seq: 1, event_id: 'e' as never }, Buffer.from('{}'));
  };

  it('is thrown, and nothing else that fails there', async () => {
    for (const error of [
      new HsError('SYSTEM', 'no answer'),
      Object.assign(new Error(), { code: 'ENOSPC' }),
    ]) {
      expect(await failing(await opened(), error)).toBe('appended');
    }
    await expect(failing(await opened(), new TypeError('x is undefined'))).rejects.toThrow(TypeError);
  });

  it('is not what a caller gives as the reason of an interrupt', async () => {
    const stop = new AbortController();
    const backend = await opened(stop.signal);
    stop.abort(new TypeError('enough'));
    expect(await failing(backend, stop.signal.reason)).toBe('appended');
  });

  it('is thrown at the end of a command too, once all is closed', async () => {
    const backend = await opened();
    const { mirror, client } = backend.parts;
    let isClosed = false;
    mirror.removeLeftovers = () => Promise.reject(new TypeError('x is undefined'));
    client.close = () => {
      isClosed = true;
    };
    await expect(backend.close()).rejects.toThrow(TypeError);
    expect(isClosed).toBe(true);
  });
});

it('a commit does not rely on an object that another machine condemned after it was found', async () => {
  const fake = new FakeS3();
  const other = { stores: storesOnFake(fake, await tmp()) };
  const home = await tmp();
  await writeFile(`${home}/file`, 'bytes');
  const first = await testStore(URL_OF_STORE, other);
  await put(first, [{ path: `${home}/file` }], { ttl: 0 });
  await first.close();
  let collected: Collected | undefined;
  const between = beforeNextEntry(fake);
  const session = await openTestSession(URL_OF_STORE, {
    stores: storesOnFake(fake, home, { http: between.http }),
  });
  between.run = async () => {
    const collector = await openTestSession(URL_OF_STORE, other);
    collected = await collect(collector, { emptyTrash: true, patience: IMPATIENT });
    await collector.close();
  };
  await put(session, [{ path: `${home}/file` }], {});
  await session.close();
  expect(collected?.reclaimed.purged.objects).toBeGreaterThan(0);
  const reader = await openTestSession(URL_OF_STORE, { stores: storesOnFake(fake, await tmp()) });
  expect((await readAll(reader)).filter((r) => r.kind === 'file')).toHaveLength(1);
  await reader.close();
});

it('what is put again once its key was condemned stays, whatever the collection then deletes', async () => {
  const fake = new FakeS3();
  const [home, elsewhere] = [await tmp(), await tmp()];
  await (await testStore(URL_OF_STORE, { stores: storesOnFake(fake, home) })).close();
  await writeFile(`${home}/file`, 'x'.repeat(200_000));
  const putFile = (machine: string) =>
    inSession(storesOnFake(fake, machine), (session) => put(session, [{ path: `${home}/file` }], { ttl: 0 }));
  await putFile(home);
  let condemned = 0;
  const send: Http['send'] = async (request) => {
    const given = await fake.send(request);
    if (request.method === 'PUT' && Buffer.from(request.body ?? []).includes('"type":"objects_condemned"')) {
      condemned++;
      await putFile(elsewhere);
    }
    return given;
  };
  const http = () => ({ ...fake.http(), send });
  await inSession(storesOnFake(fake, home, { http }), (session) =>
    collect(session, { emptyTrash: true, patience: IMPATIENT }),
  );
  expect(condemned).toBe(1);
  const read = await inSession(storesOnFake(fake, await tmp()), readAll);
  expect(read.filter(({ kind }) => kind === 'file')).toHaveLength(1);
});
