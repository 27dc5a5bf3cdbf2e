import { mkdir } from 'node:fs/promises';
import { inject } from 'vitest';
import { nodeHttp } from '../../src/fsx/http.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { nodeIndex } from '../../src/fsx/sync-read-file.js';
import { systemRandom } from '../../src/fsx/system-effects.js';
import type { StoreHome } from '../../src/store/port/backend.js';
import { encodeUri, signed } from '../../src/store/s3/client/sign.js';
import { type S3Ports, s3Stores, systemS3Ports } from '../../src/store/s3/s3-stores.js';
import { tmp } from '../helpers/tmp.js';
import { fakeEnvironment } from '../s3/on-fake.js';

export const BUCKET = 'hs-test';
/** Undefined: there is none, and what needs it names itself when it is skipped. */
export const SERVICE = inject('service');

export const environmentOfService = {
  AWS_ACCESS_KEY_ID: 'hskey',
  AWS_SECRET_ACCESS_KEY: 'hssecret',
  AWS_ENDPOINT_URL_S3: SERVICE ?? '',
};

export const freshUrl = () => `s3://${BUCKET}/${systemRandom().hex(6)}`;

export function storesOnService(home: string, more: Partial<S3Ports> = {}): StoreHome {
  const env = fakeEnvironment(home, environmentOfService);
  const ports = { disk: nodeDisk(), random: systemRandom(), env, index: nodeIndex };
  return s3Stores({ ...systemS3Ports(ports), ...more });
}

/** A machine of its own, with its home, in an environment for `hs`. */
export async function machine(store: string, endpoint = SERVICE!) {
  const home = await tmp();
  await mkdir(`${home}/work`);
  const env = {
    ...environmentOfService,
    AWS_ENDPOINT_URL_S3: endpoint,
    HOME: home,
    XDG_CACHE_HOME: undefined,
    XDG_STATE_HOME: undefined,
    HS_STORE: store,
  };
  return { work: `${home}/work`, env };
}

/** hs makes no buckets. */
export async function makeBucket(): Promise<void> {
  const http = nodeHttp();
  const origin = new URL(SERVICE!);
  const path = `/${encodeUri(BUCKET)}`;
  const keys = { accessKeyId: 'hskey', secretAccessKey: 'hssecret' };
  const what = {
    method: 'PUT' as const,
    path,
    query: {},
    headers: { host: origin.host },
    body: new Uint8Array(),
  };
  const headers = signed(what, keys, 'us-east-1', Date.now());
  const { status } = await http.send({ method: 'PUT', origin, target: path, headers });
  http.close();
  if (status !== 200 && status !== 409) throw new Error(`the bucket was answered ${status}`);
}
