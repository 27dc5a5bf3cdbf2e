import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { put } from '../../src/ops/put/put.js';
import type { S3Backend } from '../../src/store/s3/s3-backend.js';
import { openTestSession, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { FakeS3 } from './fake-s3.js';
import { storesOnFake, URL_OF_STORE } from './on-fake.js';

const MIB = 1024 * 1024;

/** The service, with the most bytes of bodies that are under way at once. */
function weighed(fake: FakeS3) {
  const under = { way: 0, most: 0 };
  const http = () => ({
    send: async (request: Parameters<FakeS3['send']>[0]) => {
      const answer = await fake.send(request);
      const bytes = (request.body?.length ?? 0) + answer.body.length;
      under.way += bytes;
      under.most = Math.max(under.most, under.way);
      await new Promise((resolve) => setTimeout(resolve, 10));
      under.way -= bytes;
      return answer;
    },
    close: () => undefined,
  });
  return { under, http };
}

it('many large objects at once take no more memory than a few, up and down', async () => {
  const fake = new FakeS3();
  const [here, there] = [await tmp(), await tmp()];
  const up = weighed(fake);
  const stores = storesOnFake(fake, here, { http: up.http });
  await (await testStore(URL_OF_STORE, { stores })).close();
  const session = await openTestSession(URL_OF_STORE, { stores });
  const paths: { path: string }[] = [];
  for (let n = 0; n < 10; n++) {
    await writeFile(`${here}/${n}`, Buffer.alloc(9 * MIB, n));
    paths.push({ path: `${here}/${n}` });
  }
  await put(session, paths, {});
  await session.close();
  expect(up.under.most).toBeLessThanOrEqual(66 * MIB);

  const down = weighed(fake);
  const { backend } = await storesOnFake(fake, there, { http: down.http }).open(URL_OF_STORE);
  const { fetcher } = (backend as S3Backend).parts;
  const large = [...fake.objects].filter(([key, bytes]) => key.includes('/o/') && bytes.length > MIB);
  const ids = large.map(([key]) => key.split('/').at(-2) as Parameters<typeof fetcher.bring>[0]);
  expect(ids).toHaveLength(10);
  expect(await Promise.all(ids.map((id) => fetcher.bring(id, 0)))).not.toContain(false);
  expect(down.under.most).toBeLessThanOrEqual(66 * MIB);
  expect(down.under.most).toBeGreaterThan(30 * MIB);
  await backend.close();
}, 600_000);
