import { chmod, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { ArtifactId } from '../../src/core/objects/ids.js';
import { collect } from '../../src/ops/gc/collect-garbage.js';
import { put } from '../../src/ops/put/put.js';
import type { Session } from '../../src/ops/session/session.js';
import { testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { IMPATIENT } from '../ops/gc/helpers.js';
import { readAll } from '../sim/invariants.js';
import { FakeS3 } from './fake-s3.js';
import { inSession, storesOnFake, URL_OF_STORE } from './on-fake.js';

/** Larger than what goes into a pack. */
const LARGE = 'x'.repeat(300_000);

async function flipContent(path: string): Promise<void> {
  const bytes = await readFile(path);
  for (let at = 0; at < 10; at++) bytes[at]! ^= 1;
  await writeFile(path, bytes);
}

/** What may become of a file of the mirror. */
const damages: [string, (path: string) => Promise<unknown>][] = [
  ['is empty', (path) => truncate(path)],
  ['is cut short', (path) => truncate(path, 100)],
  ['is other bytes', (path) => writeFile(path, 'not a pack, and no object')],
  ['has other bytes than its index says', (path) => flipContent(path)],
  ['is a link', (path) => rm(path).then(() => symlink('nowhere', path))],
  ['cannot be read', (path) => chmod(path, 0)],
];

describe.each(damages)('a file of the mirror that %s', (_, damage) => {
  it('stops neither a collection, nor a put of the same, nor a reader', async () => {
    const fake = new FakeS3();
    const home = await tmp();
    const stores = storesOnFake(fake, home);
    const on = <T>(work: (session: Session) => Promise<T>) => inSession(stores, work);
    const putAll = (texts: readonly string[], ttl?: number) =>
      on(async (session) => {
        const paths = texts.map((text) => `${home}/${text.slice(0, 10)}`);
        for (const [n, text] of texts.entries()) await writeFile(paths[n]!, text);
        const made = await put(
          session,
          paths.map((path) => ({ path })),
          ttl === undefined ? {} : { ttl },
        );
        return made.map(({ artifactId }) => artifactId);
      });
    const damageAll = async () => {
      const cache = `${home}/.cache/hs`;
      for (const entry of await readdir(cache, { recursive: true, withFileTypes: true })) {
        const { name, parentPath } = entry;
        const path = `${parentPath}/${name}`;
        if (!entry.isFile()) continue;
        if (!/\.pack$|^[0-9a-f]{62,64}$/.test(name) || !path.includes('.hsstore')) continue;
        await chmod(path, 0o600);
        await damage(path);
      }
    };
    await (await testStore(URL_OF_STORE, { stores })).close();
    const kept: ArtifactId[] = await putAll(['kept', LARGE]);
    // A pack of which a part goes.
    await putAll(['gone', 'shared'], 0);
    kept.push(...(await putAll(['shared'])));
    await damageAll();
    const { reclaimed } = await on((session) => collect(session, { emptyTrash: true, patience: IMPATIENT }));
    expect(reclaimed.purged.objects).toBeGreaterThan(0);
    await damageAll();
    kept.push(...(await putAll(['kept', LARGE])));
    await damageAll();
    expect((await on(readAll)).filter(({ kind }) => kind === 'file')).toHaveLength(kept.length);
  });
});
