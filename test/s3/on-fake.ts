import type { Environment } from '../../src/core/effects.js';
import type { Disk } from '../../src/fsx/disk.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { nodeIndex } from '../../src/fsx/sync-read-file.js';
import { systemClock, systemRandom } from '../../src/fsx/system-effects.js';
import type { StoreHome } from '../../src/store/port/backend.js';
import { type S3Ports, s3Stores } from '../../src/store/s3/s3-stores.js';
import { testEnvironment } from '../helpers/store.js';
import type { FakeS3 } from './fake-s3.js';

export const URL_OF_STORE = 's3://bucket/some/prefix';

export function fakeEnvironment(home: string, values: Record<string, string> = {}): Environment {
  return testEnvironment(home, {
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
    ...values,
  });
}

/** The stores of a fake service, as the program opens them on a machine whose home is this directory. */
export function storesOnFake(fake: FakeS3, home: string, more: Partial<S3Ports> = {}): StoreHome {
  const disk: Disk = nodeDisk();
  return s3Stores({
    disk,
    random: systemRandom(),
    env: fakeEnvironment(home),
    index: nodeIndex,
    http: () => fake.http(),
    clock: systemClock(),
    wait: async () => undefined,
    runProcess: async () => '',
    ...more,
  });
}
