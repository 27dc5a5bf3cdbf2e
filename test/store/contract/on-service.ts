import type { StoreHome } from '../../../src/store/port/backend.js';
import { entryKey } from '../../../src/store/s3/keys.js';
import type { S3Backend } from '../../../src/store/s3/s3-backend.js';
import { tmp } from '../../helpers/tmp.js';
import { create, damaged, opened, overwrite } from './behind.js';
import type { Subject } from './subject.js';

/** A store on a service. Another machine has a mirror of its own; another process of this one has the same. */
export async function onService(
  storesOf: (home: string) => StoreHome,
  url: string,
  machines: 1 | 2,
): Promise<Subject> {
  const home = await tmp();
  const stores = storesOf(home);
  await create(stores, url);
  const backend = (await opened(stores, url)) as S3Backend;
  const { client, fetcher, mirror } = backend.parts;
  return {
    backend,
    other: await opened(machines === 1 ? stores : storesOf(await tmp()), url),
    damage: async (id, bytes) => {
      fetcher.forget();
      const { copies, packs } = (await fetcher.contents()).placesOf(id);
      const { key } = (packs[0]?.copies ?? copies)[0]!;
      const there = Buffer.from((await client.get(key))!);
      there.set(bytes, packs[0]?.index.find(id)?.offset ?? 0);
      await client.put(key, there);
      await damaged(mirror.local, id, (path, at) => overwrite(path, bytes, at));
    },
    loseEntry: (seq) => client.delete(entryKey(seq)),
  };
}
