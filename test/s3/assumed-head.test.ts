import { writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ArtifactId, ObjectId } from '../../src/core/objects/ids.js';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import { removeArtifacts } from '../../src/ops/gc/remove-artifacts.js';
import { put } from '../../src/ops/put/put.js';
import type { PutOptions } from '../../src/ops/put/put-options.js';
import type { Session } from '../../src/ops/session/session.js';
import { Anchor } from '../../src/store/ledger/anchor.js';
import { openTestSession, type TestStoreOptions, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { withPolicy } from '../ops/export/helpers.js';
import { IMPATIENT } from '../ops/gc/helpers.js';
import { readAll } from '../sim/invariants.js';
import { FakeS3 } from './fake-s3.js';
import { storesOnFake, URL_OF_STORE } from './on-fake.js';

let fake: FakeS3;
/** The machine that begins with what it knew; another that has changed the store since. */
let home: string;
let elsewhere: string;

async function open(machine: string, options: TestStoreOptions = {}): Promise<Session> {
  return openTestSession(URL_OF_STORE, { stores: storesOnFake(fake, machine), ...options });
}

async function on<T>(machine: string, work: (session: Session) => Promise<T>, options?: TestStoreOptions) {
  const session = await open(machine, options);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** Puts as the command does. */
async function putFile(machine: string, text: string, options: PutOptions = {}, actor = 'human:tester') {
  await writeFile(`${machine}/file`, text);
  const work = async (session: Session) => (await put(session, [{ path: `${machine}/file` }], options))[0]!;
  return on(machine, work, { adds: true, actor });
}

const entries = () => [...fake.objects.keys()].filter((key) => key.includes('/ledger/')).length;

beforeEach(async () => {
  [fake, home, elsewhere] = [new FakeS3(), await tmp(), await tmp()];
  await (await testStore(URL_OF_STORE, { stores: storesOnFake(fake, home) })).close();
  await putFile(home, 'the first', { name: 'first', ttl: 0 });
});

describe('a put begins with the state that this machine has seen', () => {
  it('and what was decided before another call looked counts only at the head that it found', async () => {
    const [old, found, newer] = ['a', 'b', 'c'].map((digit, seq) => ({
      seq,
      hash: digit.repeat(64) as ObjectId,
    }));
    const ledger = { assumeHead: async () => true, confirm: async () => {}, head: async () => found };
    const nowhere = { path: undefined, look: async () => undefined };
    const anchor = new Anchor(nowhere as never, ledger as never);
    await anchor.assumeHead();
    expect(await anchor.confirm()).toBe(true);
    // The other call read its state while the head was assumed, or after.
    expect([await anchor.confirm(old), await anchor.confirm(found), await anchor.confirm(newer)]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('and is refused by a policy that is newer, and allowed by one', async () => {
    const grants = (isAllowed: boolean) =>
      on(elsewhere, (session) =>
        withPolicy(session, (policy) => ({
          ...policy,
          grants: policy.grants.filter(({ actor }) => isAllowed || actor !== 'ai_job'),
        })),
      );
    await grants(false);
    await expect(putFile(home, 'a', {}, 'ai_job:x')).rejects.toMatchObject({ code: 'REFUSED' });
    await grants(true);
    await putFile(home, 'a', {}, 'ai_job:x');
  });

  it('and finds a source that is newer', async () => {
    const source = await putFile(elsewhere, 'made elsewhere', { name: 'source' });
    const made = await putFile(home, 'made of it', { sources: ['source'] });
    const record = await on(home, async (session) => (await session.catalog()).get(made.artifactId));
    expect(record?.sources).toEqual([source.artifactId]);
  });

  it('and registers again what was removed meanwhile', async () => {
    const again = { name: 'kept', ifChanged: true };
    await putFile(home, 'kept', again);
    expect(await putFile(home, 'kept', again)).toMatchObject({ unchanged: true });
    await on(elsewhere, async (session) => {
      const ids = new Set<ArtifactId>();
      for await (const { artifact_id } of (await session.catalog()).live()) ids.add(artifact_id);
      await removeArtifacts(session, ids);
    });
    expect(await putFile(home, 'kept', again)).toMatchObject({ unchanged: false });
  });

  it('and relies on no object that was condemned meanwhile', async () => {
    const gone = await on(elsewhere, (session) =>
      collect(session, { emptyTrash: true, patience: IMPATIENT }),
    );
    expect(gone.reclaimed.purged.objects).toBeGreaterThan(0);
    await putFile(home, 'the first');
    const read = await on(await tmp(), readAll);
    expect(read.filter(({ kind }) => kind === 'file')).toHaveLength(1);
  });

  it('and relies on no object that an index of another command here knows to be condemned', async () => {
    const large = 'x'.repeat(200_000);
    await putFile(home, large, { name: 'large', ttl: 0 });
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const late = () => {
      const http = fake.http();
      const send: typeof http.send = async (request) => {
        const given = await http.send(request);
        if (/prefix=[^&]*ledger%2F(&|$)/.test(request.target)) await answered;
        return given;
      };
      return { ...http, send };
    };
    const assuming = await open(home, { stores: storesOnFake(fake, home, { http: late }), adds: true });
    await on(home, async (session) => {
      await collect(session, { emptyTrash: true, patience: IMPATIENT });
      for (let n = 0; n < 12; n++) {
        await writeFile(`${home}/more`, `${n}`);
        await put(session, [{ path: `${home}/more` }], { ttl: 0 });
        await session.catalog();
      }
    });
    await writeFile(`${home}/file`, large);
    const putting = put(assuming, [{ path: `${home}/file` }], { name: 'again' });
    setTimeout(answer, 1000);
    await putting;
    await assuming.close();
    await on(elsewhere, (session) => collect(session, { emptyTrash: true, patience: IMPATIENT }));
    await on(elsewhere, (session) => collect(session, { patience: IMPATIENT }));
    const names = (await on(await tmp(), readAll)).map(({ name }) => name);
    expect(names).toContain('again');
  });

  it('and ends where the ledger falls below the head that it confirmed', async () => {
    await writeFile(`${home}/file`, 'late');
    const session = await open(home, { adds: true });
    const before = await session.catalog();
    await putFile(elsewhere, 'meanwhile');
    Object.defineProperty(session.store, 'catalog', { value: async () => before });
    session.store.anchor.confirm = async (head) => head!.seq > before.head.seq;
    const putting = put(session, [{ path: `${home}/file` }], {});
    await expect(putting).rejects.toMatchObject({ code: 'ROLLED_BACK' });
    await session.close();
  });

  it('unless a look at the ledger is under way already', async () => {
    const { backend } = await storesOnFake(fake, home).open(URL_OF_STORE);
    const looking = backend.ledger.headSeq();
    expect(await backend.ledger.assumeHead()).toBe(false);
    expect(await looking).toBe(1);
    await backend.close();
  });

  it('and appends nothing to a ledger that was cut short, or is another', async () => {
    const before = new Map(fake.objects);
    await putFile(home, 'the second');
    for (const key of fake.objects.keys()) if (!before.has(key)) fake.objects.delete(key);
    const cut = entries();
    await expect(putFile(home, 'a')).rejects.toMatchObject({ code: 'ROLLED_BACK' });
    expect(entries()).toBe(cut);

    fake.objects.clear();
    await (await testStore(URL_OF_STORE, { stores: storesOnFake(fake, elsewhere) })).close();
    await expect(putFile(home, 'a')).rejects.toMatchObject({ code: 'INTEGRITY' });
    expect(entries()).toBe(1);
  });
});
