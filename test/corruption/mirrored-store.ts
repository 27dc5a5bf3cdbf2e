import { mkdir, writeFile } from 'node:fs/promises';
import { changePins } from '../../src/ops/govern/pins.js';
import { put } from '../../src/ops/put/put.js';
import { openTestSession, type TestStoreOptions, testStore } from '../helpers/store.js';
import { FakeS3 } from '../s3/fake-s3.js';
import { storesOnFake, URL_OF_STORE } from '../s3/on-fake.js';
import { fixedEffects, type SmallStore } from './small-stores.js';

/** A store on a service, of which the mirror on this machine is damaged. */
export async function mirroredStore(base: string): Promise<SmallStore> {
  const fixed = fixedEffects();
  const stores = storesOnFake(new FakeS3(), base, fixed);
  const options: TestStoreOptions = { ...fixed, stores };
  await writeFile(`${base}/f`, 'the file');
  await mkdir(`${base}/d`);
  for (const name of ['one', 'two']) await writeFile(`${base}/d/${name}`, name);
  const session = await testStore(URL_OF_STORE, options);
  for (const name of ['f', 'd']) {
    const [{ artifactId }] = (await put(session, [{ path: `${base}/${name}` }], { name })) as [
      Awaited<ReturnType<typeof put>>[number],
    ];
    await changePins(session, [{ change: 'pin', id: artifactId, name: 'keep' }]);
  }
  await session.close();
  const root = `${base}/.cache/hs`;
  const open: SmallStore['open'] = (more) => openTestSession(URL_OF_STORE, { ...options, ...more });
  return { dir: base, root, changing: root, names: ['f', 'd'], isDerived: true, open };
}
