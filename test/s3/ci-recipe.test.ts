import { expect, it } from 'vitest';
import { hs } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';
import { ciFleet } from './ci-fleet.js';
import { FakeS3 } from './fake-s3.js';
import { serve } from './fake-server.js';

it('the recipe of CI in three jobs at once, on machines of their own, with one bucket', async () => {
  const server = await serve(new FakeS3());
  const env = {
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_S3: server.endpoint,
  };
  const store = 's3://bucket/ci';
  expect(await hs(['init', store], { env: { ...env, HOME: await tmp() } })).toMatchObject({ status: 0 });
  await ciFleet(env, store);
  await server.close();
}, 600_000);
