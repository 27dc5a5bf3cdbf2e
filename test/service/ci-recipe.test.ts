import { beforeAll, describe, expect, it } from 'vitest';
import { hs } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';
import { ciFleet } from '../s3/ci-fleet.js';
import { environmentOfService, freshUrl, makeBucket, SERVICE } from './on-real.js';

describe.skipIf(SERVICE === undefined)('the recipe of CI on a real service (skipped without Ceph)', () => {
  beforeAll(makeBucket);

  it('in three jobs at once, on machines of their own, with one bucket', async () => {
    const store = freshUrl();
    const env = { ...environmentOfService, HOME: await tmp() };
    expect(await hs(['init', store], { env })).toMatchObject({ status: 0 });
    await ciFleet(environmentOfService, store);
  });
});
