import { describe, expect, it } from 'vitest';
import { HsError } from '../../src/errors/hs-error.js';
import { endpointOf, parseS3Url } from '../../src/store/s3/client/endpoint.js';
import { testEnvironment } from '../helpers/store.js';

const place = parseS3Url('s3://bucket/p');
const endpoint = (url: string, more: Record<string, string> = {}) =>
  endpointOf(place, testEnvironment('/home/somebody', { AWS_ENDPOINT_URL_S3: url, ...more }), {});

function failure(act: () => unknown): HsError {
  try {
    act();
  } catch (e) {
    if (e instanceof HsError) return e;
    throw e;
  }
  throw new Error('it did not fail');
}

describe('credentials that were written into a URL', () => {
  it.each([
    'https://id:hidden@host',
    'https://id:hidden@host:99999',
    'id:hidden@host',
    'https://id:hid/den@',
  ])('are not repeated: %s', (url) => {
    const e = failure(() => endpoint(url));
    expect(e.code).toBe('USAGE');
    expect(`${e.message} ${e.hint} ${JSON.stringify(e.details)}`).not.toMatch(/hid/);
  });

  it.each(['s3://id:hidden@bucket/p', 's3://id:hid/den@bucket', 's3://id:hidden@/..'])(
    'are not repeated: %s',
    (url) => {
      const e = failure(() => parseS3Url(url));
      expect([e.code, e.message]).toEqual(['USAGE', expect.not.stringMatching(/hid/)]);
    },
  );
});

describe('addressing by the name of the host', () => {
  const virtual = { HS_S3_ADDRESSING: 'virtual' };

  it('puts the bucket before the name', () => {
    const { origin, base } = endpoint('https://s3.example.com:8443/x/', virtual);
    expect([origin.host, base]).toEqual(['bucket.s3.example.com:8443', '/x']);
  });

  it.each(['http://127.0.0.1:7480', 'http://[::1]:7480', 'https://10.0.0.1'])(
    'is refused for an address: %s',
    (url) => {
      expect(failure(() => endpoint(url, virtual))).toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining('HS_S3_ADDRESSING'),
      });
      expect(endpoint(url).base).toBe('/bucket');
    },
  );
});
