import { chmod, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { ObjectId } from '../../src/core/objects/ids.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { Disk } from '../../src/fsx/disk.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { surroundDisk } from '../../src/fsx/surround-disk.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import type { S3Backend } from '../../src/store/s3/s3-backend.js';
import { noise } from '../helpers/noise.js';
import { openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { FakeS3 } from './fake-s3.js';
import { fakeEnvironment, storesOnFake, URL_OF_STORE } from './on-fake.js';

interface Known {
  readonly fake: FakeS3;
  readonly home: string;
  readonly session: () => Promise<Session>;
  readonly put: (text: string) => Promise<void>;
  /** Files of the mirror whose path has this in it. */
  readonly files: (part: string) => Promise<string[]>;
}

/** A store that this machine has used, with an artifact. */
async function known(variables: Record<string, string> = {}): Promise<Known> {
  const fake = new FakeS3();
  const home = await tmp();
  const env = fakeEnvironment(home, variables);
  const stores = () => storesOnFake(fake, home, { env });
  const session = () => openTestSession(URL_OF_STORE, { stores: stores() });
  await (await testStore(URL_OF_STORE, { stores: stores() })).close();
  const putText = async (text: string) => {
    await writeFile(`${home}/file`, text);
    const open = await session();
    await put(open, [{ path: `${home}/file` }], {});
    await open.close();
  };
  await putText('first');
  const files = async (part: string) => {
    const all = await readdir(`${home}/.cache/hs`, { recursive: true, withFileTypes: true });
    const paths = all.filter((e) => e.isFile()).map((e) => `${e.parentPath}/${e.name}`);
    return paths.filter((path) => path.includes(part));
  };
  return { fake, home, session, put: putText, files };
}

async function change(path: string): Promise<void> {
  const bytes = await readFile(path);
  for (let at = 0; at < bytes.length; at++) bytes[at]! ^= 1;
  await chmod(path, 0o600);
  await writeFile(path, bytes);
}

async function contentOf(session: Session): Promise<string[]> {
  const catalog = await session.catalog();
  const texts: string[] = [];
  for await (const { content_hash } of catalog.live()) {
    texts.push(Buffer.from(await session.store.objects.read(content_hash)).toString());
  }
  return texts.sort();
}

it('a mirror whose objects were changed is not believed: they are fetched again', async () => {
  const store = await known();
  for (const path of await store.files('/packs/')) await change(path);
  const session = await store.session();
  expect(await contentOf(session)).toEqual(['first']);
  await session.close();
});

it.each([
  ['of its own', { apart: true }],
  ['in a pack', {}],
])('a file %s that was changed in the mirror does not take the place of the good one', async (_, how) => {
  const store = await known();
  const bytes = Buffer.from('good bytes');
  const home = storesOnFake(store.fake, store.home);
  const { backend } = await home.open(URL_OF_STORE);
  const first = backend.batch('one');
  const { id } = await first.addBytes(bytes, how);
  await first.publish();
  await backend.close();
  const before = new Map(store.fake.objects);
  for (const path of [...(await store.files('/packs/')), ...(await store.files('/objects/'))]) {
    await chmod(path, 0o600);
    await writeFile(path, 'x');
  }
  const again = await home.open(URL_OF_STORE);
  const batch = again.backend.batch('two');
  await batch.reference(id, bytes.length);
  await batch.publish();
  await again.backend.close();
  for (const [key, there] of before) expect(store.fake.objects.get(key), key).toEqual(there);
});

it('a mirror whose newest entry was changed does not decide what the next one follows', async () => {
  const store = await known();
  for (const path of await store.files('/ledger/000000/0000000001')) await change(path);
  await store.put('second');
  const session = await store.session();
  await session.store.foldFromLedger();
  expect(await contentOf(session)).toEqual(['first', 'second']);
  await session.close();
});

it.each([
  ['a flipped bit', (bytes: Buffer) => void bytes.write('md', bytes.indexOf('event_id') + 6)],
  ['bytes that are no entry', (bytes: Buffer) => void bytes.fill(0)],
])('a mirror whose older entry was changed, with %s, is not believed, and put right', async (_, damage) => {
  const store = await known();
  await store.put('second');
  const [path] = await store.files('/ledger/000000/0000000001');
  const good = await readFile(path!);
  const bytes = Buffer.from(good);
  damage(bytes);
  await chmod(path!, 0o600);
  await writeFile(path!, bytes);
  const session = await store.session();
  await session.store.foldFromLedger();
  expect(await contentOf(session)).toEqual(['first', 'second']);
  await session.close();
  expect(await readFile(path!)).toEqual(good);
});

it('a listing that is older than what this machine has seen is no rollback', async () => {
  const store = await known();
  await store.put('second');
  await rm(`${store.home}/.cache`, { recursive: true });
  store.fake.isStale = () => true;
  const session = await store.session();
  expect(await contentOf(session)).toEqual(['first', 'second']);
  await session.close();
});

it('a mirror that was deleted is made again', async () => {
  const store = await known();
  await rm(`${store.home}/.cache`, { recursive: true });
  await store.put('second');
  const session = await store.session();
  expect(await contentOf(session)).toEqual(['first', 'second']);
  await session.close();
});

it('a ledger that an administrator cut short is noticed, and so is another store in its place', async () => {
  const store = await known();
  const last = 'some/prefix/ledger/0000000001.json';
  store.fake.objects.delete(last);
  await expect(store.session()).rejects.toMatchObject({ code: 'ROLLED_BACK' });

  store.fake.objects.clear();
  const other = storesOnFake(store.fake, await tmp());
  await (await testStore(URL_OF_STORE, { stores: other })).close();
  await expect(store.session()).rejects.toMatchObject({
    code: 'INTEGRITY',
    message: expect.stringContaining('not the one that was there before'),
  });
  const session = await store.session();
  expect(await contentOf(session)).toEqual([]);
  await session.close();
});

it('stays within its size: the oldest objects go, entries never, and what is needed again is fetched', async () => {
  const store = await known({ HS_MIRROR_SIZE: '4K' });
  const texts = ['first'];
  for (let n = 0; n < 8; n++) {
    texts.push(`${n}`.repeat(1000));
    await store.put(texts.at(-1)!);
    const held = [...(await store.files('/objects/')), ...(await store.files('/packs/'))];
    let bytes = 0;
    for (const path of held) bytes += (await stat(path)).size;
    expect(bytes).toBeLessThanOrEqual(4096);
  }
  expect(await store.files('/ledger/000000/')).toHaveLength(10);
  const session = await store.session();
  expect(await contentOf(session)).toEqual(texts.sort());
  await session.close();
  await expect(known({ HS_MIRROR_SIZE: 'much' })).rejects.toMatchObject({ code: 'USAGE' });
});

it('without a size of that kind it keeps what it has', async () => {
  const store = await known();
  for (let n = 0; n < 4; n++) await store.put(`${n}`.repeat(1000));
  expect(await store.files('/packs/')).toHaveLength(5);
});

it('what a killed command was fetching is removed once it is old', async () => {
  const store = await known();
  const [state] = await store.files('/ledger-state');
  const dir = state!.slice(0, state!.lastIndexOf('/'));
  const long = new Date(Date.now() - 48 * 3600 * 1000);
  await mkdir(`${dir}/.hsstore.0a1b2c`);
  for (const name of ['in-00ff', 'in-0aff', 'mine']) await writeFile(`${dir}/${name}`, 'x');
  for (const name of ['in-00ff', '.hsstore.0a1b2c', 'mine']) await utimes(`${dir}/${name}`, long, long);
  await store.put('second');
  const left = await readdir(dir);
  expect(left.filter((name) => /^(in-|mine|.hsstore.)/.test(name)).sort()).toEqual(['in-0aff', 'mine']);
});

/** The disk, with something done before some of its operations. */
function diskBefore(before: Partial<Record<keyof Disk, (path: string) => Promise<void> | void>>): Disk {
  return new Proxy(nodeDisk(), {
    get: (target, name: keyof Disk) => {
      const value = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const act = before[name];
      if (act === undefined) return value.bind(target);
      return async (path: string, ...rest: unknown[]) => {
        await act(path);
        return Reflect.apply(value, target, [path, ...rest]);
      };
    },
  });
}

it.each([
  ['a leftover that cannot be removed', 'leftover'],
  ['a condemnation that cannot be read', 'condemnation'],
])('%s does not keep the end of a command from noting what it saw, nor from trimming', async (_, what) => {
  const store = await known();
  for (const letter of ['x', 'y']) await store.put(`${letter}${noise(1, 2200).toString('hex')}`);
  const [path] = await store.files('/ledger-state');
  const dir = path!.slice(0, path!.lastIndexOf('/'));
  const long = new Date(Date.now() - 48 * 3600 * 1000);
  for (const name of ['in-00ff', 'in-0aff']) {
    await writeFile(`${dir}/${name}`, 'x');
    await utimes(`${dir}/${name}`, long, long);
  }
  const env = fakeEnvironment(store.home, { HS_MIRROR_SIZE: '4K' });
  const disk = diskBefore({
    unlink: (path) => {
      if (what !== 'leftover' || !path.endsWith('in-00ff')) return;
      throw Object.assign(new Error('not yours'), { code: 'EACCES', errno: -13 });
    },
  });
  const { backend } = await storesOnFake(store.fake, store.home, { env, disk }).open(URL_OF_STORE);
  await backend.ledger.headSeq();
  const { parts, ledger } = backend as S3Backend;
  if (what === 'condemnation') {
    ledger.state.seen!.condemnations.push(1);
    parts.condemned.list = () => Promise.reject(new HsError('SYSTEM', 'gone'));
  }
  ledger.state.cleaned(0);
  parts.mirror.grow(4096);
  await rm(path!);
  await backend.close();
  expect(await store.files('/ledger-state')).toHaveLength(1);
  expect(await store.files('/packs/')).toHaveLength(1);
  expect((await readdir(dir)).filter((name) => name.startsWith('in-'))).toEqual(
    what === 'leftover' ? ['in-00ff'] : [],
  );
});

it('removes nothing that a command may be using which began while the mirror was looked at', async () => {
  const store = await known();
  await store.put(noise(1, 5000).toString('hex'));
  const env = fakeEnvironment(store.home, { HS_MIRROR_SIZE: '4K' });
  let meanwhile: (() => Promise<unknown>) | undefined;
  const disk = diskBefore({
    readdir: async (path) => {
      if (!path.endsWith('/packs')) return;
      const act = meanwhile;
      meanwhile = undefined;
      await act?.();
    },
  });
  const trimmed = async (act?: () => Promise<unknown>) => {
    const { backend } = await storesOnFake(store.fake, store.home, { env, disk }).open(URL_OF_STORE);
    (backend as S3Backend).parts.mirror.grow(4096);
    meanwhile = act;
    await backend.close();
    expect(meanwhile).toBeUndefined();
    return 2 - (await store.files('/packs/')).length;
  };
  const other = await storesOnFake(store.fake, store.home).open(URL_OF_STORE);
  let release: (() => Promise<void>) | undefined;
  const lease = async () => {
    const taken = await other.backend.leases.take();
    release = () => taken.release();
  };
  expect(await trimmed(lease)).toBe(0);
  await release?.();
  expect(await trimmed()).toBe(2);
  await other.backend.close();
});

it('keeps what was condemned for a command that began while the condemnations were read', async () => {
  const store = await known();
  const [pack] = await store.files('/packs/');
  const name = /([0-9a-f]{64})\.pack$/.exec(pack!)![1];
  const closed = async (act: () => Promise<unknown>) => {
    const { backend } = await storesOnFake(store.fake, store.home).open(URL_OF_STORE);
    const { parts, ledger } = backend as S3Backend;
    await ledger.headSeq();
    ledger.state.seen!.condemnations.push(1);
    parts.condemned.list = async () => {
      await act();
      return new Set([`p/${name}/0000000000`]);
    };
    await backend.close();
    return store.files('/packs/');
  };
  const other = await storesOnFake(store.fake, store.home).open(URL_OF_STORE);
  let release: (() => Promise<void>) | undefined;
  const kept = await closed(async () => {
    const taken = await other.backend.leases.take();
    release = () => taken.release();
  });
  expect(kept).toEqual([pack]);
  await release?.();
  expect(await closed(async () => undefined)).toEqual([]);
  await other.backend.close();
});

it('is looked at for its size after what the size limits came in, not after entries', async () => {
  const store = await known({ HS_MIRROR_SIZE: '1K' });
  const looks = async (act: (backend: S3Backend) => Promise<void>) => {
    let count = 0;
    const disk = diskBefore({ readdir: (path) => void (path.endsWith('/packs') && count++) });
    const env = fakeEnvironment(store.home, { HS_MIRROR_SIZE: '1K' });
    const { backend } = await storesOnFake(store.fake, store.home, { env, disk }).open(URL_OF_STORE);
    await act(backend as S3Backend);
    count = 0;
    await backend.close();
    return count;
  };
  const entry = await looks(async ({ ledger, parts: { mirror } }) => {
    await mirror.keepEntry(9, Buffer.alloc(5000));
    await ledger.headSeq();
    ledger.state.cleaned(0);
  });
  const object = await looks(({ parts: { mirror } }) =>
    mirror.keep(mirror.layout.object('a'.repeat(64) as ObjectId), Buffer.alloc(500)),
  );
  expect([entry, object]).toEqual([0, 1]);
});

it('is not made durable: a put waits for the service, and not for this disk', async () => {
  const store = await known();
  const synced: string[] = [];
  const disk = surroundDisk(nodeDisk(), (operation, path, run) => {
    if (/sync/i.test(operation) && /\/(objects|packs|tmp)(\/|$)/.test(path))
      synced.push(`${operation} ${path}`);
    return run();
  });
  await writeFile(`${store.home}/large`, 'x'.repeat(1_000_000));
  const stores = storesOnFake(store.fake, store.home, { disk });
  const session = await openTestSession(URL_OF_STORE, { stores });
  await put(session, [{ path: `${store.home}/large` }], {});
  await session.close();
  expect(synced).toEqual([]);
});

it('has no place below a dangling link, which is said at once', async () => {
  const { fake, home } = await known();
  await symlink(`${home}/nowhere/x`, `${home}/link`);
  const env = fakeEnvironment(home, { XDG_CACHE_HOME: `${home}/link/cache` });
  await expect(storesOnFake(fake, home, { env }).open(URL_OF_STORE)).rejects.toMatchObject({
    code: 'SYSTEM',
    message: expect.stringContaining(`cannot make the directory '${home}/link/cache/hs/`),
    hint: 'set XDG_CACHE_HOME',
  });
});
