import { chmod, cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { noProgress } from '../../src/core/effects.js';
import { openStore } from '../../src/library/open-store.js';
import { readArtifact } from '../../src/ops/inspect/show-artifact.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import { verifyLedger } from '../../src/store/ledger/verify-ledger.js';
import { hs } from '../helpers/hs.js';
import { openTestSession, testEnvironment } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { FakeS3 } from './fake-s3.js';
import { serve } from './fake-server.js';
import { storeOfThree, storesOnFake, URL_OF_STORE } from './on-fake.js';

/** A machine that must reach nobody and ask for no keys, and what it was warned of. */
async function offline(home: string, more: { readonly writes?: boolean } = {}) {
  const never = async () => {
    throw new Error('neither a request nor a program was to be started');
  };
  const env = testEnvironment(home, { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' });
  const http = () => ({ send: never, close: () => undefined });
  const warnings: string[] = [];
  const stores = storesOnFake(new FakeS3(), home, { offline: true, env, http, runProcess: never });
  const warn = (message: string) => void warnings.push(message);
  const session = await openTestSession(URL_OF_STORE, { stores, warn, writes: false, ...more });
  return { session, warnings };
}

async function contentOf(session: Session): Promise<string[]> {
  const texts: string[] = [];
  for await (const { content_hash } of (await session.catalog()).live()) {
    texts.push(Buffer.from(await session.store.objects.read(content_hash)).toString());
  }
  return texts.sort();
}

/** All files below a directory, with their bytes. */
async function filesBelow(dir: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const e of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = `${e.parentPath}/${e.name}`;
    if (e.isFile()) found.set(path, await readFile(path, 'latin1'));
  }
  return found;
}

async function spoil(path: string, byte: (bytes: Buffer) => number): Promise<void> {
  const bytes = await readFile(path);
  bytes[byte(bytes)]! ^= 1;
  await chmod(path, 0o600);
  await writeFile(path, bytes);
}

const mirrorFiles = async (home: string, part: string) =>
  [...(await filesBelow(`${home}/.cache/hs`)).keys()].filter((path) => path.includes(part)).sort();

it('a store is read from its mirror as of the last entry seen, which a warning names, and nobody is asked', async () => {
  const { home, on } = await storeOfThree();
  await on(home, contentOf);
  const { session, warnings } = await offline(home);
  expect(await contentOf(session)).toEqual(['a', 'b', 'c']);
  for await (const record of (await session.catalog()).live()) {
    expect(await readArtifact(session, record)).toMatchObject({ damage: undefined });
  }
  const verdict = await verifyLedger(session.store, noProgress, session.signal);
  expect(verdict).toMatchObject({ entries: 4, problems: [], head: { seq: 3 } });
  const { entry } = await session.store.ledger.read(3);
  expect(warnings).toEqual([`offline: '${URL_OF_STORE}' is shown as of entry 3, ${entry.at}`]);
  await session.close();
});

it('what others wrote meanwhile is shown once the service is asked, and what was read then also offline', async () => {
  const { home, on } = await storeOfThree();
  const other = await tmp();
  await writeFile(`${other}/d`, 'd');
  await on(other, (session) => put(session, [{ path: `${other}/d` }], {}));
  const before = await offline(home);
  expect(await contentOf(before.session)).toEqual(['a', 'b', 'c']);
  await before.session.close();
  expect(await on(home, contentOf)).toEqual(['a', 'b', 'c', 'd']);
  const after = await offline(home);
  expect(await contentOf(after.session)).toEqual(['a', 'b', 'c', 'd']);
  await after.session.close();
});

it('bytes that this machine does not have are named, while the ledger that it has is shown', async () => {
  const { on } = await storeOfThree();
  const other = await tmp();
  await on(other, (session) => session.catalog());
  const { session } = await offline(other);
  expect((await session.catalog()).counts.live).toBe(3);
  const record = await (await session.catalog()).live().first();
  await expect(session.store.objects.read(record!.content_hash)).rejects.toMatchObject({
    code: 'OFFLINE',
    message: `object ${record!.content_hash} is not on this machine, and offline the service is not asked`,
  });
  await expect(session.store.inventory.groups()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'OFFLINE',
  });
  await session.close();
});

it('a change fails before anything is changed, here or in another store', async () => {
  const { fake, home, on } = await storeOfThree();
  await on(home, contentOf);
  const [before, kept] = [new Map(fake.objects), await filesBelow(`${home}/.cache`)];
  const { session } = await offline(home, { writes: true });
  const refused = { code: 'OFFLINE', message: expect.stringContaining('nothing can be written offline') };
  await writeFile(`${home}/new`, 'new');
  await expect(put(session, [{ path: `${home}/new` }], {})).rejects.toMatchObject(refused);
  await session.close();
  expect(new Map(fake.objects)).toEqual(before);
  const left = await filesBelow(`${home}/.cache`);
  // The index is derived, and kept by reading.
  for (const path of [...left.keys(), ...kept.keys()])
    if (!path.includes('/cache/')) expect([path, left.get(path)]).toEqual([path, kept.get(path)]);
});

it('a machine that never used the store has nothing to show', async () => {
  await storeOfThree();
  await expect(offline(await tmp())).rejects.toMatchObject({
    code: 'OFFLINE',
    message: expect.stringContaining(`the store at '${URL_OF_STORE}' is not on this machine`),
  });
});

describe('the mirror is believed no more than with the service', () => {
  it('a pack with a wrong byte gives an error, and stays: the rest of it may be sound', async () => {
    const { home } = await storeOfThree();
    const packs = await mirrorFiles(home, '/packs/');
    for (const path of packs) await spoil(path, () => 0);
    const { session } = await offline(home);
    await expect(contentOf(session)).rejects.toMatchObject({ code: 'OFFLINE' });
    await session.close();
    expect(await mirrorFiles(home, '/packs/')).toEqual(packs);
  });

  it.each([
    ['the newest', 3],
    ['an earlier', 2],
  ])('%s entry with a wrong byte is not shown', async (_, seq) => {
    const { home } = await storeOfThree();
    const [path] = await mirrorFiles(home, `/ledger/000000/000000000${seq}`);
    await spoil(path!, (bytes) => bytes.indexOf('event_id') + 14);
    const shown = async () => {
      const { session } = await offline(home);
      try {
        await session.store.foldFromLedger();
      } finally {
        await session.close();
      }
    };
    await expect(shown()).rejects.toMatchObject({ code: 'OFFLINE' });
  });

  it('a mirror of before is not shown in place of what this user has seen', async () => {
    const { home, on } = await storeOfThree();
    await cp(`${home}/.cache`, `${home}/old`, { recursive: true });
    await writeFile(`${home}/d`, 'd');
    await on(home, (session) => put(session, [{ path: `${home}/d` }], {}));
    await rm(`${home}/.cache`, { recursive: true });
    await cp(`${home}/old`, `${home}/.cache`, { recursive: true });
    await expect(offline(home)).rejects.toMatchObject({
      code: 'OFFLINE',
      message: expect.stringContaining('entry 4 of the ledger is not on this machine'),
    });
  });

  it('entries of the mirror behind what this user has seen, which nothing proves, are not shown', async () => {
    const { home, on } = await storeOfThree();
    await cp(`${home}/.state`, `${home}/old`, { recursive: true });
    await writeFile(`${home}/d`, 'd');
    await on(home, (session) => put(session, [{ path: `${home}/d` }], {}));
    await rm(`${home}/.state`, { recursive: true });
    await cp(`${home}/old`, `${home}/.state`, { recursive: true });
    const { session, warnings } = await offline(home);
    expect(warnings.join()).toContain('as of entry 3');
    expect(await contentOf(session)).toEqual(['a', 'b', 'c']);
    await session.close();
    const before = await filesBelow(`${home}/old`);
    const anchors = [...before.keys()].filter((path) => before.get(path)!.includes('"seq"'));
    expect(anchors).toHaveLength(1);
    for (const path of anchors)
      expect(await readFile(path.replace('/old/', '/.state/'), 'latin1')).toBe(before.get(path));
  });

  it('where this user has no anchor, its own word counts, and does not become one', async () => {
    const { home } = await storeOfThree();
    await rm(`${home}/.state`, { recursive: true });
    const { session } = await offline(home);
    expect(await contentOf(session)).toEqual(['a', 'b', 'c']);
    await session.close();
    const kept = await filesBelow(`${home}/.state`);
    expect([...kept.values()].filter((text) => text.includes('"seq"'))).toEqual([]);
  });

  it('without the state beside it, the anchor alone says how far it goes', async () => {
    const { home } = await storeOfThree();
    for (const path of await mirrorFiles(home, '/ledger-state')) await rm(path);
    const { session } = await offline(home);
    expect(await contentOf(session)).toEqual(['a', 'b', 'c']);
    await session.close();
    await rm(`${home}/.state`, { recursive: true });
    await expect(offline(home)).rejects.toMatchObject({ code: 'OFFLINE' });
  });
});

describe('the program and the library, with a service that is away', () => {
  afterEach(() => vi.unstubAllEnvs());

  async function away() {
    const fake = new FakeS3();
    const server = await serve(fake);
    const home = await tmp();
    const env = {
      HOME: home,
      XDG_CACHE_HOME: `${home}/cache`,
      XDG_STATE_HOME: `${home}/state`,
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL_S3: server.endpoint,
      HS_STORE: 's3://bucket/team',
    };
    await writeFile(`${home}/file`, 'some bytes');
    const run = (args: readonly string[], more: Record<string, string> = {}) =>
      hs(args, { cwd: home, env: { ...env, ...more } });
    expect((await run(['init', 's3://bucket/team'])).status).toBe(0);
    expect((await run(['put', 'file', '--name', 'one'])).status).toBe(0);
    await server.close();
    return { fake, home, env, run };
  }

  it('reads by a word, says where it is needed, and refuses the rest', async () => {
    const { fake, home, env, run } = await away();
    fake.log.length = 0;
    const without = await run(['ls']);
    expect([without.status, without.stderr]).toEqual([
      10,
      expect.stringMatching(/gave no answer.*\n.*--offline/),
    ]);
    const commands = [
      ['ls'],
      ['show', 'one'],
      ['log'],
      ['cat-artifact', 'one'],
      ['for-each-artifact'],
      ['resolve', 'one'],
      ['ledger', 'verify'],
      ['ledger', 'head'],
      ['ledger', 'cat'],
      ['lineage', 'one'],
      ['pins'],
      ['policy', 'show'],
      ['du', '--totals'],
    ];
    for (const command of commands) {
      const { status, stderr } = await run(['--offline', ...command]);
      expect([command, status, stderr]).toEqual([
        command,
        0,
        expect.stringMatching(
          /^hs: warning: offline: 's3:\/\/bucket\/team' is shown as of entry 1, \d{4}-.*Z\n$/,
        ),
      ]);
    }
    const byVariable = await run(['cat-artifact', 'one'], { HS_OFFLINE: '1' });
    expect([byVariable.status, byVariable.stdout]).toEqual([0, 'some bytes']);
    for (const command of [
      ['put', 'file'],
      ['pin', 'one'],
      ['export', 'one', 'out'],
      ['materialize', 'one', 'out'],
      ['rm', 'one', '--yes'],
      ['run', '--', 'touch', `${home}/ran`],
      ['du'],
      ['fsck'],
      ['init', 's3://bucket/other'],
    ]) {
      const { status, stdout, stderr } = await run(['--offline', ...command]);
      // That of hs itself, where the status of a tool is passed on.
      expect([command, status, stdout]).toEqual([command, command[0] === 'run' ? 125 : 10, '']);
      const needs = /^(du|fsck)$/.test(command[0]!)
        ? 'a listing of the store'
        : 'nothing can be written offline';
      expect([command, stderr]).toEqual([command, expect.stringContaining(needs)]);
    }
    for (const name of ['out', 'ran']) await expect(stat(`${home}/${name}`)).rejects.toThrow('ENOENT');
    expect(fake.log).toEqual([]);

    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const warnings: string[] = [];
    const store = await openStore({ offline: true, warn: (message) => void warnings.push(message) });
    expect((await store.list()).map((a) => a.name)).toEqual(['one']);
    await expect(store.put(`${home}/file`)).rejects.toMatchObject({ code: 'OFFLINE' });
    await store.close();
    expect(warnings).toEqual([expect.stringContaining('as of entry 1')]);
  });

  it('pushes nothing, and records no departure in the store that it would leave', async () => {
    const { home, run } = await away();
    await mkdir(`${home}/local`);
    const local = { HS_STORE: `${home}/local` };
    expect((await run(['init', '--store', `${home}/local`], local)).status).toBe(0);
    expect((await run(['put', 'file'], local)).status).toBe(0);
    const before = (await run(['ledger', 'head'], local)).stdout;
    const pushed = await run(['push', '--all', 's3://bucket/team', '--offline'], local);
    expect([pushed.status, pushed.stderr]).toEqual([
      10,
      expect.stringContaining('nothing can be written offline'),
    ]);
    expect((await run(['ledger', 'head'], local)).stdout).toBe(before);
  });
});
